import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Breaker, createBreaker } from "../../src/async/breaker.ts";
import { createCounts } from "../../src/async/upstream-stats.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";

const OPEN_MS = 5_000;
const SAMPLES_MIN = 4;

interface Given {
  readonly failureShare?: number;
  readonly windowMs?: number;
  readonly random?: () => number;
}

function setUp(given: Given = {}) {
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
    random: () => 0,
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

  test("asks again up to a quarter sooner, by chance, so that processes do not all do so at once", async () => {
    const draws = [0.8, 0, 0.4];
    const { breaker, clock } = setUp({ random: () => draws.shift() ?? 1 });
    await open(breaker);
    expect(await succeed(breaker)).toMatchObject({ retryAfterMs: 4_000 });
    await clock.advance(3_999);
    expect(await succeed(breaker)).toMatchObject({ retryAfterMs: 1 });
    await clock.advance(1);
    const probe = start(breaker);
    expect(await succeed(breaker)).toMatchObject({ retryAfterMs: OPEN_MS });
    probe.end.reject(new AppError("upstream_unavailable"));
    await probe.result;
    expect(await succeed(breaker)).toMatchObject({ retryAfterMs: 4_500 });
    expect(draws).toEqual([]);
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

  test.each<ErrorCode>(["content_filtered", "context_too_long"])(
    "a probe that is refused for what is in it, %s, shows that the upstream works",
    async (code) => {
      const { breaker, clock } = setUp();
      await open(breaker);
      await clock.advance(OPEN_MS);
      await fail(breaker, code);
      expect(breaker.state).toBe("closed");
    },
  );

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

  test("a probe that takes longer than the time between two closes it when it succeeds", async () => {
    const { breaker, clock } = setUp();
    await open(breaker);
    await clock.advance(OPEN_MS);
    const slow = start(breaker);
    await clock.advance(OPEN_MS);
    const next = start(breaker);
    await clock.advance(1_000);
    slow.proof();
    expect(breaker.state).toBe("closed");
    next.end.reject(new AppError("upstream_stalled"));
    await next.result;
    for (let count = 1; count < SAMPLES_MIN; count += 1) await fail(breaker);
    expect(breaker.state).toBe("closed"); // what was begun before it closed says nothing either
    await fail(breaker);
    expect(breaker.state).toBe("open");
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

describe("a breaker, of calls that their callers' deadlines cut", () => {
  const HASTY_MS = 3_000;
  const PATIENT_MS = 60_000;

  /** A call that hears nothing until its caller's time is over. */
  const hang = async (
    { breaker, clock }: ReturnType<typeof setUp>,
    ms: number,
  ): Promise<unknown> => {
    const result = breaker
      .guard(async () => {
        const silence = Promise.withResolvers<never>();
        clock.timer(ms, () => silence.reject(new AppError("deadline_exceeded")));
        return silence.promise;
      }, ms)
      .catch((error: unknown) => error);
    await clock.advance(ms);
    return result;
  };
  const ask = (breaker: Breaker, patienceMs: number): Promise<unknown> =>
    breaker.guard(() => Promise.resolve("ok"), patienceMs).catch((error: unknown) => error);

  test("refuses those who would wait no longer, and nobody with more time", async () => {
    const call = setUp();
    const { breaker, counts } = call;
    for (let count = 0; count < SAMPLES_MIN; count += 1) await hang(call, HASTY_MS);
    expect(breaker.state).toBe("half-open");
    expect(counts.failures).toBe(0); // the upstream has not failed, as far as anyone knows
    for (const patienceMs of [HASTY_MS, 1.2 * HASTY_MS]) {
      expect(await ask(breaker, patienceMs)).toMatchObject({
        code: "deadline_exceeded",
        detail: expect.stringContaining("the model has lately been silent"),
        retryAfterMs: OPEN_MS,
      });
    }
    expect([breaker.isOpenFor(HASTY_MS), breaker.isOpenFor(PATIENT_MS)]).toEqual([true, false]);
    expect(await hang(call, PATIENT_MS)).toMatchObject({ code: "deadline_exceeded" });
  });

  test("a model that is only slow stays closed to the hasty and open to the patient", async () => {
    const call = setUp();
    const { breaker, clock } = call;
    for (let count = 0; count < SAMPLES_MIN; count += 1) await hang(call, HASTY_MS);
    for (let count = 0; count < 20; count += 1) {
      const answer = Promise.withResolvers<string>();
      const patient = breaker.guard(() => answer.promise, PATIENT_MS);
      await clock.advance(4_000); // its first word comes later than the hasty would wait
      answer.resolve("ok");
      expect(await patient).toBe("ok");
      expect(breaker.isOpenFor(HASTY_MS)).toBe(true);
      await hang(call, HASTY_MS); // a probe
    }
    expect(await ask(breaker, PATIENT_MS)).toBe("ok"); // at once: soon enough for the hasty too
    expect(breaker.state).toBe("closed");
    expect(await ask(breaker, HASTY_MS)).toBe("ok");
  });

  test("a success of the hasty closes it", async () => {
    const call = setUp();
    for (let count = 0; count < SAMPLES_MIN; count += 1) await hang(call, HASTY_MS);
    await call.clock.advance(OPEN_MS);
    expect(await ask(call.breaker, HASTY_MS)).toBe("ok");
    expect(call.breaker.state).toBe("closed");
  });

  test("failures of the upstream itself close it to everyone, whoever was cut before", async () => {
    const call = setUp();
    const { breaker } = call;
    for (let count = 0; count < SAMPLES_MIN; count += 1) await hang(call, HASTY_MS);
    for (let count = 0; count < SAMPLES_MIN; count += 1) await fail(breaker, "upstream_stalled");
    expect(breaker.state).toBe("open");
    expect(await ask(breaker, PATIENT_MS)).toMatchObject({ code: "upstream_unavailable" });
  });

  test("a probe of the hasty does not keep the patient from trying whether it works again", async () => {
    const call = setUp();
    const { breaker, clock } = call;
    await open(breaker);
    await clock.advance(OPEN_MS);
    await hang(call, HASTY_MS);
    expect(await ask(breaker, HASTY_MS)).toMatchObject({ retryAfterMs: OPEN_MS });
    const patient = breaker.guard(() => Promise.reject(new AppError("cancelled")), PATIENT_MS);
    await expect(patient).rejects.toMatchObject({ code: "cancelled" });
    const answer = Promise.withResolvers<string>();
    const other = breaker.guard(() => answer.promise, PATIENT_MS);
    expect(await ask(breaker, PATIENT_MS)).toMatchObject({ code: "upstream_unavailable" }); // one at a time
    await clock.advance(4_000);
    answer.resolve("ok");
    expect(await other).toBe("ok");
    expect(breaker.state).toBe("closed");
  });

  test("a moment of silence, a word before it, and a caller who left say nothing", async () => {
    const call = setUp();
    const { breaker, clock } = call;
    for (let count = 0; count < 20; count += 1) await hang(call, 900);
    for (let count = 0; count < 20; count += 1) {
      const ends = [start(breaker), start(breaker)] as const;
      ends[0].proof();
      await clock.advance(5_000);
      ends[0].end.reject(new AppError("deadline_exceeded"));
      ends[1].end.reject(new AppError("cancelled"));
      await Promise.all(ends.map(({ result }) => result));
    }
    expect(breaker.state).toBe("closed");
  });

  test("however the hasty come and go, who has a third more time than any of them is let through", async () => {
    const call = fc.integer({ min: 1, max: 20_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 40 }), async (patiences) => {
        const state = setUp({ windowMs: 3_600_000 });
        for (const patienceMs of patiences) await hang(state, patienceMs);
        const patientMs = Math.max(...patiences) * (4 / 3);
        expect(state.breaker.isOpenFor(patientMs)).toBe(false);
        // And who would have waited no longer than the least of enough others is not.
        const last = patiences.slice(-SAMPLES_MIN);
        const isEnough = last.length === SAMPLES_MIN && Math.min(...last) >= 1_000;
        expect(state.breaker.isOpenFor(Math.min(...last)) || !isEnough).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
