import json, os
from urllib.request import urlopen

url = os.environ.get("TRIBUTARY_URL", "http://127.0.0.1:8787")
with urlopen(f"{url}/v1/collections") as response:
    for collection in json.load(response)["collections"]:
        print(collection["name"], collection.get("chunks", collection.get("code")))
