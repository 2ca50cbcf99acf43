/** The gate over real sockets: more questions than places, questions that wait, and questions that are the same. */
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import {
  askWorld,
  expectNothingLeft,
  expectNothingPrivate,
  expectStatus,
  onAll,
  QUESTION,
  requestWorld,
  toAsk,
  until,
  type World,
} from "../support/chaos-world.ts";
import {
  connectRaw,
  parseResponses,
  type RawClient,
  type RawResponse,
} from "../support/raw-client.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import { seenBy } from "./cell.ts";

const store = useChaosStore();

const WIDE = { CHAT_CONCURRENCY_MAX: "64", EMBED_CONCURRENCY_MAX: "64" };
/** After a pressure whole answers must be back so soon. */
const RECOVERY_MS = 40_000;
const silentWithin = onAll("chat", "stall-after=2");

const calls = (world: World, on: string): number =>
  world.upstream.journal.totals().byTarget[on] ?? 0;

/** A client that has asked and reads on. */
async function listen(world: World, body: object = {}): Promise<RawClient> {
  const client = connectRaw(world.port);
  client.send(toAsk({ body }));
  await client.sees("text-delta");
  return client;
}

const ANSWER = { status: 200, complete: true, outcome: "finished", answerer: "openai:m" };
const REFUSAL = { status: 503, complete: true, code: "overloaded", retryable: true, later: true };

/** An answer that is whole, or a refusal that says when to come back; nothing else. True for an answer. */
function checkAdmission({ status, headers, body, complete }: RawResponse, isStream: boolean) {
  const said = status === 200 && isStream ? checkSse(body).end : JSON.parse(body);
  const { outcome, answerer, code, retryable } = said as Readonly<Record<string, unknown>>;
  const later = Number(headers.get("retry-after")) >= 1;
  const seen =
    status === 200
      ? { status, complete, outcome, answerer }
      : { status, complete, code, retryable, later };
  expect([ANSWER, REFUSAL]).toContainEqual(seen);
  return status === 200;
}

/** Looks at the service's health again and again; how often it was answered. */
async function watchHealth(world: World, stop: AbortSignal): Promise<number> {
  let answered = 0;
  for (; !stop.aborted; answered += 1)
    expectStatus(await requestWorld(world, "GET", "/livez"), 200);
  return answered;
}

test.concurrent("sixty questions for two places: answers and refusals, nothing else; health is answered; refusals cost nobody", async () => {
  const env = {
    ...WIDE,
    RUNS_MAX: "2",
    RUN_QUEUE_MAX: "4",
    // However late the first two are on a busy machine, who waits has its turn.
    RUN_QUEUE_TIMEOUT_MS: "20000",
    BROWN_OUT_CALM_MS: "50",
  };
  const upstream: SettingsInput = { rules: [{ on: "chat", fault: "latency=100" }] };
  await using world = await store.start({ env, upstream });
  const over = new AbortController();
  const health = watchHealth(world, over.signal);
  let runningMax = 0;
  const asks = Array.from({ length: 60 }, async (_, index) => {
    await delay(index * 10);
    const stream = index % 2 === 0;
    const response = await askWorld(world, { stream });
    runningMax = Math.max(runningMax, world.gate.running);
    expectNothingPrivate(world, seenBy(response));
    return checkAdmission(response, stream);
  });
  const answered = (await Promise.all(asks)).filter(Boolean).length;
  over.abort();
  expect(await health).toBeGreaterThan(0);
  expect(answered).toBeGreaterThan(2);
  expect(answered).toBeLessThan(60);
  expect(runningMax).toBeLessThanOrEqual(2);
  expect(calls(world, "chat")).toBe(answered);
  expect(calls(world, "embeddings")).toBe(answered);
  expect(world.gate.waiting).toBe(0);
  await expectNothingLeft(world, {}, RECOVERY_MS);
});

test.concurrent("a queue without room refuses at once, one with room in its time; both say when to come back", async () => {
  const at = async (env: Readonly<Record<string, string>>): Promise<void> => {
    await using world = await store.start({
      env: { ...WIDE, RUNS_MAX: "1", BROWN_OUT_CALM_MS: "50", ...env },
      upstream: silentWithin,
    });
    await using running = await listen(world);
    const refused = await askWorld(world);
    expect(checkAdmission(refused, true)).toBe(false);
    expectNothingPrivate(world, seenBy(refused));
    expect(calls(world, "embeddings")).toBe(1);
    running.reset();
    await expectNothingLeft(world, {}, RECOVERY_MS);
  };
  await Promise.all([
    at({ RUN_QUEUE_MAX: "0" }),
    at({ RUN_QUEUE_MAX: "3", RUN_QUEUE_TIMEOUT_MS: "100" }),
  ]);
});

test.concurrent("a client that leaves while it waits for its turn is asked for nowhere", async () => {
  const env = { ...WIDE, RUNS_MAX: "1", RUN_QUEUE_MAX: "9", RUN_QUEUE_TIMEOUT_MS: "20000" };
  await using world = await store.start({ env, upstream: silentWithin });
  await using running = await listen(world);
  await using waiting = connectRaw(world.port);
  waiting.send(toAsk());
  await until(() => world.gate.waiting === 1, "nobody waits");
  waiting.reset();
  await until(() => world.gate.waiting === 0, "a client that left still waits");
  expect([calls(world, "embeddings"), calls(world, "chat")]).toEqual([1, 1]);
  running.reset();
  await expectNothingLeft(world);
});

test.concurrent("a full queue sheds what makes answers better, then makes them smaller; in calm all of it comes back", async () => {
  const env = {
    RUNS_MAX: "1",
    RUN_QUEUE_MAX: "10",
    RUN_QUEUE_TIMEOUT_MS: "20000",
    BROWN_OUT_CALM_MS: "100",
  };
  const first: SettingsInput = { rules: [{ on: "chat", fault: "stall-after=2", times: 1 }] };
  await using world = await store.start({ env, upstream: first });
  await using running = await listen(world);
  expect(calls(world, "rerank")).toBe(1);
  const body = { retrieval: { passagesMax: 2 } };
  const asks = Array.from({ length: 10 }, () => askWorld(world, { stream: false, body }));
  await until(() => world.gate.waiting === 10, "the queue is not full");
  running.reset();
  const records = (await Promise.all(asks)).map((response) => {
    expectStatus(response, 200);
    expectNothingPrivate(world, seenBy(response));
    return JSON.parse(response.body) as { readonly degraded: readonly string[] };
  });
  expect(
    records.filter(({ degraded }) => degraded.includes("context_reduced")).length,
  ).toBeGreaterThan(0);
  const shed = records.filter(({ degraded }) => degraded.includes("rerank_skipped")).length;
  // As long as half of the queue is full; how soon it is calm after that is a matter of the machine.
  expect(shed).toBeGreaterThanOrEqual(5);
  expect(calls(world, "rerank")).toBe(1 + records.length - shed);
  await expectNothingLeft(world, {}, RECOVERY_MS);
});

test.concurrent("identical questions share one run, which goes on until the last of them leaves", async () => {
  await using world = await store.start({ upstream: silentWithin });
  const same = { question: QUESTION };
  await using first = await listen(world, same);
  await using second = await listen(world, same);
  expect(parseResponses(second.received())[0]?.headers.get("x-cache")).toBe("shared");
  expect([calls(world, "embeddings"), calls(world, "chat")]).toEqual([1, 1]);
  first.reset();
  await until(() => world.sockets.size === 1, "the first is still there");
  await delay(100);
  expect(world.upstream.journal.totals().left).toBe(0);
  second.reset();
  await until(() => world.upstream.journal.totals().left === 1, "the upstream was not left");
  await expectNothingLeft(world);
});

test.concurrent("twenty who ask the same cost one run, and one more where some want it streamed and some whole", async () => {
  // On a busy machine the last of the twenty comes a second after the first.
  const upstream: SettingsInput = { rules: [{ on: "chat", fault: "latency=2500" }] };
  await using world = await store.start({ upstream });
  const askTwenty = (question: string, isStreamed: (index: number) => boolean) =>
    Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const stream = isStreamed(index);
        const body = { question };
        const response = await askWorld(world, { stream, body });
        expectNothingPrivate(world, seenBy(response));
        expect(checkAdmission(response, stream)).toBe(true);
        return response.headers.get("x-run-id");
      }),
    );
  for (const [question, isStreamed, runs] of [
    ["Why do retries use jitter?", () => true, [1]],
    ["Why is jitter used by retries?", () => false, [1]],
    ["What do retries use jitter for?", (index: number) => index % 2 === 0, [1, 2]],
  ] as const) {
    const before = calls(world, "chat");
    const answers = await askTwenty(question, isStreamed);
    expect(runs).toContain(new Set(answers).size);
    expect(calls(world, "chat") - before).toBe(new Set(answers).size);
  }
  expect(calls(world, "embeddings")).toBe(3);
  await expectNothingLeft(world);
});

test.concurrent("who shares a run that fails is told so, each of them", async () => {
  const upstream: SettingsInput = {
    rules: [
      { on: "embeddings", fault: "latency=300" },
      { on: "chat", fault: "content-filter" },
    ],
  };
  await using world = await store.start({ upstream });
  const body = { question: QUESTION };
  const responses = await Promise.all(
    Array.from({ length: 6 }, () => askWorld(world, { stream: false, body })),
  );
  for (const response of responses) {
    expectStatus(response, 422);
    expect(JSON.parse(response.body)).toMatchObject({ code: "content_filtered" });
    expectNothingPrivate(world, seenBy(response));
  }
  expect(calls(world, "chat")).toBe(1);
  await expectNothingLeft(world);
});
