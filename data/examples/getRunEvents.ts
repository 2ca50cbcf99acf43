import { createClient } from "tributary/client";

const client = createClient(process.env["TRIBUTARY_URL"] ?? "http://127.0.0.1:8787");
const asked = await client.v1.ask.$post({
  json: { question: "What is backpressure?" },
  header: { Prefer: "respond-async" },
});
if (asked.status !== 202) throw new Error(`refused: ${asked.status}`);
const { runId } = await asked.json();
const events = await client.v1.runs[":id"].events.$get({
  param: { id: runId },
  header: { "Last-Event-ID": "2" },
});
console.log(await events.text());
