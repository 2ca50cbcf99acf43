/** Callers with keys under overload, over sockets: one that fills the queue does not hold up another, and has a share that ends. */
import { expect, test } from "vitest";
import {
  askWorld,
  expectNothingLeft,
  expectNothingPrivate,
  expectStatus,
  onAll,
  toAsk,
  until,
  type World,
} from "../support/chaos-world.ts";
import { bearer, makeKey } from "../support/keys.ts";
import { connectRaw, parseResponses } from "../support/raw-client.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import { seenBy } from "./cell.ts";

const store = useChaosStore();
const NARROW = { RUNS_MAX: "1", RUN_QUEUE_MAX: "40", RUN_QUEUE_TIMEOUT_MS: "50000" };
const QUEUED = 12;

/** Of the questions whose answers the model was asked for, in that order. */
const asked = (world: World): readonly string[] =>
  world.upstream.requests
    .filter(({ path }) => path.endsWith("/chat/completions"))
    .map(({ body }) => /(greedy|modest) \d+/.exec(JSON.stringify(body))?.[0] ?? "");

test("a caller that fills the queue is served in turns with one that asks once", async () => {
  const [greedy, modest] = await Promise.all([makeKey(), makeKey()]);
  await using world = await store.start({
    env: { ...NARROW, CALLER_RUNS_MAX: "30" },
    keys: [greedy.entry, modest.entry],
    upstream: onAll("chat", "stall-after=2", { times: 1 }),
  });
  const ask = (key: string, question: string) =>
    askWorld(world, { body: { question }, headers: bearer(key) });
  await using first = connectRaw(world.port);
  first.send(toAsk({ body: { question: "greedy 0: why jitter?" }, headers: bearer(greedy.key) }));
  await first.sees("text-delta");
  const many = Array.from({ length: QUEUED }, (_, n) =>
    ask(greedy.key, `greedy ${n + 1}: why do retries use jitter?`),
  );
  await until(() => world.gate.waiting === QUEUED, "the queue is not full");
  const one = ask(modest.key, "modest 1: why do retries use jitter?");
  await until(() => world.gate.waiting === QUEUED + 1, "the other caller does not wait");
  first.reset();
  for (const response of await Promise.all([one, ...many])) {
    expectStatus(response, 200);
    expect(checkSse(response.body).end).toMatchObject({ outcome: "finished" });
    expectNothingPrivate(world, seenBy(response));
    expect(seenBy(response)).not.toContain(greedy.key);
  }
  const order = asked(world);
  expect(order).toHaveLength(QUEUED + 2);
  // The first had run before the other came; then each has its turn.
  expect(order.indexOf("modest 1")).toBeLessThanOrEqual(2);
  expect(world.logLines.join("\n")).not.toContain(greedy.key);
  await expectNothingLeft(world, {}, 40_000, bearer(modest.key));
});

test("a caller has so many questions at once, the rest is refused with the time to wait, and another is let in", async () => {
  const [greedy, modest] = await Promise.all([makeKey(), makeKey()]);
  await using world = await store.start({
    env: { ...NARROW, CALLER_RUNS_MAX: "3" },
    keys: [greedy.entry, modest.entry],
    upstream: onAll("chat", "stall-after=2", { times: 1 }),
  });
  const ask = (key: string) => askWorld(world, { headers: bearer(key) });
  await using first = connectRaw(world.port);
  first.send(toAsk({ headers: bearer(greedy.key) }));
  await first.sees("text-delta");
  const waiting = [ask(greedy.key), ask(greedy.key)];
  await until(() => world.gate.waiting === 2, "they do not wait");
  for (let more = 0; more < 5; more += 1) {
    const refused = await ask(greedy.key);
    expectStatus(refused, 503);
    expect(JSON.parse(refused.body)).toMatchObject({ code: "overloaded", retryable: true });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expectNothingPrivate(world, seenBy(refused));
  }
  expect(asked(world)).toHaveLength(1);
  const other = ask(modest.key);
  await until(() => world.gate.waiting === 3, "the other caller is not let in");
  first.reset();
  for (const response of await Promise.all([other, ...waiting])) expectStatus(response, 200);
  expect(asked(world)).toHaveLength(4);
  await first.closed;
  expect(parseResponses(first.received())[0]?.complete).toBe(false);
  await expectNothingLeft(world, {}, 40_000, bearer(modest.key));
});
