/** The page's reader of event streams, over bytes cut anywhere. */
import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import { createNativeWriter } from "../../src/http/formats/native.ts";
import { readEvents } from "../../src/playground/page/client.ts";
import { makeEnd, retrievalEnd, runStart } from "../support/app.ts";

const events: readonly RunEvent[] = [
  runStart,
  retrievalEnd,
  { type: "text-delta", text: "Zwölf €\n\n🌊 data: no" },
  { type: "citation", label: 1, start: 0, end: 2, evidence: { documentId: "a", start: 0, end: 1 } },
  makeEnd(),
];

function toStream(bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> {
  const edges = [0, ...cuts.map((cut) => cut % bytes.length).toSorted((a, b) => a - b), Infinity];
  return new ReadableStream({
    start(controller) {
      for (const [index, edge] of edges.entries()) {
        controller.enqueue(bytes.slice(edge, edges[index + 1]));
      }
      controller.close();
    },
  });
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<readonly RunEvent[]> {
  const all: RunEvent[] = [];
  for await (const event of readEvents(stream)) all.push(event);
  return all;
}

test("every event comes once and whole, wherever the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(`: ping\n\n${createNativeWriter()(events)}`);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { maxLength: 40 }), async (cuts) => {
      expect(await readAll(toStream(bytes, cuts))).toEqual(events);
    }),
  );
});

test("a message that was cut off is not an event", async () => {
  const bytes = new TextEncoder().encode(createNativeWriter()(events)).slice(0, -20);
  expect(await readAll(toStream(bytes, []))).toEqual(events.slice(0, -1));
});

afterEach(() => vi.useRealTimers());

test("a stream that says nothing any more when its run must be over has broken off; one that still lives is waited for", async () => {
  vi.useFakeTimers();
  let push: (text: string) => void = () => undefined;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      push = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
    cancel() {
      isCancelled = true;
    },
  });
  const reading = readAll(body);
  push(createNativeWriter()([runStart])); // its deadline is a second
  await vi.advanceTimersByTimeAsync(20_000);
  expect(isCancelled).toBe(false);
  push(": ping\n\n");
  await vi.advanceTimersByTimeAsync(19_000);
  expect(isCancelled).toBe(false);
  await vi.advanceTimersByTimeAsync(1_001);
  expect(isCancelled).toBe(true);
  expect((await reading).map(({ type }) => type)).toEqual(["run-start"]);
});
