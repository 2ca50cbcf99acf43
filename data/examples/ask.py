import json, os
from urllib.request import Request, urlopen

url = os.environ.get("TRIBUTARY_URL", "http://127.0.0.1:8787")
body = json.dumps({"question": "What is backpressure?", "collections": ["handbook"]})
headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
outcome = None
with urlopen(Request(f"{url}/v1/ask", body.encode(), headers)) as response:
    for line in response:
        if line.startswith(b"data: "):
            event = json.loads(line[6:])
            if event["type"] == "text-delta":
                print(event["text"], end="", flush=True)
            elif event["type"] == "run-end":
                outcome = event["outcome"]
if outcome is None:
    raise SystemExit("the stream was cut")
print(f"\n{outcome}")
