/** Call policies over real sockets: what one failure, or many, make of the questions after it. */
import { expect, test, vi } from "vitest";
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import { systemClock } from "../../src/async/clock.ts";
import {
  type AskOptions,
  askWorld,
  expectNothingLeft,
  expectNothingPrivate,
  onAll,
  until,
  type World,
} from "../support/chaos-world.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import { seenBy } from "./cell.ts";

const store = useChaosStore();

const calls = (world: World, on: string): number =>
  world.upstream.journal.totals().byTarget[on] ?? 0;

/** Asks once of an upstream told so and gives the last event, which must be there. */
async function ask(world: World, upstream: SettingsInput, options: AskOptions = {}) {
  world.upstream.set(upstream);
  world.upstream.journal.reset();
  const response = await askWorld(world, options);
  expect(response.status).toBe(200);
  expectNothingPrivate(world, seenBy(response));
  const { end, text } = checkSse(response.body);
  expect(text).not.toBe("");
  await until(() => world.upstream.journal.totals().open === 0, "an exchange is still open");
  return end;
}

/** Whole answers must be back so soon after the upstream is. */
const RECOVERY_MS = 40_000;
const HOUR_MS = 3_600_000;
const whole = { outcome: "finished", answerer: "openai:m", degraded: [] };

interface Outage {
  readonly on: "chat" | "embeddings" | "rerank";
  readonly fault: string;
  /** Calls for each question, as long as the breaker is closed. */
  readonly attempts: 1 | 3;
  readonly sees: object;
}

const noModel = { answerer: "extractive", degraded: ["extractive"] };
const noVectors = { answerer: "openai:m", degraded: ["vector_unavailable"] };
const noScores = { answerer: "openai:m", degraded: ["rerank_skipped"] };

const outages: readonly Outage[] = [
  { on: "chat", fault: "status=503", attempts: 3, sees: noModel },
  { on: "chat", fault: "error-after=0:overloaded_error", attempts: 3, sees: noModel },
  { on: "chat", fault: "status=401", attempts: 1, sees: noModel },
  { on: "chat", fault: "quota", attempts: 1, sees: noModel },
  { on: "embeddings", fault: "reset", attempts: 3, sees: noVectors },
  { on: "embeddings", fault: "status=401", attempts: 1, sees: noVectors },
  { on: "rerank", fault: "status=401", attempts: 1, sees: noScores },
];

test.each(outages)(
  "a breaker that $fault of $on has opened costs no call, and one probe closes it",
  async ({ on, fault, attempts, sees }) => {
    // However long a question takes on a busy machine: the time to wait passes when it is told to.
    const state = { laterMs: 0 };
    const now = () => performance.now() + state.laterMs;
    using _ = vi.spyOn(systemClock, "now").mockImplementation(now);
    const env = { BREAKER_SAMPLES_MIN: "3", BREAKER_OPEN_MS: `${HOUR_MS}` };
    await using world = await store.start({ env });
    const failing = onAll(on, fault);
    for (let failures = 0; failures < 3; failures += attempts) {
      expect(await ask(world, failing)).toMatchObject(sees);
      expect(calls(world, on)).toBe(attempts);
    }
    expect(await ask(world, failing)).toMatchObject(sees);
    expect(calls(world, on)).toBe(0);
    state.laterMs = HOUR_MS;
    expect(await ask(world, { rules: [] })).toMatchObject(whole);
    expect(calls(world, on)).toBe(1);
    await expectNothingLeft(world);
  },
);

test.concurrent("a failed probe keeps the breaker open", async () => {
  const env = { BREAKER_SAMPLES_MIN: "3", BREAKER_OPEN_MS: "300" };
  await using world = await store.start({ env });
  const failing = onAll("chat", "status=503");
  await ask(world, failing);
  const untilMs = performance.now() + RECOVERY_MS;
  let probes = 0;
  while (probes < 2 && performance.now() < untilMs) {
    expect(await ask(world, failing)).toMatchObject(noModel);
    // A probe is one call, whatever the policy of attempts.
    expect(calls(world, "chat")).toBeLessThanOrEqual(1);
    probes += calls(world, "chat");
  }
  expect(probes).toBe(2);
  await expectNothingLeft(world, {}, RECOVERY_MS);
});

test.concurrent("retries are paid for, and when nothing is left a failure is not asked again; successes fill it up", async () => {
  const env = { RETRY_TOKENS_MAX: "2", RETRY_COST: "2", RETRY_STALL_COST: "2" };
  await using world = await store.start({ env });
  const failing = onAll("chat", "status=503");
  expect(await ask(world, failing)).toMatchObject(noModel);
  expect(calls(world, "chat")).toBe(2);
  expect(await ask(world, failing)).toMatchObject(noModel);
  expect(calls(world, "chat")).toBe(1);
  expect(await ask(world, { rules: [] })).toMatchObject(whole);
  expect(await ask(world, { rules: [] })).toMatchObject(whole);
  expect(await ask(world, onAll("chat", "status=503", { times: 1 }))).toMatchObject(whole);
  expect(calls(world, "chat")).toBe(2);
  await expectNothingLeft(world);
});

test.concurrent("each upstream pays for its own retries", async () => {
  const env = { RETRY_TOKENS_MAX: "2", RETRY_COST: "2", RETRY_STALL_COST: "2" };
  await using world = await store.start({ env });
  await ask(world, onAll("chat", "status=503"));
  expect(await ask(world, onAll("embeddings", "status=503", { times: 1 }))).toMatchObject(whole);
  expect(calls(world, "embeddings")).toBe(2);
  await expectNothingLeft(world);
});

test.concurrent.each(["embeddings", "rerank"] as const)(
  "one call of %s that hangs is overtaken by a second one, and its socket is closed",
  async (on) => {
    const env = { HEDGE_SHARE_MAX: "1", EMBED_CONCURRENCY_MAX: "2" };
    await using world = await store.start({ env });
    for (let asked = 0; asked < 20; asked += 1) await ask(world, { rules: [] });
    expect(await ask(world, onAll(on, "stall-headers", { times: 1 }))).toMatchObject(whole);
    // On a busy machine the second one may be late as well, and a third goes out.
    expect([2, 3]).toContain(calls(world, on));
    expect([1, 2]).toContain(world.upstream.journal.totals().left);
    await expectNothingLeft(world);
  },
);

test.concurrent("without a share for it nothing is asked twice", async () => {
  const env = { HEDGE_SHARE_MAX: "0", EMBED_CONCURRENCY_MAX: "2" };
  await using world = await store.start({ env });
  for (let asked = 0; asked < 20; asked += 1) await ask(world, { rules: [] });
  const late = onAll("embeddings", "latency=400", { times: 1 });
  expect(await ask(world, late)).toMatchObject(whole);
  expect(calls(world, "embeddings")).toBe(1);
  await expectNothingLeft(world);
});

test.concurrent("the vector of a question is asked for once, and again only after a failure", async () => {
  await using world = await store.start();
  const same = { body: { question: "What does a bounded queue do?" } };
  expect(await ask(world, onAll("embeddings", "status=401"), same)).toMatchObject(noVectors);
  expect(await ask(world, { rules: [] }, same)).toMatchObject(whole);
  expect(calls(world, "embeddings")).toBe(1);
  expect(await ask(world, { rules: [] }, same)).toMatchObject(whole);
  expect(calls(world, "embeddings")).toBe(0);
  await expectNothingLeft(world);
});
