/**
 * An OpenAI-compatible upstream with fixed latencies, in a process of its own:
 * `node scripts/bench-upstream.ts <embedding ms> <first token ms> [tokens] [gap ms]` prints its port.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { createSource } from "./bench-data.ts";

const [embeddingMs = 60, firstTokenMs = 250, tokens = 20, gapMs = 0] = process.argv
  .slice(2)
  .map(Number);
const source = createSource(7);
/** Serialised once, so that the upstream takes as little of the machine as it can. */
const vectors = Array.from({ length: 64 }, () => JSON.stringify([...source.vector()]));
const deltas = Array.from({ length: tokens }, (_, token) =>
  toEvent({ delta: { content: `word${token} ` }, finish_reason: null }),
);
const usage = { prompt_tokens: 1_500, completion_tokens: tokens, total_tokens: 1_500 + tokens };
const end = `${toEvent({ delta: {}, finish_reason: "stop" }, { usage })}data: [DONE]\n\n`;

const Embeddings = z.object({ input: z.union([z.string(), z.array(z.string())]) });

interface Streaming {
  readonly response: ServerResponse;
  sent: number;
}
const streaming = new Set<Streaming>();
if (gapMs > 0) setInterval(tick, gapMs);

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

let turn = 0;

async function embed(body: string, response: ServerResponse): Promise<void> {
  const { input } = Embeddings.parse(JSON.parse(body));
  const texts = typeof input === "string" ? [input] : input;
  await sleep(embeddingMs);
  const data = texts.map((_, index) => {
    turn = (turn + 1) % vectors.length;
    return `{"object":"embedding","index":${index},"embedding":${vectors[turn]}}`;
  });
  response.writeHead(200, { "content-type": "application/json" });
  response.end(`{"object":"list","data":[${data.join(",")}],"model":"bench","usage":{}}`);
}

async function chat(response: ServerResponse): Promise<void> {
  await sleep(firstTokenMs);
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (gapMs === 0) {
    for (const delta of deltas) response.write(delta);
    response.end(end);
    return;
  }
  const stream: Streaming = { response, sent: 1 };
  response.write(deltas[0] ?? "");
  streaming.add(stream);
  response.on("close", () => streaming.delete(stream));
}

/** The next token of every stream: one timer for all. */
function tick(): void {
  for (const stream of streaming) {
    const delta = deltas[stream.sent];
    stream.sent += 1;
    if (delta !== undefined) stream.response.write(delta);
    else {
      streaming.delete(stream);
      stream.response.end(end);
    }
  }
}

function toEvent(choice: object, more: object = {}): string {
  const chunk = { id: "c", object: "chat.completion.chunk", created: 0, model: "bench" };
  return `data: ${JSON.stringify({ ...chunk, choices: [{ index: 0, ...choice }], ...more })}\n\n`;
}
