import { describe, expect, test } from "vitest";
import { createBreaker } from "../../src/async/breaker.ts";
import { createGate, type GateCall } from "../../src/async/gate.ts";
import { createLimiter } from "../../src/async/limiter.ts";
import { createRateWindow } from "../../src/async/rate-window.ts";
import { createCounts } from "../../src/async/upstream-stats.ts";
import { AppError } from "../../src/errors.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

const down = new AppError("upstream_unavailable");
const call: GateCall = { signal: new AbortController().signal, tokens: () => 1 };

function setUp(given: { readonly concurrencyMax?: number; readonly callsMax?: number }) {
  const { concurrencyMax = 8, callsMax = 100 } = given;
  const clock = createFakeClock();
  const { counts, count } = createCounts();
  const breaker = createBreaker({
    clock,
    source: "the model",
    failureShare: 1,
    samplesMin: 2,
    samplesMax: 2,
    windowMs: 60_000,
    openMs: 5_000,
    random: () => 0,
    count,
  });
  const gate = createGate({
    clock,
    breaker,
    limit: createLimiter({ concurrencyMax, queueMax: 10 }),
    window: createRateWindow({ clock, source: "the model", callsMax }),
    count,
  });
  return { clock, counts, breaker, gate };
}

describe("a gate", () => {
  test("counts what is sent and how long it waited", async () => {
    const { clock, counts, gate } = setUp({ callsMax: 1 });
    await gate(() => Promise.resolve(1), call);
    const second = gate(() => Promise.resolve(2), call);
    await clock.advance(60_000);
    expect(await second).toBe(2);
    expect(counts).toMatchObject({ attempts: 2, waits: 1, waitMs: 60_000, failures: 0 });
  });

  test("nobody queues for an upstream that is down", async () => {
    const { counts, breaker, gate } = setUp({ concurrencyMax: 1 });
    await Promise.allSettled([1, 2].map(() => gate(() => Promise.reject(down), call)));
    expect(breaker.state).toBe("open");
    await expect(gate(() => Promise.resolve(1), call)).rejects.toMatchObject({
      code: "upstream_unavailable",
      retryAfterMs: 5_000,
    });
    expect(counts).toMatchObject({ attempts: 2, refusals: 1 });
  });

  test("who queued before it went down is refused behind the queue, and takes no turn of the window", async () => {
    const { counts, gate } = setUp({ concurrencyMax: 2, callsMax: 2 });
    const ends = [Promise.withResolvers<never>(), Promise.withResolvers<never>()];
    const first = ends.map(({ promise }) => gate(() => promise, call));
    const queued = gate(() => Promise.resolve("late"), call).catch((error: unknown) => error);
    await settle();
    for (const { reject } of ends) reject(down);
    await Promise.allSettled(first);
    expect(await queued).toMatchObject({ code: "upstream_unavailable", retryAfterMs: 5_000 });
    expect(counts).toMatchObject({ attempts: 2 });
  });

  test("who comes at once with a probe is refused, and gives its turn of the window back", async () => {
    const { clock, counts, breaker, gate } = setUp({ callsMax: 5 });
    const ask = () => gate(() => Promise.resolve("ok"), call);
    await Promise.allSettled([1, 2].map(() => gate(() => Promise.reject(down), call)));
    await clock.advance(5_000);
    const answer = Promise.withResolvers<string>();
    const probe = gate(() => answer.promise, call);
    expect(await Promise.allSettled([ask(), ask()])).toMatchObject([
      { reason: { code: "upstream_unavailable" } },
      { reason: { code: "upstream_unavailable" } },
    ]);
    answer.resolve("ok");
    expect(await probe).toBe("ok");
    expect(breaker.state).toBe("closed");
    const { length } = await Promise.all([ask(), ask()]); // without a wait: three turns were used
    expect(counts).toMatchObject({ attempts: 3 + length, waits: 0 });
  });
});
