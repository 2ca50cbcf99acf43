import { describe, expect, test } from "vitest";
import { readPackets } from "../../src/models/read-packets.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

/** A body whose sender is the test. */
function createBody() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const state = { asked: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (own) => void (controller = own),
      pull: () => void (state.asked += 1),
      cancel: () => void (state.cancelled = true),
    },
    { highWaterMark: 0 },
  );
  const encoder = new TextEncoder();
  return {
    body,
    state,
    send: (text: string) => controller?.enqueue(encoder.encode(text)),
    end: () => controller?.close(),
    fail: () => controller?.error(new Error("gone")),
  };
}

function collect(source: ReturnType<typeof createBody>, intervalMs: number) {
  const clock = createFakeClock();
  const got: string[] = [];
  let how = "open";
  const decoder = new TextDecoder();
  const reading = (async () => {
    const packets = readPackets(source.body, { clock, intervalMs: () => intervalMs });
    for await (const packet of packets) got.push(decoder.decode(packet));
    how = "ended";
  })().catch((thrown: unknown) => void (how = (thrown as Error).message));
  return { clock, got, reading, how: () => how };
}

describe("packets of a body", () => {
  test("without an interval each comes as it was sent", async () => {
    const source = createBody();
    const { got, reading } = collect(source, 0);
    for (const text of ["a", "b", "c"]) {
      source.send(text);
      await settle();
    }
    source.end();
    await reading;
    expect(got).toEqual(["a", "b", "c"]);
  });

  test("with one, the first comes at once and what follows within it comes together", async () => {
    const source = createBody();
    const { clock, got, reading } = collect(source, 40);
    source.send("a");
    await clock.advance(0);
    expect(got).toEqual(["a"]);
    source.send("b");
    await clock.advance(20);
    source.send("c");
    await clock.advance(19);
    expect(got).toEqual(["a"]);
    await clock.advance(1);
    expect(got).toEqual(["a", "bc"]);
    // After a silence that was longer than the interval nothing is held back.
    await clock.advance(100);
    source.send("d");
    await clock.advance(0);
    expect(got).toEqual(["a", "bc", "d"]);
    source.end();
    await reading;
    expect(clock.pending).toBe(0);
  });

  test.each([
    ["the end", "ended", (source: ReturnType<typeof createBody>) => source.end()],
    ["a failure", "gone", (source: ReturnType<typeof createBody>) => source.fail()],
  ])("%s is not waited for, and comes behind what was sent", async (_, expected, finish) => {
    const source = createBody();
    const { clock, got, reading, how } = collect(source, 40);
    source.send("a");
    await clock.advance(0);
    source.send("b");
    await settle();
    finish(source);
    await reading;
    expect(got).toEqual(["a", "b"]);
    expect(how()).toBe(expected);
    expect(clock.pending).toBe(0);
  });

  test("who leaves early cancels the body", async () => {
    const source = createBody();
    const packets = readPackets(source.body, { clock: createFakeClock(), intervalMs: () => 40 });
    source.send("a");
    await packets.next();
    await packets.return?.();
    expect(source.state.cancelled).toBe(true);
  });

  test("a body is not read on while nobody takes what it sent", async () => {
    const source = createBody();
    const packets = readPackets(source.body, { clock: createFakeClock(), intervalMs: () => 0 });
    source.send("a");
    await packets.next();
    for (let piece = 0; piece < 100; piece += 1) {
      if (source.state.asked <= piece) break;
      source.send("x".repeat(4_096));
      await settle();
    }
    expect(source.state.asked).toBeLessThan(20);
    await packets.return?.();
  });
});
