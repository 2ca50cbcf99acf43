/**
 * The floor of the first-token bench: Hono and the openai SDK, one embedding, one streamed answer,
 * nothing searched: `node scripts/bench-floor.ts <upstream port>` prints its address.
 */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import OpenAI from "openai";

const client = new OpenAI({
  apiKey: "bench",
  baseURL: `http://127.0.0.1:${process.argv[2]}/v1`,
  maxRetries: 0,
});
const app = new Hono();

app.post("/v1/ask", async (context) => {
  const { question } = await context.req.json<{ question: string }>();
  await client.embeddings.create({ model: "bench", input: question, encoding_format: "float" });
  return streamSSE(context, async (stream) => {
    const messages = [{ role: "user" as const, content: question }];
    const chunks = await client.chat.completions.create({ model: "bench", messages, stream: true });
    for await (const chunk of chunks) {
      const text = chunk.choices[0]?.delta.content ?? "";
      await stream.writeSSE({ event: "text-delta", data: JSON.stringify({ text }) });
    }
    await stream.writeSSE({ event: "run-end", data: "{}" });
  });
});

serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}`);
});
