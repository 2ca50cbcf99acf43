/** The reader of event streams, over bytes cut anywhere. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import { createNativeWriter } from "../../src/http/formats/native.ts";
import { BrokenOffError, readRun, RefusedError } from "../../src/client/read-run.ts";
import { makeEnd, retrievalEnd, runStart } from "../support/app.ts";

const events: readonly RunEvent[] = [
  runStart,
  retrievalEnd,
  { type: "text-delta", text: "Zwölf €\n\n🌊 data: no" },
  { type: "citation", label: 1, start: 0, end: 2, evidence: { documentId: "a", start: 0, end: 1 } },
  makeEnd(),
];

function toStream(
  bytes: Uint8Array<ArrayBuffer>,
  cuts: readonly number[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
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

async function readAll(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<readonly RunEvent[]> {
  const all: RunEvent[] = [];
  const gone = async (): Promise<Response> => new Response(null, { status: 204 });
  const open = async (): Promise<Response> => new Response(stream);
  const run = readRun({ open, resume: gone, cancel: async () => undefined }, { backoffMs: 1 });
  try {
    for await (const event of run) all.push(event);
  } catch (thrown) {
    if (!(thrown instanceof BrokenOffError || thrown instanceof RefusedError)) throw thrown;
  }
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
