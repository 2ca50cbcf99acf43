import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { sleep } from "../../src/async/clock.ts";
import { withWatchdog } from "../../src/async/watchdog.ts";
import { AppError } from "../../src/errors.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";

const LIMITS = { firstMs: 1_000, gapMs: 300, source: "the source" };

/** Yields 1, 2, … after each of the waits. `closed` once its end was reached in whatever way. */
function createSource(clock: FakeClock, waitsMs: readonly number[], onAbort?: "end") {
  const state = { closed: false, signal: new AbortController().signal };
  async function* open(signal: AbortSignal): AsyncGenerator<number> {
    state.signal = signal;
    try {
      for (const [index, waitMs] of waitsMs.entries()) {
        await sleep(clock, waitMs, signal);
        yield index + 1;
      }
    } catch (thrown) {
      if (onAbort !== "end") throw thrown;
    } finally {
      state.closed = true;
    }
  }
  return { state, open };
}

async function collect(items: AsyncIterable<number>): Promise<{ seen: number[]; error: unknown }> {
  const seen: number[] = [];
  try {
    for await (const item of items) seen.push(item);
  } catch (error) {
    return { seen, error };
  }
  return { seen, error: undefined };
}

describe("withWatchdog", () => {
  const cases: readonly (readonly [
    string,
    readonly number[],
    readonly number[],
    string | undefined,
  ])[] = [
    ["passes on a stream that keeps its pace", [900, 250, 290], [1, 2, 3], undefined],
    ["ends a stream without a first item", [1_100], [], "sent nothing for 1000 ms"],
    ["ends a stream with a gap", [900, 250, 400], [1, 2], "sent nothing for 300 ms"],
  ];
  test.each(cases)("%s", async (_, waitsMs, expected, detail) => {
    const clock = createFakeClock();
    const { signal } = new AbortController();
    const { state, open } = createSource(clock, waitsMs);
    const result = collect(withWatchdog(open, { ...LIMITS, clock, signal }));
    await clock.advance(10_000);
    const { seen, error } = await result;
    expect(seen).toEqual(expected);
    expect((error as AppError | undefined)?.code).toBe(detail && "upstream_stalled");
    expect((error as AppError | undefined)?.detail).toBe(detail && `the source ${detail}`);
    expect(state.closed).toBe(true);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("reports the stall of a stream that takes an abort for its end", async () => {
    const clock = createFakeClock();
    const { open } = createSource(clock, [100, 5_000], "end");
    const { signal } = new AbortController();
    const result = collect(withWatchdog(open, { ...LIMITS, clock, signal }));
    await clock.advance(10_000);
    expect(await result).toMatchObject({ seen: [1], error: { code: "upstream_stalled" } });
  });

  test("does not count the consumer's own time as a gap", async () => {
    const clock = createFakeClock();
    const { open } = createSource(clock, [10, 10, 10]);
    const { signal } = new AbortController();
    const seen: number[] = [];
    const result = (async () => {
      for await (const item of withWatchdog(open, { ...LIMITS, clock, signal })) {
        seen.push(item);
        await sleep(clock, 5_000, signal);
      }
    })();
    await clock.advance(60_000);
    await result;
    expect(seen).toEqual([1, 2, 3]);
  });

  test.each(["throw", "end"] as const)(
    "gives the caller's own reason when its signal aborts and the stream answers with %s",
    async (answer) => {
      const clock = createFakeClock();
      const { state, open } = createSource(clock, [100, 250], answer === "end" ? "end" : undefined);
      const controller = new AbortController();
      const result = collect(withWatchdog(open, { ...LIMITS, clock, signal: controller.signal }));
      await clock.advance(200);
      controller.abort(new AppError("deadline_exceeded", { stage: "answer" }));
      expect(await result).toMatchObject({
        seen: [1],
        error: { code: "deadline_exceeded", stage: "answer" },
      });
      expect(state.closed).toBe(true);
      expect(clock.pending).toBe(0);
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    },
  );

  test("aborts and closes the stream when the consumer leaves", async () => {
    const clock = createFakeClock();
    const { state, open } = createSource(clock, [10, 10, 10]);
    const { signal } = new AbortController();
    const result = (async () => {
      for await (const _ of withWatchdog(open, { ...LIMITS, clock, signal })) break;
    })();
    await clock.advance(1_000);
    await result;
    expect(state.closed).toBe(true);
    expect(state.signal.aborted).toBe(true);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("passes on the stream's own error", async () => {
    const clock = createFakeClock();
    const { signal } = new AbortController();
    const broken = new AppError("upstream_truncated");
    const open = (): AsyncIterable<number> => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(broken) }),
    });
    expect((await collect(withWatchdog(open, { ...LIMITS, clock, signal }))).error).toBe(broken);
    expect(clock.pending).toBe(0);
  });

  test("does not open the stream under a signal that has aborted", async () => {
    const clock = createFakeClock();
    const open = (): AsyncIterable<number> => {
      throw new Error("opened");
    };
    const result = collect(withWatchdog(open, { ...LIMITS, clock, signal: AbortSignal.abort() }));
    expect((await result).error).toMatchObject({ code: "cancelled" });
  });
});
