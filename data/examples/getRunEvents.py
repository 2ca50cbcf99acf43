import json, os
from urllib.request import Request, urlopen

url = os.environ.get("TRIBUTARY_URL", "http://127.0.0.1:8787")
body = json.dumps({"question": "What is backpressure?"})
headers = {"Content-Type": "application/json", "Prefer": "respond-async"}
with urlopen(Request(f"{url}/v1/ask", body.encode(), headers)) as response:
    address = json.load(response)["location"]
with urlopen(Request(f"{url}{address}/events", headers={"Last-Event-ID": "2"})) as response:
    for line in response:
        print(line.decode(), end="")
