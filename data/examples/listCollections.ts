import { createClient } from "tributary/client";

const client = createClient(process.env["TRIBUTARY_URL"] ?? "http://127.0.0.1:8787");
const response = await client.v1.collections.$get();
if (response.status !== 200) throw new Error(`refused: ${response.status}`);
const { collections } = await response.json();
for (const collection of collections) {
  const size = collection.status === "ready" ? collection.chunks : collection.code;
  console.log(collection.name, size);
}
