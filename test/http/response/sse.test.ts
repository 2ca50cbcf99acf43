import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBroadcast } from "../../../src/async/broadcast.ts";
import type { RunEvent } from "../../../src/domain/event.ts";
import { AppError } from "../../../src/errors.ts";
import { toEventSize } from "../../../src/http/response/event-size.ts";
import { createNativeWriter } from "../../../src/http/formats/native.ts";
import type { Runner } from "../../../src/http/service.ts";
import { createEventStream } from "../../../src/http/response/sse.ts";
import {
  askWith,
  makeApp,
  makeEnd,
  makeService,
  parseMessages,
  retrievalEnd,
  runStart,
  wantsEvents,
} from "../../support/app.ts";
import { createFakeClock, settle } from "../../support/fake-clock.ts";

const delta = (text: string): RunEvent => ({ type: "text-delta", text });

/** A stream over a broadcast, on a clock that stands still. */
function open() {
  const clock = createFakeClock();
  const reasons: unknown[] = [];
  const broadcast = createBroadcast<RunEvent>({
    clock,
    sizeOf: toEventSize,
    aheadBytesMax: 65_536,
    onAlone: (reason) => reasons.push(reason),
  });
  const stream = createEventStream([runStart, retrievalEnd], broadcast.read(), {
    clock,
    write: createNativeWriter(),
    pingIntervalMs: 15_000,
    writeStallTimeoutMs: 10_000,
    flushIntervalMs: 25,
    flushBytesMax: 256,
  });
  return { clock, broadcast, stream, reasons };
}

/** Reads all the time and keeps what came, piece by piece. */
function readAlways(stream: ReadableStream<Uint8Array>) {
  const got: { pieces: string[]; ended?: string } = { pieces: [] };
  const decoder = new TextDecoder();
  const reading = async (): Promise<void> => {
    for await (const bytes of stream) got.pieces.push(decoder.decode(bytes));
    got.ended = "closed";
  };
  void reading().catch((thrown: Error) => (got.ended = thrown.message));
  return {
    got,
    /** What came since the last look: texts of deltas, and the types of everything else. */
    look: async (): Promise<string[]> => {
      await settle();
      const text = got.pieces.splice(0).join("");
      const events = parseMessages(text).map(({ data }) =>
        data.type === "text-delta" ? `“${data.text}”` : data.type,
      );
      return text.includes(": ping") ? [...events, "ping"] : events;
    },
  };
}

describe("deltas", () => {
  test("the first is sent at once; those close after it travel together", async () => {
    const { clock, broadcast, stream } = open();
    const { look } = readAlways(stream);
    expect(await look()).toEqual(["run-start", "retrieval-end"]);
    void broadcast.push(delta("a"));
    expect(await look()).toEqual(["“a”"]);
    for (const text of ["b", "c"]) void broadcast.push(delta(text));
    await clock.advance(24);
    expect(await look()).toEqual([]);
    void broadcast.push(delta("d"));
    await clock.advance(1);
    expect(await look()).toEqual(["“bcd”"]);
  });

  test("one that comes after a pause is sent at once", async () => {
    const { clock, broadcast, stream } = open();
    const { look } = readAlways(stream);
    void broadcast.push(delta("a"));
    await look();
    await clock.advance(200);
    void broadcast.push(delta("b"));
    expect(await look()).toEqual(["“b”"]);
  });

  test("one that comes when its time is nearly there is sent at once, with what belongs to it", async () => {
    const { clock, broadcast, stream } = open();
    const { got, look } = readAlways(stream);
    void broadcast.push(delta("a"));
    await look();
    await clock.advance(23);
    await broadcast.push(delta("b"));
    await broadcast.push({ type: "degraded", code: "extractive" });
    await settle();
    expect(got.pieces).toHaveLength(1);
    expect(await look()).toEqual(["“b”", "degraded"]);
  });

  test("many at once are sent before their time", async () => {
    const { broadcast, stream } = open();
    const { look } = readAlways(stream);
    void broadcast.push(delta("a"));
    await look();
    void broadcast.push(delta("b".repeat(200)));
    expect(await look()).toEqual([]);
    void broadcast.push(delta("c".repeat(100)));
    expect(await look()).toHaveLength(1);
  });

  test("none waits when the run ends, and nothing is left behind", async () => {
    const { clock, broadcast, stream } = open();
    const { got, look } = readAlways(stream);
    void broadcast.push(delta("a"));
    await look();
    for (const event of [delta("b"), makeEnd()]) void broadcast.push(event);
    broadcast.close();
    expect(await look()).toEqual(["“b”", "run-end"]);
    expect([got.ended, clock.pending]).toEqual(["closed", 0]);
  });

  test("cost one timer a flush and none each", async () => {
    const { clock, broadcast, stream } = open();
    let timers = 0;
    const timer = clock.timer.bind(clock);
    Object.assign(clock, {
      timer(ms: number, fire: () => void) {
        timers += 1;
        return timer(ms, fire);
      },
    });
    const { look } = readAlways(stream);
    void broadcast.push(delta("a"));
    await look();
    timers = 0;
    for (let turn = 0; turn < 10; turn += 1) {
      for (let token = 0; token < 20; token += 1) void broadcast.push(delta("t"));
      await clock.advance(25);
    }
    // Each flush waits for its time, and has its stall timer.
    expect(timers).toBeLessThanOrEqual(22);
  });
});

test("silence is filled with pings", async () => {
  const { clock, stream } = open();
  const { look } = readAlways(stream);
  await look();
  await clock.advance(15_000);
  expect(await look()).toEqual(["ping"]);
});

test("events that stop without an end break the stream", async () => {
  const { clock, broadcast, stream } = open();
  const { got, look } = readAlways(stream);
  await look();
  broadcast.close();
  await look();
  expect([got.ended, clock.pending]).toEqual(["the run broke off", 0]);
});

test("a client that takes nothing is dropped, and until then little is held for it", async () => {
  const { clock, broadcast, stream, reasons } = open();
  let pushed = 0;
  const produce = async (): Promise<void> => {
    while (!broadcast.closed && reasons.length === 0) {
      await broadcast.push(delta("x".repeat(1_000)));
      pushed += 1_000;
    }
  };
  void produce();
  await clock.advance(9_999);
  expect(pushed).toBeLessThan(256 * 1024);
  expect(reasons).toEqual([]);
  await clock.advance(1);
  expect(reasons).toMatchObject([
    { code: "cancelled", detail: expect.stringContaining("nothing") },
  ]);
  await expect(stream.getReader().read()).rejects.toThrow("took nothing");
});

test("whatever a run does, its stream has exactly one last event or is broken off", async () => {
  const Fault = fc.constantFrom("end", "throw", "stop", "end twice", "expire", "cancelled");
  const Events = fc.array(fc.constantFrom(delta("a"), retrievalEnd, delta("b")), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(Events, Fault, fc.boolean(), async (events, fault, starts) => {
      const run: Runner = async function* () {
        if (starts) yield runStart;
        yield* events;
        if (fault === "throw") throw new Error("secret text of a library");
        if (fault === "stop") return;
        const error = { code: "deadline_exceeded", retryable: true } as const;
        if (fault === "expire") yield makeEnd({ outcome: "expired", error });
        else if (fault === "cancelled") throw new AppError("cancelled");
        else yield makeEnd();
        if (fault === "end twice") yield makeEnd({ outcome: "failed" });
      };
      const app = makeApp(makeService({ answer: run }));
      const response = await app.request("/v1/ask", askWith({ question: "Why?" }, wantsEvents));
      const text = await response.text();
      const isStream = response.headers.get("Content-Type") === "text/event-stream";
      const types = isStream ? parseMessages(text).map(({ event }) => event) : ["run-end"];
      expect(types.filter((type) => type === "run-end")).toHaveLength(1);
      expect(types.at(-1)).toBe("run-end");
      expect(isStream || response.status >= 499).toBe(true);
      expect(text).not.toContain("secret");
    }),
    { numRuns: 150 },
  );
});
