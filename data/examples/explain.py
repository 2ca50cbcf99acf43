import json, os
from urllib.request import Request, urlopen

url = os.environ.get("TRIBUTARY_URL", "http://127.0.0.1:8787")
body = json.dumps({"question": "What is backpressure?", "documentId": "retries.md"})
headers = {"Content-Type": "application/json"}
with urlopen(Request(f"{url}/v1/explain", body.encode(), headers)) as response:
    explanation = json.load(response)
    print(explanation["stage"], explanation["why"], *explanation["advice"])
