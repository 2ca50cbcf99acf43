import { createClient, streamAsk } from "tributary/client";

const client = createClient(process.env["TRIBUTARY_URL"] ?? "http://127.0.0.1:8787");
const question = { question: "What is backpressure?", collections: ["handbook"] };
for await (const event of streamAsk(client, question)) {
  if (event.type === "text-delta") process.stdout.write(event.text);
  if (event.type === "run-end") console.log(`\n${event.outcome}, ${event.grounding}`);
}
