/** Every event stream, cut anywhere on its way through a proxy with writes of its own, is read the same by a parser that is not ours. */
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createParser } from "eventsource-parser";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RunEvent } from "../../../src/domain/event.ts";
import { askWith, goodRun, makeService, play, serveTest } from "../../support/app.ts";

const wide: readonly RunEvent[] = [
  ...goodRun.slice(0, 3),
  { type: "text-delta", text: "naïve 😀 \u2028 data: {}\n\nevent: x\r\n" },
  ...goodRun.slice(3),
];
const message = { role: "user", content: "x", parts: [{ type: "text", text: "x" }] };
const streams: readonly (readonly [path: string, body: object])[] = [
  ["/v1/ask", { question: "x" }],
  ["/v1/chat/completions", { model: "tributary", stream: true, messages: [message] }],
  ["/v1/chat", { messages: [message] }],
];

/** Passes bytes on in pieces of these sizes, each a write of its own, one after the other for ever. */
async function startProxy(port: number, sizes: readonly number[]) {
  const proxy = createServer((client) => {
    const upstream = connect({ port, host: "127.0.0.1" });
    client.setNoDelay(true);
    let at = 0;
    upstream.on("data", (data: Buffer) => {
      for (let start = 0; start < data.length; at += 1) {
        const size = sizes[at % sizes.length] ?? 1;
        client.write(data.subarray(start, start + size));
        start += size;
      }
    });
    upstream.on("end", () => client.end());
    client.pipe(upstream);
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        proxy.close(() => resolve());
      }),
  };
}

async function readMessages(url: string, body: object) {
  const headers = { Accept: "text/event-stream", Connection: "close" };
  const response = await fetch(url, askWith(body, headers));
  const messages: { readonly event: string | undefined; readonly data: string }[] = [];
  const parser = createParser({ onEvent: ({ event, data }) => messages.push({ event, data }) });
  const decoder = new TextDecoder();
  for await (const bytes of response.body!) parser.feed(decoder.decode(bytes, { stream: true }));
  return messages;
}

/** Deltas may travel together or not; the clock is in some chunks. */
function toComparable(messages: Awaited<ReturnType<typeof readMessages>>): string {
  const text = messages.map(
    ({ data }) => /"(?:text|content|delta)":"((?:[^"\\]|\\.)*)"/.exec(data)?.[1],
  );
  return `${messages.at(0)?.event} ${text.join("").replaceAll(/"created":\d+/g, "")}`;
}

test.each(streams)("%s", async (path, body) => {
  await using server = await serveTest(makeService({ answer: play(wide) }));
  const whole = toComparable(await readMessages(`${server.url}${path}`, body));
  expect(whole).toContain("😀");
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(sizes, async (pieces) => {
      await using proxy = await startProxy(server.port, pieces);
      expect(toComparable(await readMessages(`${proxy.url}${path}`, body))).toBe(whole);
    }),
    { numRuns: 12 },
  );
});
