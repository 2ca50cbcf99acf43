import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { sleep } from "../../src/async/clock.ts";
import { withGrace } from "../../src/async/grace.ts";
import { AppError } from "../../src/errors.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const GRACE_MS = 300;

/** A stream of items, each after its wait; -1 is the last that counts. Hangs after them when told so. */
function setUp(items: readonly (readonly [waitMs: number, item: number | AppError])[]) {
  const clock = createFakeClock();
  const controller = new AbortController();
  const { signal } = controller;
  async function* open(own: AbortSignal): AsyncGenerator<number> {
    for (const [waitMs, item] of items) {
      await sleep(clock, waitMs, own);
      if (typeof item !== "number") throw item;
      yield item;
    }
  }
  const isLast = (item: number): boolean => item === -1;
  const seen: number[] = [];
  const state = { consumerMs: 0 };
  const read = async (): Promise<unknown> => {
    try {
      for await (const item of withGrace(open, { isLast, graceMs: GRACE_MS, clock, signal })) {
        seen.push(item);
        if (state.consumerMs > 0) await sleep(clock, state.consumerMs, signal);
      }
      return "end";
    } catch (error) {
      return error;
    }
  };
  return { clock, controller, seen, state, result: read() };
}

const HANG_MS = 1_000_000;

describe("withGrace", () => {
  test("ends what hangs behind its last item, after the grace and not before", async () => {
    const { clock, seen, result } = setUp([
      [10, 1],
      [10, -1],
      [200, 2],
      [HANG_MS, 3],
    ]);
    let ended = false;
    void result.then(() => (ended = true));
    await clock.advance(20 + GRACE_MS - 1);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(await result).toBe("end");
    expect(seen).toEqual([1, -1, 2]);
    expect(clock.pending).toBe(0);
  });

  test("does not count the time its consumer takes, and counts all waits together", async () => {
    const { clock, seen, state, result } = setUp([
      [10, -1],
      [200, 1],
      [99, 2],
      [2, 3],
    ]);
    state.consumerMs = 10_000;
    await clock.advance(60_000);
    expect(await result).toBe("end");
    expect(seen).toEqual([-1, 1, 2]);
  });

  test("has no say before the last item", async () => {
    const { clock, seen, result } = setUp([
      [HANG_MS, 1],
      [1, -1],
    ]);
    await clock.advance(2 * HANG_MS);
    expect(await result).toBe("end");
    expect(seen).toEqual([1, -1]);
  });

  test("passes on a failure, also one within the grace, and the caller's own reason", async () => {
    const broken = new AppError("upstream_truncated");
    const first = setUp([
      [1, -1],
      [1, broken],
    ]);
    await first.clock.advance(10);
    expect(await first.result).toBe(broken);
    const second = setUp([
      [1, -1],
      [HANG_MS, 2],
    ]);
    await second.clock.advance(10);
    second.controller.abort(new AppError("deadline_exceeded"));
    expect(await second.result).toMatchObject({ code: "deadline_exceeded" });
    expect(second.clock.pending).toBe(0);
    expect(getEventListeners(second.controller.signal, "abort")).toHaveLength(0);
  });
});
