curl -sS "${TRIBUTARY_URL:-http://127.0.0.1:8787}/v1/chat/completions" \
  -H 'Content-Type: application/json' \
  -d '{"model": "tributary", "messages": [{"role": "user", "content": "What is backpressure?"}]}'
