/**
 * An OpenAI-compatible upstream with fixed latencies, in a process of its own:
 * `node scripts/bench-upstream.ts <embedding ms> <first token ms>` prints its port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { createSource } from "./bench-data.ts";

const [embeddingMs = 60, firstTokenMs = 250] = process.argv.slice(2).map(Number);
const TOKENS = 20;
const source = createSource(7);

const Embeddings = z.object({ input: z.union([z.string(), z.array(z.string())]) });

const server = createServer((request, response) => {
  void reply(request, response);
});
server.listen(0, "127.0.0.1", () => {
  console.log((server.address() as AddressInfo).port);
});

async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += String(piece);
  if (request.url?.endsWith("/embeddings") === true) await embed(body, response);
  else await chat(response);
}

async function embed(body: string, response: ServerResponse): Promise<void> {
  const { input } = Embeddings.parse(JSON.parse(body));
  const texts = typeof input === "string" ? [input] : input;
  await sleep(embeddingMs);
  const data = texts.map((_, index) => ({
    object: "embedding",
    index,
    embedding: [...source.vector()],
  }));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ object: "list", data, model: "bench", usage: {} }));
}

async function chat(response: ServerResponse): Promise<void> {
  await sleep(firstTokenMs);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (choice: object): void => {
    const chunk = { id: "c", object: "chat.completion.chunk", created: 0, model: "bench" };
    response.write(`data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, ...choice }] })}\n\n`);
  };
  for (let token = 0; token < TOKENS; token += 1) {
    send({ delta: { content: `word${token} ` }, finish_reason: null });
  }
  send({ delta: {}, finish_reason: "stop" });
  response.end("data: [DONE]\n\n");
}
