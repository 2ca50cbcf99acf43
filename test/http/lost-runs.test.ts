/** Places of runs that never leave, because their platform has ended them. */
import { expect, test } from "vitest";
import { withKeyLimits } from "../../src/http/admission/limited-gate.ts";
import { withLostRuns } from "../../src/http/admission/lost-runs.ts";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import { createApp } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import { NEVER } from "../../src/async/never.ts";
import { parseConfig } from "../../src/config.ts";
import { askWith, recordLog } from "../support/app.ts";
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { makeAccess, makeKey } from "../support/keys.ts";

const LIMITS = { runsMax: 2, queueMax: 0, queueTimeoutMs: 500, callerRunsMax: 99 };

test("a run that never leaves has its place, and counts for its key, until it is lost", async () => {
  const clock = createFakeClock();
  const { entry } = await makeKey({ runsMax: 1 });
  const limited = withKeyLimits(
    createRunGate({ clock, ...LIMITS }),
    makeAccess([entry], clock).access.limits,
  );
  const gate = withLostRuns(limited, clock);
  const enter = (callerId: string, deadlineMs: number) => {
    gate.check(callerId);
    return gate.enter({ callerId, signal: NEVER, deadlineMs });
  };
  const lost = await enter(entry.id, 5_000);
  const other = await enter("other", 300_000);
  await clock.advance(65_000);
  expect(() => gate.check(entry.id)).toThrow("too many questions");
  await clock.advance(1);
  const next = await enter(entry.id, 5_000);
  expect(gate.running).toBe(2);
  lost.leave();
  expect(gate.running).toBe(2);
  expect(() => gate.check("other")).toThrow("too many questions");
  next.leave();
  other.leave();
  expect(gate.running).toBe(0);
});

test.each([true, false])(
  "where the platform loses runs, their places are given back: %s",
  async (losesRuns) => {
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    const never = new Promise<never>(() => undefined);
    const app = createApp({
      config: parseConfig({}),
      clock,
      log: recordLog(),
      store: await createTestStore({ faq: { port: "The service listens on port 8787." } }),
      embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
      sentenceEmbedder: wordEmbedder,
      rerankers: {},
      gate: createRunGate({ clock, ...LIMITS, runsMax: 1 }),
      // What comes after an answer is where most runs are ended by their platform.
      archive: { put: () => never, find: () => never, findByKey: () => never },
      losesRuns,
    });
    const ask = async () =>
      (await app.request("/v1/ask", askWith({ question: "Which port?" }))).status;
    expect(await ask()).toBe(200);
    expect(await ask()).toBe(503);
    aheadMs = 121_000;
    expect(await ask()).toBe(losesRuns ? 200 : 503);
  },
);
