/** An endpoint that means harm: whatever it sends, a call ends with an error of ours, within bounds. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { ChatDelta } from "../../src/models/model.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";

const offer = { name: "search", description: "Finds.", parameters: { type: "object" } };

interface Sent {
  bytes: number;
}

/** Sends the pieces again and again, until nobody reads any more or so many bytes were sent. */
function stream(pieces: readonly string[], bytesMax: number, sent: Sent): Response {
  const encoded = pieces.map((piece) => new TextEncoder().encode(piece));
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = encoded[Math.min(at, encoded.length - 1)];
      if (piece === undefined || sent.bytes > bytesMax) return controller.close();
      at += 1;
      sent.bytes += piece.length;
      controller.enqueue(piece);
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function ask(respond: (sent: Sent) => Response, hasTools = true) {
  const sent = { bytes: 0 };
  const send = async (): Promise<Response> => respond(sent);
  const client = createOpenAiClient({ apiKey: "k", baseUrl: "http://model.example/v1", send });
  const chat = createOpenAiChat({ client, model: "m" });
  const messages = [{ role: "user", content: "x" }] as const;
  const request = { messages, outputTokensMax: 50, temperature: 0, tools: hasTools ? [offer] : [] };
  const deltas: ChatDelta[] = [];
  try {
    for await (const delta of chat.stream(request, new AbortController().signal))
      deltas.push(delta);
  } catch (thrown) {
    return { sent, deltas, thrown };
  }
  return { sent, deltas, thrown: undefined };
}

const GIB = 2 ** 30;
const event = (delta: object): string => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`;
const call = (part: object): string => event({ tool_calls: [{ index: 0, ...part }] });
const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;

const endless: readonly (readonly [what: string, pieces: readonly string[]])[] = [
  ["comments", [":\n\n".repeat(20_000)]],
  ["an event without an end", ["data: x", "x".repeat(60_000)]],
  [
    "arguments without an end",
    [call({ function: { name: "search", arguments: "x".repeat(9_000) } })],
  ],
  [
    "calls without an end",
    [event({ tool_calls: Array.from({ length: 1_000 }, () => ({ function: { name: "f" } })) })],
  ],
  ["signatures without an end", [call({ extra_content: { sign: "x".repeat(9_000) } })]],
  ["thoughts without an end", [event({ reasoning_content: "x".repeat(9_000) })]],
  [
    "arguments nested without an end",
    [`data: {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":${deep}}}]}}]}\n\n`],
  ],
  [
    "thoughts nested without an end",
    [`data: {"choices":[{"delta":{"thinking_blocks":[{"text":${deep}}]}}]}\n\n`],
  ],
  ["choices without an end", [`data: {"choices":[${"{},".repeat(400_000)}{}]}\n\n`]],
];
test.each(endless)("%s: a bad response, soon", async (_, pieces) => {
  const { sent, thrown } = await ask((own) => stream(pieces, GIB, own));
  expect(thrown).toMatchObject({ code: "upstream_bad_response" });
  expect(sent.bytes).toBeLessThan(GIB / 100);
});

test("text beyond what was asked for ends the stream", async () => {
  const { sent, deltas } = await ask(
    (own) => stream([event({ content: "x".repeat(9_000) })], GIB, own),
    false,
  );
  expect(deltas.at(-1)).toEqual({ type: "finish", reason: "length" });
  expect(sent.bytes).toBeLessThan(GIB / 100);
});

test.each(["application/json", "text/plain"])(
  "a refusal of %s that unpacks to a gigabyte is not unpacked",
  async (type) => {
    const zeros = gzipSync(new Uint8Array(2 ** 26));
    let unpacked = 0;
    const { thrown } = await ask(() => {
      const body = new Blob([zeros])
        .stream()
        .pipeThrough(new DecompressionStream("gzip"))
        .pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(part, to) {
              unpacked += part.length;
              to.enqueue(part);
            },
          }),
        );
      return new Response(body, { status: 500, headers: { "content-type": type } });
    });
    expect(thrown).toMatchObject({ code: "upstream_bad_response" });
    expect(unpacked).toBeLessThan(2 ** 25);
  },
);
