import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  findRemainingMs,
  lendDeadline,
  startDeadline,
  toAbortError,
} from "../../src/async/deadline.ts";
import { AppError } from "../../src/errors.ts";
import { createFakeClock } from "../support/fake-clock.ts";

describe("startDeadline", () => {
  test("aborts at its instant with the stage it was for", async () => {
    const clock = createFakeClock();
    const deadline = startDeadline({ clock, budgetMs: 100, stage: "embed" });
    await clock.advance(99);
    expect(deadline.signal.aborted).toBe(false);
    expect(deadline.remainingMs()).toBe(1);
    await clock.advance(1);
    expect(deadline.signal.reason).toMatchObject({ code: "deadline_exceeded", stage: "embed" });
    await clock.advance(1_000);
    expect(deadline.remainingMs()).toBe(0);
  });

  const reasons: readonly (readonly [string, unknown, object])[] = [
    ["an AppError as it is", new AppError("draining"), { code: "draining" }],
    [
      "anything else as a cancellation",
      "socket closed",
      { code: "cancelled", cause: "socket closed" },
    ],
    [
      "a timeout signal's as a deadline",
      new DOMException("late", "TimeoutError"),
      { code: "deadline_exceeded" },
    ],
  ];
  test.each(reasons)("takes over the parent's reason: %s", (_, reason, expected) => {
    const parent = new AbortController();
    const clock = createFakeClock();
    const deadline = startDeadline({ clock, budgetMs: 100, parent: parent.signal });
    parent.abort(reason);
    expect(deadline.signal.reason).toMatchObject(expected);
    expect(toAbortError(reason)).toMatchObject(expected);
    expect(clock.pending).toBe(0);
  });

  test("has no more time than its parent, also one of another making, but ends at its own instant", async () => {
    const clock = createFakeClock();
    const run = startDeadline({ clock, budgetMs: 100 });
    const joined = AbortSignal.any([run.signal, new AbortController().signal]);
    let lentMs = 30;
    lendDeadline(joined, () => lentMs);
    for (const parent of [run.signal, joined]) {
      const deadline = startDeadline({ clock, budgetMs: 1_000, parent });
      const leftMs = parent === joined ? 30 : 100;
      expect(deadline.remainingMs()).toBe(leftMs);
      expect(findRemainingMs(deadline.signal)).toBe(leftMs);
      expect(deadline.child(500, "leg").remainingMs()).toBe(leftMs);
      expect(deadline.child(10, "leg").remainingMs()).toBe(10);
    }
    // Whoever lends time may lend more of it later.
    using deadline = startDeadline({ clock, budgetMs: 50, parent: joined });
    using leg = deadline.child(40, "leg");
    lentMs = 1_000;
    expect(deadline.remainingMs()).toBe(50);
    await clock.advance(40);
    expect(leg.signal.reason).toMatchObject({ stage: "leg" });
    expect(deadline.signal.aborted).toBe(false);
    await clock.advance(10);
    expect(deadline.signal.aborted).toBe(true);
  });

  test("is over from the start under a parent that has aborted, without a timer", () => {
    const clock = createFakeClock();
    const deadline = startDeadline({ clock, budgetMs: 100, parent: AbortSignal.abort() });
    expect(deadline.signal.reason).toMatchObject({ code: "cancelled" });
    expect(clock.pending).toBe(0);
  });

  test("leaves neither timer nor listener when disposed, and never fires then", async () => {
    const clock = createFakeClock();
    const parent = new AbortController();
    const run = (): AbortSignal => {
      using deadline = startDeadline({ clock, budgetMs: 100, parent: parent.signal });
      return deadline.signal;
    };
    const signal = run();
    expect(clock.pending).toBe(0);
    expect(getEventListeners(parent.signal, "abort")).toHaveLength(0);
    parent.abort();
    await clock.advance(1_000);
    expect(signal.aborted).toBe(false);
  });

  test("leaves no listener on the parent after it has run out", async () => {
    const clock = createFakeClock();
    const parent = new AbortController();
    startDeadline({ clock, budgetMs: 100, parent: parent.signal });
    await clock.advance(100);
    expect(getEventListeners(parent.signal, "abort")).toHaveLength(0);
  });

  test("tells what is left from its signal alone", async () => {
    const clock = createFakeClock();
    using deadline = startDeadline({ clock, budgetMs: 100 });
    await clock.advance(30);
    expect(findRemainingMs(deadline.signal)).toBe(70);
    expect(findRemainingMs(new AbortController().signal)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a child deadline", () => {
  test.each([
    ["its own budget when that is smaller", 50, 50],
    ["what is left of the parent's when that is", 500, 90],
  ])("ends after %s", async (_, childBudgetMs, expectedMs) => {
    const clock = createFakeClock();
    using parent = startDeadline({ clock, budgetMs: 100 });
    await clock.advance(10);
    using child = parent.child(childBudgetMs, "search");
    expect(child.remainingMs()).toBe(expectedMs);
    await clock.advance(expectedMs);
    expect(child.signal.reason).toMatchObject({ code: "deadline_exceeded" });
  });

  test("running out leaves its parent alone", async () => {
    const clock = createFakeClock();
    using parent = startDeadline({ clock, budgetMs: 100 });
    using child = parent.child(50, "search");
    await clock.advance(60);
    expect(child.signal.aborted).toBe(true);
    expect(parent.signal.aborted).toBe(false);
  });

  test("of a parent that has run out is over", async () => {
    const clock = createFakeClock();
    using parent = startDeadline({ clock, budgetMs: 100, stage: "run" });
    await clock.advance(100);
    using child = parent.child(50, "search");
    expect(child.signal.reason).toMatchObject({ code: "deadline_exceeded", stage: "run" });
  });

  test("leaves no listener on its parent when disposed", () => {
    const clock = createFakeClock();
    using parent = startDeadline({ clock, budgetMs: 100 });
    const before = getEventListeners(parent.signal, "abort").length;
    for (let count = 0; count < 100; count += 1) parent.child(50, "search")[Symbol.dispose]();
    expect(getEventListeners(parent.signal, "abort")).toHaveLength(before);
    expect(clock.pending).toBe(1);
  });
});
