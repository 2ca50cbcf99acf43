import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { sleep } from "../../src/async/clock.ts";
import { findRemainingMs, startDeadline } from "../../src/async/deadline.ts";
import { createHedge } from "../../src/async/hedge.ts";
import { createCounts } from "../../src/async/upstream-stats.ts";
import { AppError } from "../../src/errors.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const USUAL_MS = 50;
/** Later than this a call is copied. */
const LATE_MS = USUAL_MS * 1.25;

/** A hedge whose calls take the given times in turn, and what became of each copy. */
function setUp(shareMax = 1) {
  const clock = createFakeClock();
  const { counts, count } = createCounts();
  const hedge = createHedge({ clock, shareMax, count });
  const controller = new AbortController();
  const copies: { ended?: "answered" | "failed" | "aborted" }[] = [];
  const call = (...plans: readonly (number | AppError)[]): Promise<unknown> => {
    let next = 0;
    return hedge(async (signal) => {
      const number = next;
      next += 1;
      const plan = plans[number] ?? USUAL_MS;
      const copy: (typeof copies)[number] = {};
      copies.push(copy);
      try {
        await sleep(clock, typeof plan === "number" ? plan : USUAL_MS * 4, signal);
      } catch (thrown) {
        copy.ended = "aborted";
        throw thrown;
      }
      copy.ended = typeof plan === "number" ? "answered" : "failed";
      if (typeof plan !== "number") throw plan;
      return number;
    }, controller.signal).catch((error: unknown) => error);
  };
  const run = async (...plans: readonly (number | AppError)[]): Promise<unknown> => {
    const result = call(...plans);
    await clock.advance(60_000);
    return result;
  };
  return {
    clock,
    counts,
    controller,
    copies,
    hedge,
    call,
    run,
    learn: async (times = 20): Promise<void> => {
      for (let count = 0; count < times; count += 1) await run();
      copies.length = 0;
    },
  };
}

describe("a hedge", () => {
  test("sends one copy as long as it knows too little, and one when the answer is in time", async () => {
    const { run, copies, counts } = setUp();
    for (let count = 0; count < 19; count += 1) await run(USUAL_MS * 10);
    expect(copies).toHaveLength(19);
    const other = setUp();
    await other.learn();
    expect(await other.run(USUAL_MS)).toBe(0);
    expect(other.copies).toHaveLength(1);
    expect(counts.hedges + other.counts.hedges).toBe(0);
  });

  test("takes the second copy's answer when the first is late, aborts the first and waits for it", async () => {
    const { clock, call, copies, counts, learn } = setUp();
    await learn();
    const result = call(5_000, 30);
    await clock.advance(LATE_MS);
    expect(copies).toHaveLength(2);
    await clock.advance(30);
    expect(await result).toBe(1);
    expect(copies.map(({ ended }) => ended)).toEqual(["aborted", "answered"]);
    expect(counts).toMatchObject({ hedges: 1, hedgeWins: 1 });
    expect(clock.pending).toBe(0);
  });

  test("takes the first copy's answer when that comes first after all", async () => {
    const { run, copies, counts, learn } = setUp();
    await learn();
    expect(await run(LATE_MS + 10, 5_000)).toBe(0);
    expect(copies.map(({ ended }) => ended)).toEqual(["answered", "aborted"]);
    expect(counts).toMatchObject({ hedges: 1, hedgeWins: 0 });
  });

  test("a failure before the second copy stands, and one after it is mended by the other", async () => {
    const { run, copies, learn } = setUp();
    const down = new AppError("upstream_unavailable");
    expect(await run(down)).toBe(down);
    expect(copies).toHaveLength(1);
    await learn();
    expect(await run(down, USUAL_MS * 5, 5_000)).toBe(1);
    const other = new AppError("upstream_stalled");
    expect(await run(down, other, other)).toBe(down);
  });

  test("sends a third copy when the second is late as well, and no fourth", async () => {
    const { clock, call, copies, counts, learn } = setUp();
    await learn();
    const result = call(5_000, 5_000, 30);
    await clock.advance(2 * LATE_MS);
    expect(copies).toHaveLength(3);
    await clock.advance(30);
    expect(await result).toBe(2);
    expect(copies.map(({ ended }) => ended)).toEqual(["aborted", "aborted", "answered"]);
    expect(counts).toMatchObject({ hedges: 2, hedgeWins: 1 });
    const late = call(5_000, 5_000, 5_000);
    await clock.advance(4_000);
    expect(copies).toHaveLength(6);
    await clock.advance(1_000);
    expect(await late).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("copies that bring nothing never exceed the share", async () => {
    const { run, counts, learn } = setUp(0.05);
    await learn(100);
    for (let count = 0; count < 200; count += 1) await run(USUAL_MS * 8, 60_000, 60_000);
    expect(counts.hedges).toBeGreaterThan(0);
    expect(counts.hedges).toBeLessThanOrEqual(0.05 * 300);
  });

  test("copies that answer first cost nothing of the share: they were needed", async () => {
    const { run, counts, learn } = setUp(0.05);
    await learn(100);
    for (let count = 0; count < 200; count += 1) expect(await run(60_000)).toBe(1);
    expect(counts).toMatchObject({ hedges: 200, hedgeWins: 200 });
  });

  test("an upstream of which every call hangs gets no more copies than the share", async () => {
    const { run, counts, learn } = setUp(0.05);
    await learn(100);
    for (let count = 0; count < 100; count += 1) await run(60_000, 60_000, 60_000);
    expect(counts.hedges).toBeLessThanOrEqual(0.05 * 200);
  });

  test("a copy that could not be paid for is sent as soon as others have earned it", async () => {
    const { clock, call, run, counts, learn } = setUp(0.25);
    await learn(120);
    for (let count = 0; count < 6; count += 1) await run(USUAL_MS * 8, 60_000, 60_000);
    const spent = counts.hedges;
    const hung = call(60_000);
    await clock.advance(2 * LATE_MS);
    expect(counts.hedges).toBe(spent);
    for (let count = 0; count < 2; count += 1) void call();
    await clock.advance(2 * LATE_MS);
    expect(counts.hedges).toBe(spent + 1);
    expect(await hung).toBe(1);
  });

  test("a share of nought sends none", async () => {
    const { run, counts, learn } = setUp(0);
    await learn(30);
    await run(5_000);
    expect(counts.hedges).toBe(0);
  });

  test("an aborted caller aborts both copies and leaves nothing behind", async () => {
    const { clock, call, copies, controller, learn } = setUp();
    await learn();
    const result = call(5_000, 5_000);
    await clock.advance(LATE_MS);
    controller.abort(new AppError("deadline_exceeded"));
    expect(await result).toMatchObject({ code: "deadline_exceeded" });
    expect(copies.map(({ ended }) => ended)).toEqual(["aborted", "aborted"]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(clock.pending).toBe(0);
    expect(await call()).toMatchObject({ code: "deadline_exceeded" });
    expect(copies).toHaveLength(2);
  });

  test("what a loser brings after all is released", async () => {
    const { clock, learn, hedge, controller } = setUp();
    await learn();
    const ends = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
    const released: string[] = [];
    let next = 0;
    const result = hedge(
      () => ends[next++]?.promise ?? Promise.resolve("none"),
      controller.signal,
      async (late) => released.push(late),
    );
    await clock.advance(LATE_MS);
    ends[1]?.resolve("second");
    ends[0]?.resolve("first");
    expect(await result).toBe("second");
    expect(released).toEqual(["first"]);
  });

  test("its copies know the caller's deadline", async () => {
    const clock = createFakeClock();
    using deadline = startDeadline({ clock, budgetMs: 700 });
    const hedge = createHedge({ clock, shareMax: 1 });
    expect(await hedge(async (signal) => findRemainingMs(signal), deadline.signal)).toBe(700);
  });
});
