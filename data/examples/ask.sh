# Streams the events of an answer. Without Accept the answer comes whole, as JSON.
curl -sS --no-buffer "${TRIBUTARY_URL:-http://127.0.0.1:8787}/v1/ask" \
  -H 'Content-Type: application/json' -H 'Accept: text/event-stream' \
  -d '{"question": "What is backpressure?", "collections": ["handbook"]}'
