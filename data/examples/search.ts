import { createClient } from "tributary/client";

const client = createClient(process.env["TRIBUTARY_URL"] ?? "http://127.0.0.1:8787");
const response = await client.v1.search.$post({
  json: { question: "What is backpressure?", retrieval: { passagesMax: 3 } },
});
if (response.status !== 200) throw new Error(`refused: ${response.status}`);
const { passages } = await response.json();
for (const { label, title, score } of passages) console.log(label, title, score);
