import { describe, expect, test } from "vitest";
import { startDeadline } from "../../src/async/deadline.ts";
import { retry } from "../../src/async/retry.ts";
import { createRetryBudget, type RetryBudget } from "../../src/async/retry-budget.ts";
import { createCounts } from "../../src/async/upstream-stats.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const createBudget = (tokensMax = 20): RetryBudget =>
  createRetryBudget({ tokensMax, retryCost: 5, stallCost: 10 });

/** A call whose attempts fail with these codes in turn and then succeed. */
async function call(budget: RetryBudget, ...codes: readonly ErrorCode[]) {
  const clock = createFakeClock();
  const { counts, count } = createCounts();
  let attempts = 0;
  const result = retry(
    async (number) => {
      attempts += 1;
      const code = codes[number - 1];
      if (code !== undefined) throw new AppError(code);
      return "ok";
    },
    { attemptsMax: 3, clock, signal: new AbortController().signal, random: () => 0, budget, count },
  ).catch((error: unknown) => (error as AppError).code);
  await clock.advance(60_000);
  return { result: await result, attempts, counts };
}

describe("a retry budget", () => {
  test("is taken by retries, more by those after a stall", async () => {
    const budget = createBudget();
    await call(budget, "upstream_unavailable", "upstream_unavailable", "upstream_unavailable");
    expect(budget.tokens).toBe(10);
    await call(budget, "upstream_stalled", "upstream_config");
    expect(budget.tokens).toBe(0);
  });

  test("gets back what the last retry of a success had cost, or one token, and never overflows", async () => {
    const budget = createBudget();
    await call(budget, "upstream_unavailable", "upstream_unavailable");
    expect(budget.tokens).toBe(15);
    await call(budget);
    expect(budget.tokens).toBe(16);
    await call(budget, "upstream_stalled");
    expect(budget.tokens).toBe(16);
    for (let count = 0; count < 9; count += 1) await call(budget);
    expect(budget.tokens).toBe(20);
  });

  test("when it is spent a failure stands, and the count says so", async () => {
    const budget = createBudget(5);
    await call(budget, "upstream_unavailable", "upstream_config");
    const { result, attempts, counts } = await call(budget, "upstream_unavailable");
    expect({ result, attempts }).toEqual({ result: "upstream_unavailable", attempts: 1 });
    expect(counts).toMatchObject({ retries: 0, retriesDenied: 1 });
  });

  test("gets back the price of a retry that is not sent, because its caller left in the wait", async () => {
    const budget = createBudget();
    const { counts, count } = createCounts();
    const clock = createFakeClock();
    const client = new AbortController();
    const fail = () => Promise.reject(new AppError("upstream_unavailable"));
    const options = { attemptsMax: 3, clock, signal: client.signal, random: () => 0.9 };
    const result = retry(fail, { ...options, budget, count }).catch((error: unknown) => error);
    await clock.advance(1);
    expect(budget.tokens).toBe(15); // it is kept for it
    client.abort(new AppError("cancelled"));
    expect(await result).toMatchObject({ code: "cancelled" });
    expect(budget.tokens).toBe(20);
    expect(counts.retries).toBe(0);
  });

  test("a failure that no retry mends takes nothing", async () => {
    const budget = createBudget();
    await call(budget, "upstream_config");
    await call(budget, "content_filtered");
    expect(budget.tokens).toBe(20);
  });
});

test("a retry that would only be refused is not begun, and codes may be worth fewer", async () => {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  let attempts = 0;
  const fail = async (): Promise<never> => {
    attempts += 1;
    throw new AppError("upstream_stalled");
  };
  const options = { attemptsMax: 3, clock, signal, random: () => 0 };
  await expect(retry(fail, { ...options, mayRepeat: () => false })).rejects.toThrow(
    "upstream_stalled",
  );
  expect(attempts).toBe(1);
  await expect(retry(fail, { ...options, retriesMax: { upstream_stalled: 0 } })).rejects.toThrow(
    "upstream_stalled",
  );
  expect(attempts).toBe(2);
});

test("whether a retry would be refused is asked for the time that it would have, not for that of its wait", async () => {
  const clock = createFakeClock();
  using deadline = startDeadline({ clock, budgetMs: 3_000 });
  const asked: number[] = [];
  const refused = retry(
    () => Promise.reject(new AppError("upstream_rate_limited", { retryAfterMs: 2_000 })),
    {
      attemptsMax: 3,
      clock,
      signal: deadline.signal,
      mayRepeat(leftMs) {
        asked.push(leftMs);
        return false;
      },
    },
  );
  await expect(refused).rejects.toMatchObject({ code: "upstream_rate_limited" });
  expect(asked).toEqual([1_000]);
});
