import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startDeadline } from "../../src/async/deadline.ts";
import { createRateWindow, type SharedTurns } from "../../src/async/rate-window.ts";
import { AppError } from "../../src/errors.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const open = (): AbortSignal => new AbortController().signal;
const WINDOW_MS = 1_000;

function setUp(limits: { readonly callsMax?: number; readonly tokensMax?: number }) {
  const clock = createFakeClock();
  const window = createRateWindow({ clock, source: "the model", windowMs: WINDOW_MS, ...limits });
  const startMs = clock.now();
  const wentMs: number[] = [];
  const go = async (tokens = 1, signal = open()): Promise<void> => {
    await window.take(tokens, signal);
    wentMs.push(clock.now() - startMs);
  };
  return { clock, window, wentMs, go };
}

describe("a rate window", () => {
  test("lets through what fits, and the next when the first is out of the window", async () => {
    const { clock, wentMs, go } = setUp({ callsMax: 2 });
    await go();
    await clock.advance(400);
    const rest = [go(), go(), go()];
    await clock.advance(5_000);
    await Promise.all(rest);
    expect(wentMs).toEqual([0, 400, 1_000, 1_400]);
  });

  test("counts tokens too, and nobody overtakes", async () => {
    const { clock, wentMs, go } = setUp({ tokensMax: 100 });
    const all = [go(60), go(60), go(40)];
    await clock.advance(5_000);
    await Promise.all(all);
    expect(wentMs).toEqual([0, 1_000, 1_000]);
  });

  test("a call larger than the window goes alone", async () => {
    const { clock, wentMs, go } = setUp({ tokensMax: 100 });
    const all = [go(1), go(1_000), go(1)];
    await clock.advance(5_000);
    await Promise.all(all);
    expect(wentMs).toEqual([0, 1_000, 2_000]);
  });

  test("refuses at once what its deadline cannot wait for, and says when to come back", async () => {
    const { clock, window, go } = setUp({ callsMax: 1 });
    await go();
    using deadline = startDeadline({ clock, budgetMs: WINDOW_MS });
    await expect(window.take(1, deadline.signal)).rejects.toMatchObject({
      code: "upstream_rate_limited",
      retryAfterMs: WINDOW_MS,
      detail: expect.stringContaining("the model"),
    });
    expect(clock.pending).toBe(1); // the deadline's own
  });

  test("a call that leaves frees its turn, with nothing left behind", async () => {
    const { clock, window, wentMs, go } = setUp({ callsMax: 1 });
    await go();
    const controller = new AbortController();
    const leaving = window.take(1, controller.signal);
    controller.abort(new AppError("cancelled"));
    await expect(leaving).rejects.toMatchObject({ code: "cancelled" });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    const next = go();
    await clock.advance(WINDOW_MS);
    await next;
    expect(wentMs).toEqual([0, WINDOW_MS]);
    expect(clock.pending).toBe(0);
  });

  test("whatever comes and goes, no window ever holds too much and everyone has a turn", async () => {
    const call = fc.record({
      gapMs: fc.integer({ min: 0, max: 900 }),
      tokens: fc.integer({ min: 0, max: 60 }),
      leaves: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(call, { maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        async (calls, callsMax) => {
          const tokensMax = 50;
          const { clock, window } = setUp({ callsMax, tokensMax });
          const went: { atMs: number; tokens: number }[] = [];
          let settled = 0;
          for (const { gapMs, tokens, leaves } of calls) {
            const controller = new AbortController();
            void window
              .take(tokens, controller.signal)
              .then(() => went.push({ atMs: clock.now(), tokens: Math.min(tokens, tokensMax) }))
              .catch(() => {})
              .finally(() => (settled += 1));
            await clock.advance(gapMs);
            if (leaves) controller.abort(new AppError("cancelled"));
          }
          await clock.advance(100 * WINDOW_MS);
          expect(settled).toBe(calls.length);
          for (const { atMs: endMs } of went) {
            const within = went.filter(({ atMs }) => atMs > endMs - WINDOW_MS && atMs <= endMs);
            expect(within.length).toBeLessThanOrEqual(callsMax);
            expect(within.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(
              tokensMax,
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("a rate window that is shared", () => {
  function share(waitsMs: readonly (number | undefined)[]) {
    const clock = createFakeClock();
    const booked: { name: string; tokens: number }[] = [];
    let cancelled = 0;
    const turns: SharedTurns = {
      async book({ name }, tokens) {
        const waitMs = waitsMs[booked.length];
        booked.push({ name, tokens });
        return waitMs === undefined ? undefined : { waitMs, cancel: () => (cancelled += 1) };
      },
    };
    const shared = { turns, name: "chat the model" };
    const options = { clock, source: "the model", windowMs: WINDOW_MS, tokensMax: 50 };
    const window = createRateWindow({ ...options, callsMax: 2, shared });
    return { clock, window, booked, cancelled: () => cancelled };
  }

  test("waits for the common turn, and goes by its own where there is none to be had", async () => {
    const { clock, window, booked } = share([0, 300, undefined, undefined]);
    const startMs = clock.now();
    const wentMs: number[] = [];
    const all = [10, 99, 1, 1].map(async (tokens) => {
      await window.take(tokens, open());
      wentMs.push(clock.now() - startMs);
    });
    await clock.advance(5_000);
    await Promise.all(all);
    expect(wentMs).toEqual([0, 1_000, 2_000, 2_000]);
    expect(booked[1]).toEqual({ name: "chat the model", tokens: 50 });
  });

  test("gives back the turn of a call that leaves, and of one that cannot wait so long", async () => {
    const { clock, window, cancelled } = share([500, 700, 0]);
    const controller = new AbortController();
    const leaving = window.take(1, controller.signal);
    await clock.advance(10);
    controller.abort(new AppError("cancelled"));
    await expect(leaving).rejects.toMatchObject({ code: "cancelled" });
    using deadline = startDeadline({ clock, budgetMs: 600 });
    await expect(window.take(1, deadline.signal)).rejects.toMatchObject({ retryAfterMs: 700 });
    expect(cancelled()).toBe(2);
    await window.take(1, open());
    expect(cancelled()).toBe(2);
  });
});
