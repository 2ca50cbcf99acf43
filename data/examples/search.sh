curl -sS "${TRIBUTARY_URL:-http://127.0.0.1:8787}/v1/search" \
  -H 'Content-Type: application/json' \
  -d '{"question": "What is backpressure?", "retrieval": {"passagesMax": 3}}'
