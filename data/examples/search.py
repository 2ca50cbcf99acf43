import json, os
from urllib.request import Request, urlopen

url = os.environ.get("TRIBUTARY_URL", "http://127.0.0.1:8787")
body = json.dumps({"question": "What is backpressure?", "retrieval": {"passagesMax": 3}})
headers = {"Content-Type": "application/json"}
with urlopen(Request(f"{url}/v1/search", body.encode(), headers)) as response:
    for passage in json.load(response)["passages"]:
        print(passage["label"], passage["title"], passage["score"])
