/** Runs that never end, because their platform has ended them: their places, their records, and how it does not come to that. */
import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../../src/domain/event.ts";
import type { AppError } from "../../../src/errors.ts";
import type { Runner } from "../../../src/http/service.ts";
import { withKeyLimits } from "../../../src/http/admission/with-key-limits.ts";
import { withLostRuns } from "../../../src/http/admission/with-lost-runs.ts";
import { createRunGate } from "../../../src/http/admission/run-gate.ts";
import { createApp } from "../../../src/app.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { NEVER } from "../../../src/async/never.ts";
import { parseConfig } from "../../../src/config.ts";
import {
  askWith,
  makeApp,
  makeEnd,
  makeService,
  parseMessages,
  recordLog,
  retrievalEnd,
  runStart,
  wantsEvents,
} from "../../support/app.ts";
import { createTestStore, wordModels } from "../../support/collections.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { makeAccess, makeKey } from "../../support/keys.ts";

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
      ...wordModels,
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

const runId = "lost-run";

/** Says that it has begun, and then only what it was told to end for; deaf: not even that. */
function stuck({ isDeaf }: { readonly isDeaf: boolean }): Runner {
  return async function* (_ask, signal) {
    yield { ...runStart, runId } as RunEvent;
    yield retrievalEnd;
    await new Promise((resolve) => {
      if (!isDeaf) signal.addEventListener("abort", resolve);
    });
    const { code, detail, retryable } = signal.reason as AppError;
    yield makeEnd({
      runId,
      outcome: "expired",
      error: { code, detail, retryable },
    });
  };
}

function serve({ losesRuns = true, isDeaf = false } = {}) {
  const clock = createFakeClock();
  const service = makeService({ clock, losesRuns, answer: stuck({ isDeaf }) });
  const app = makeApp(service);
  const path = `/v1/runs/${runId}`;
  const ask = (headers: Record<string, string>, signal: AbortSignal = NEVER) => {
    const init = askWith({ question: "Which port?", deadlineMs: 60_000 }, headers);
    return app.request("/v1/ask", { ...init, signal });
  };
  const record = async () => (await (await app.request(path)).json()) as Record<string, unknown>;
  return { app, clock, service, path, ask, record };
}

describe("a kept run is ended in time, and says why", () => {
  test("after its address was given", async () => {
    const { ask, clock, record, service } = serve();
    expect((await ask({ Prefer: "respond-async" })).status).toBe(202);
    await clock.advance(24_999);
    expect(await record()).toMatchObject({ status: "running" });
    await clock.advance(1);
    expect(await record()).toMatchObject({
      status: "ended",
      outcome: "expired",
      error: { code: "deadline_exceeded", detail: expect.stringContaining("25 seconds") as string },
    });
    expect(service.gate.running).toBe(0);
  });

  test("after its client has left, whoever else came and went", async () => {
    const { app, ask, clock, path, record } = serve();
    const [client, other] = [new AbortController(), new AbortController()];
    const response = await ask({ ...wantsEvents, Prefer: "keep-run" }, client.signal);
    await response.body!.getReader().read();
    await app.request(`${path}/events`, { headers: wantsEvents, signal: other.signal });
    other.abort();
    await clock.advance(30_000);
    expect(await record()).toMatchObject({ status: "running" });
    client.abort();
    await clock.advance(25_000);
    expect(await record()).toMatchObject({ status: "ended", outcome: "expired" });
  });

  test("but not where the platform leaves it alone", async () => {
    const { ask, clock, record } = serve({ losesRuns: false });
    await ask({ Prefer: "respond-async" });
    await clock.advance(59_000);
    expect(await record()).toMatchObject({ status: "running" });
  });
});

describe("a run that the platform has ended", () => {
  const start = async () => {
    const served = serve({ isDeaf: true });
    await served.ask({ Prefer: "respond-async", "Idempotency-Key": "once" });
    await served.clock.advance(120_000);
    expect(await served.record()).toMatchObject({ status: "running" });
    return served;
  };
  const lost = {
    status: "ended",
    outcome: "expired",
    error: { code: "deadline_exceeded", detail: expect.stringContaining("platform") as string },
    passages: [{ text: "Timeouts are limits." }],
  };

  test("has an end for everyone who looks at it, a minute after its deadline", async () => {
    const { app, clock, path, record, service } = await start();
    const response = await app.request(`${path}/events`, { headers: wantsEvents });
    const reading = response.text();
    await clock.advance(1);
    expect(await record()).toMatchObject(lost);
    const told = parseMessages(await reading).map(({ data }) => data.type);
    expect(told).toEqual(["run-start", "retrieval-end", "run-end"]);
    const cancelled = await app.request(path, { method: "DELETE" });
    expect(await cancelled.json()).toMatchObject(lost);
    expect(service.log.lines.filter((line) => line.startsWith("warn run-lost"))).toHaveLength(1);
  });

  test("has it when the next one begins, which is another one, under the same key too", async () => {
    const { ask, clock, service } = await start();
    await clock.advance(1);
    expect((await ask({ Prefer: "respond-async", "Idempotency-Key": "once" })).status).toBe(202);
    expect(service.asked).toHaveLength(2);
    expect(service.log.lines.join("\n")).toContain("warn run-lost");
  });
});
