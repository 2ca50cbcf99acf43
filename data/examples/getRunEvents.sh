# Begins a run that is kept, and reads its events again, those after the second.
url="${TRIBUTARY_URL:-http://127.0.0.1:8787}"
address=$(curl -sS "$url/v1/ask" -H 'Content-Type: application/json' \
  -H 'Prefer: respond-async' -d '{"question": "What is backpressure?"}' \
  | sed 's/.*"location":"\([^"]*\)".*/\1/')
curl -sS --no-buffer "$url$address/events" -H 'Last-Event-ID: 2'
