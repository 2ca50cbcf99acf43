curl -sS "${TRIBUTARY_URL:-http://127.0.0.1:8787}/v1/explain" \
  -H 'Content-Type: application/json' \
  -d '{"question": "What is backpressure?", "documentId": "retries.md"}'
