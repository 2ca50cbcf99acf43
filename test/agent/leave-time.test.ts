import { describe, expect, test } from "vitest";
import { findRemainingMs } from "../../src/async/deadline.ts";
import { leaveTimeToAnswer, leaveTimeToQuote } from "../../src/agent/leave-time.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError } from "../../src/errors.ts";
import { startRun } from "../../src/run.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createFakeClock } from "../support/fake-clock.ts";

function start(deadlineMs: number) {
  const clock = createFakeClock();
  const client = new AbortController();
  const emit = (): Promise<void> => Promise.resolve();
  const given = { clock, deadlineMs, parent: client.signal, emit };
  return { clock, client, run: startRun({ config: parseConfig({}), log: silentLog, ...given }) };
}

describe("time to quote", () => {
  test("a silent model is left a moment before the run ends", async () => {
    const { clock, run } = start(10_000);
    using until = leaveTimeToQuote(run, { shown: false });
    expect(findRemainingMs(until.signal)).toBe(9_500);
    await clock.advance(9_499);
    expect(until.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(until.signal.reason).toMatchObject({ code: "deadline_exceeded", stage: "answer" });
    expect(run.signal.aborted).toBe(false);
  });

  test("of a short time a quarter is kept", async () => {
    const { clock, run } = start(400);
    using until = leaveTimeToQuote(run, { shown: false });
    await clock.advance(299);
    expect(until.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(until.signal.aborted).toBe(true);
  });

  test("a model that has begun to speak has all the time there is", async () => {
    const { clock, run } = start(10_000);
    const progress = { shown: false };
    using until = leaveTimeToQuote(run, progress);
    await clock.advance(5_000);
    progress.shown = true;
    expect(findRemainingMs(until.signal)).toBe(5_000);
    await clock.advance(4_999);
    expect(until.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(until.signal.reason).toBe(run.signal.reason);
  });

  test("it ends with the run, and leaves no timer", () => {
    const { clock, client, run } = start(10_000);
    {
      using until = leaveTimeToQuote(run, { shown: false });
      client.abort(new AppError("cancelled"));
      expect(until.signal.reason).toMatchObject({ code: "cancelled" });
    }
    expect(clock.pending).toBe(0);
  });
});

test("who gathers leaves the time an answer takes, of a short time a quarter", () => {
  using long = leaveTimeToAnswer(start(60_000).run);
  expect(long.remainingMs()).toBe(55_000);
  using short = leaveTimeToAnswer(start(4_000).run);
  expect(short.remainingMs()).toBe(3_000);
});
