import json, os
from urllib.request import Request, urlopen

url = os.environ.get("TRIBUTARY_URL", "http://127.0.0.1:8787")
messages = [{"role": "user", "content": "What is backpressure?"}]
body = json.dumps({"model": "tributary", "messages": messages})
headers = {"Content-Type": "application/json"}
with urlopen(Request(f"{url}/v1/chat/completions", body.encode(), headers)) as response:
    print(json.load(response)["choices"][0]["message"]["content"])
