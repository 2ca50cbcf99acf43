import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Breaker, createBreaker } from "../../src/async/breaker.ts";
import { createCounts } from "../../src/async/upstream-stats.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";

const OPEN_MS = 5_000;
const SAMPLES_MIN = 4;

function setUp(given: { readonly failureShare?: number; readonly windowMs?: number } = {}) {
  const clock = createFakeClock();
  const { counts, count } = createCounts();
  const breaker = createBreaker({
    clock,
    source: "the model",
    failureShare: 0.75,
    samplesMin: SAMPLES_MIN,
    samplesMax: 8,
    windowMs: 60_000,
    openMs: OPEN_MS,
    count,
    ...given,
  });
  return { clock, breaker, counts };
}

const fail = (breaker: Breaker, code: ErrorCode = "upstream_unavailable"): Promise<unknown> =>
  breaker.guard(() => Promise.reject(new AppError(code))).catch((error: unknown) => error);
const succeed = (breaker: Breaker): Promise<unknown> =>
  breaker.guard(() => Promise.resolve("ok")).catch((error: unknown) => error);

async function open(breaker: Breaker): Promise<void> {
  for (let count = 0; count < SAMPLES_MIN; count += 1) await fail(breaker);
  expect(breaker.state).toBe("open");
}

/** A call that is under way until told how it ends. */
function start(breaker: Breaker) {
  const end = Promise.withResolvers<string>();
  let proof = (): void => {};
  const result = breaker
    .guard((given) => {
      proof = given;
      return end.promise;
    })
    .catch((error: unknown) => error);
  return { end, result, proof: () => proof() };
}

describe("a breaker", () => {
  test("opens when enough of the last calls failed, and then answers without a call", async () => {
    const { breaker, clock, counts } = setUp();
    await succeed(breaker);
    for (let count = 0; count < 2; count += 1) await fail(breaker);
    expect(breaker.state).toBe("closed");
    await fail(breaker);
    expect(breaker.state).toBe("open");
    await clock.advance(2_000);
    let called = false;
    const refused = breaker.guard(async () => (called = true));
    await expect(refused).rejects.toMatchObject({
      code: "upstream_unavailable",
      retryAfterMs: OPEN_MS - 2_000,
    });
    expect(() => breaker.check()).toThrow("the model has failed lately");
    expect(called).toBe(false);
    expect(counts).toMatchObject({ failures: 3, refusals: 2 });
  });

  test("forgets calls that are too old, and those beyond the last ones", async () => {
    const { breaker, clock } = setUp({ windowMs: 1_000 });
    for (let count = 0; count < 3; count += 1) await fail(breaker);
    await clock.advance(1_001);
    await fail(breaker);
    expect(breaker.state).toBe("closed");
    const long = setUp();
    for (let count = 0; count < 100; count += 1) await succeed(long.breaker);
    for (let count = 0; count < 6; count += 1) await fail(long.breaker);
    expect(long.breaker.state).toBe("open"); // six of eight; the others are forgotten
  });

  test.each<[ErrorCode, "open" | "closed"]>([
    ["upstream_unavailable", "open"],
    ["upstream_rate_limited", "open"],
    ["upstream_stalled", "open"],
    ["upstream_truncated", "open"],
    ["upstream_bad_response", "open"],
    ["upstream_config", "open"],
    ["embedding_invalid", "open"],
    ["content_filtered", "closed"],
    ["context_too_long", "closed"],
    ["cancelled", "closed"],
    ["deadline_exceeded", "closed"],
    ["overloaded", "closed"],
    ["internal", "closed"],
  ])("is after nothing but %s %s", async (code, state) => {
    const { breaker } = setUp();
    for (let count = 0; count < 20; count += 1) await fail(breaker, code);
    expect(breaker.state).toBe(state);
  });

  test("lets one probe through, and closes on its success", async () => {
    const { breaker, clock } = setUp();
    await open(breaker);
    await clock.advance(OPEN_MS);
    const probe = start(breaker);
    expect(breaker.state).toBe("half-open");
    expect(await succeed(breaker)).toMatchObject({ code: "upstream_unavailable" });
    probe.end.resolve("ok");
    expect(await probe.result).toBe("ok");
    expect(breaker.state).toBe("closed");
    await fail(breaker);
    expect(breaker.state).toBe("closed"); // it begins anew
  });

  test("stays open when the probe fails, and asks again after the same time", async () => {
    const { breaker, clock } = setUp();
    await open(breaker);
    await clock.advance(OPEN_MS);
    await fail(breaker);
    expect(breaker.state).toBe("open");
    await clock.advance(OPEN_MS - 1);
    expect(await succeed(breaker)).toMatchObject({ retryAfterMs: 1 });
    await clock.advance(1);
    expect(await succeed(breaker)).toBe("ok");
  });

  test("a stream proves that the upstream works with its first item, not with its end", async () => {
    const { breaker, clock } = setUp();
    await open(breaker);
    await clock.advance(OPEN_MS);
    const stream = start(breaker);
    stream.proof();
    expect(breaker.state).toBe("closed");
    expect(await succeed(breaker)).toBe("ok");
    stream.end.reject(new AppError("upstream_truncated"));
    expect(await stream.result).toMatchObject({ code: "upstream_truncated" });
    expect(breaker.state).toBe("closed");
  });

  test("a probe whose caller left makes room for the next at once", async () => {
    const { breaker, clock } = setUp();
    await open(breaker);
    await clock.advance(OPEN_MS);
    await fail(breaker, "cancelled");
    expect(await succeed(breaker)).toBe("ok");
    expect(breaker.state).toBe("closed");
  });

  test("a probe that hangs does not put off the next one, and its late failure changes nothing", async () => {
    const { breaker, clock } = setUp();
    await open(breaker);
    await clock.advance(OPEN_MS);
    const hanging = start(breaker);
    await clock.advance(OPEN_MS);
    expect(await succeed(breaker)).toBe("ok");
    hanging.end.reject(new AppError("upstream_stalled"));
    await hanging.result;
    expect(breaker.state).toBe("closed");
  });

  test("what began before it opened neither closes it nor keeps it open", async () => {
    const { breaker, clock } = setUp();
    const early = start(breaker);
    const other = start(breaker);
    await open(breaker);
    early.end.resolve("late");
    expect(await early.result).toBe("late");
    expect(breaker.state).toBe("open");
    await clock.advance(OPEN_MS - 1);
    other.end.reject(new AppError("upstream_stalled"));
    await other.result;
    await clock.advance(1);
    expect(await succeed(breaker)).toBe("ok");
  });

  test("whatever happened, it works again within one interval of the upstream's healing", async () => {
    const step = fc.oneof(
      fc.record({ ms: fc.integer({ min: 0, max: 7_000 }) }),
      fc.constantFrom<ErrorCode>("upstream_unavailable", "cancelled", "context_too_long"),
    );
    const run = async (clock: FakeClock, breaker: Breaker, steps: readonly unknown[]) => {
      for (const one of steps) {
        if (typeof one === "string") await fail(breaker, one as ErrorCode);
        else await clock.advance((one as { ms: number }).ms);
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { breaker, clock } = setUp();
        await run(clock, breaker, steps);
        await clock.advance(OPEN_MS);
        expect(await succeed(breaker)).toBe("ok");
        expect(breaker.state).toBe("closed");
      }),
      { numRuns: 60 },
    );
  });
});
