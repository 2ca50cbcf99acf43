import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { startDeadline } from "../../src/async/deadline.ts";
import { retry, type RetryOptions } from "../../src/async/retry.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

/** Fails with the given errors in turn, then succeeds; counts its calls and when they came. */
function createAttempt(clock: { now(): number }, errors: readonly unknown[]) {
  const atMs: number[] = [];
  const startMs = clock.now();
  const attempt = async (number: number): Promise<string> => {
    atMs.push(clock.now() - startMs);
    const error = errors[number - 1];
    if (error !== undefined) throw error as Error;
    return `attempt ${number}`;
  };
  return { atMs, attempt };
}

function setUp(errors: readonly unknown[], given: Partial<RetryOptions> = {}) {
  const clock = createFakeClock();
  const { atMs, attempt } = createAttempt(clock, errors);
  const controller = new AbortController();
  const options = { attemptsMax: 3, clock, signal: controller.signal, random: () => 0.5, ...given };
  const result = retry(attempt, options).then(
    (value) => value,
    (error: unknown) => error,
  );
  return { clock, controller, atMs, result };
}

const down = new AppError("upstream_unavailable");
const limited = (retryAfterMs: number): AppError =>
  new AppError("upstream_rate_limited", { retryAfterMs });

describe("retry", () => {
  test("waits with full jitter under a doubling, capped limit", async () => {
    const { clock, atMs, result } = setUp([down, down, down, down], {
      attemptsMax: 5,
      baseMs: 100,
      capMs: 500,
    });
    await clock.advance(10_000);
    expect(await result).toBe("attempt 5");
    // Half of 200, 400, 500, 500.
    expect(atMs).toEqual([0, 100, 300, 550, 800]);
  });

  test.each<[ErrorCode, number]>([
    ["upstream_unavailable", 3],
    ["upstream_rate_limited", 3],
    ["upstream_stalled", 3],
    ["upstream_truncated", 3],
    ["upstream_bad_response", 2],
    ["upstream_config", 1],
    ["content_filtered", 1],
    ["context_too_long", 1],
    ["embedding_invalid", 1],
    ["overloaded", 1],
    ["deadline_exceeded", 1],
    ["internal", 1],
  ])("makes of %s, when it stays, %d attempts", async (code, attempts) => {
    const error = new AppError(code);
    const { clock, atMs, result } = setUp([error, error, error, error]);
    await clock.advance(60_000);
    expect(await result).toBe(error);
    expect(atMs).toHaveLength(attempts);
  });

  test("never repeats what is not an AppError: it is a bug", async () => {
    const bug = new TypeError("x is not a function");
    const { atMs, result } = setUp([bug]);
    expect(await result).toBe(bug);
    expect(atMs).toHaveLength(1);
  });

  test("waits as long as it was asked to, not shorter", async () => {
    const { clock, atMs, result } = setUp([limited(7_000)]);
    await clock.advance(10_000);
    expect(await result).toBe("attempt 2");
    expect(atMs).toEqual([0, 7_000]);
  });

  test("fails at once, keeping the wait asked for, when that does not fit before the deadline", async () => {
    const clock = createFakeClock();
    using deadline = startDeadline({ clock, budgetMs: 3_000 });
    const { atMs, attempt } = createAttempt(clock, [limited(7_000)]);
    await expect(
      retry(attempt, { attemptsMax: 3, clock, signal: deadline.signal }),
    ).rejects.toMatchObject({ code: "upstream_rate_limited", retryAfterMs: 7_000 });
    expect(atMs).toEqual([0]);
    expect(clock.pending).toBe(1); // the deadline's own
  });

  test("begins no attempt that has no time left to succeed", async () => {
    const clock = createFakeClock();
    using deadline = startDeadline({ clock, budgetMs: 1_000 });
    const { atMs, attempt } = createAttempt(clock, [limited(960)]);
    await expect(
      retry(attempt, { attemptsMax: 3, clock, signal: deadline.signal }),
    ).rejects.toMatchObject({ code: "upstream_rate_limited" });
    expect(atMs).toEqual([0]);
  });

  test("ends a wait at once when the signal aborts and leaves nothing behind", async () => {
    const { clock, controller, atMs, result } = setUp([limited(5_000)]);
    await clock.advance(1_000);
    expect(clock.pending).toBe(1);
    controller.abort(new AppError("cancelled", { detail: "the client left" }));
    expect(await result).toMatchObject({ code: "cancelled", detail: "the client left" });
    expect(clock.pending).toBe(0);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    await clock.advance(60_000);
    expect(atMs).toEqual([0]);
  });

  test("leaves no listener on the signal after it has succeeded", async () => {
    const { clock, controller, result } = setUp([down]);
    await clock.advance(5_000);
    expect(await result).toBe("attempt 2");
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(clock.pending).toBe(0);
  });

  test("lets the signal's reason win over what the attempt threw because of it", async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const attempt = async (): Promise<never> => {
      controller.abort("socket closed");
      throw down;
    };
    await expect(
      retry(attempt, { attemptsMax: 3, clock, signal: controller.signal }),
    ).rejects.toMatchObject({ code: "cancelled" });
  });

  test("makes no attempt under a signal that has aborted already", async () => {
    const { atMs, result } = setUp([], { signal: AbortSignal.abort() });
    expect(await result).toMatchObject({ code: "cancelled" });
    expect(atMs).toEqual([]);
  });

  test("refuses a number of attempts that is none", async () => {
    const { result } = setUp([], { attemptsMax: 0 });
    await settle();
    expect(await result).toBeInstanceOf(RangeError);
  });
});
