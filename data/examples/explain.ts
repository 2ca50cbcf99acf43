import { createClient } from "tributary/client";

const client = createClient(process.env["TRIBUTARY_URL"] ?? "http://127.0.0.1:8787");
const response = await client.v1.explain.$post({
  json: { question: "What is backpressure?", documentId: "retries.md" },
});
if (response.status !== 200) throw new Error(`refused: ${response.status}`);
const { stage, why, advice } = await response.json();
console.log(stage, why, ...advice);
