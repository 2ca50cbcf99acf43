/** Call policies and the gate over real sockets: what one failure, or many, make of the questions after it. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import { systemClock } from "../../src/async/clock.ts";
import { createRunGate } from "../../src/http/run-gate.ts";
import {
  askWorld,
  countResources,
  expectNothingLeft,
  expectNothingPrivate,
  expectResourcesBack,
  makeChaosStore,
  QUESTION,
  startWorld,
  toAsk,
  until,
  type World,
} from "../support/chaos-world.ts";
import type { TempFolder } from "../support/local-store.ts";
import { connectRaw, parseResponses } from "../support/raw-client.ts";
import { checkSse } from "../support/sse-checker.ts";
import { seenBy } from "./cell.ts";

let folder: TempFolder;
const before = countResources();
beforeAll(async () => {
  folder = await makeChaosStore();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await expectResourcesBack(before);
});

const calls = (world: World, on: string): number =>
  world.upstream.journal.totals().byTarget[on] ?? 0;

/** Asks once and gives the last event, which must be there. */
async function ask(world: World, upstream: SettingsInput) {
  world.upstream.set(upstream);
  world.upstream.journal.reset();
  const response = await askWorld(world);
  expect(response.status).toBe(200);
  expectNothingPrivate(world, seenBy(response));
  const { end, text } = checkSse(response.body);
  expect(text).not.toBe("");
  return end;
}

const chatFails = (fault: string, times: number): SettingsInput => ({
  rules: [{ on: "chat", fault, times }],
});

describe("a fallback model", () => {
  const env = { CHAT_MODELS_FALLBACK: "n" };
  test.each(["status=503", "error-after=0", "eof-after=0", "html"])(
    "writes when the first fails before its first word: %s",
    async (fault) => {
      await using world = await startWorld({ folder, env });
      // A web page is asked for once more only; three attempts are for all models together.
      const end = await ask(world, chatFails(fault, 2));
      expect(end).toMatchObject({
        outcome: "finished",
        answerer: "openai:n",
        degraded: ["llm_fallback_model"],
      });
      expect(calls(world, "chat")).toBe(3);
      await expectNothingLeft(world);
    },
  );

  test("never takes over after text was shown", async () => {
    await using world = await startWorld({ folder, env });
    const end = await ask(world, chatFails("reset-after=3", 1));
    expect(end).toMatchObject({ outcome: "failed", error: { code: "upstream_truncated" } });
    expect(calls(world, "chat")).toBe(1);
    await expectNothingLeft(world);
  });
});

test("a breaker that has opened costs no call, and one probe closes it", async () => {
  const env = { BREAKER_SAMPLES_MIN: "3", BREAKER_OPEN_MS: "600" };
  await using world = await startWorld({ folder, env });
  const dead: SettingsInput = { rules: [{ on: "chat", fault: "status=503" }] };
  await ask(world, dead); // its three attempts are enough
  const refused = await ask(world, dead);
  expect(refused).toMatchObject({ answerer: "extractive", degraded: ["extractive"] });
  expect(calls(world, "chat")).toBe(0);
  await delay(650);
  expect(await ask(world, { rules: [] })).toMatchObject({ answerer: "openai:m", degraded: [] });
  expect(calls(world, "chat")).toBe(1);
  await expectNothingLeft(world);
});

test("retries are paid for, and when nothing is left a failure is not asked again", async () => {
  const env = { RETRY_TOKENS_MAX: "10", RETRY_COST: "10", RETRY_STALL_COST: "10" };
  await using world = await startWorld({ folder, env });
  await ask(world, { rules: [{ on: "chat", fault: "status=503" }] });
  expect(calls(world, "chat")).toBe(2);
  await ask(world, { rules: [{ on: "chat", fault: "status=503" }] });
  expect(calls(world, "chat")).toBe(1);
  await expectNothingLeft(world);
});

test("an embedding call that hangs is overtaken by a second one, and its socket is closed", async () => {
  await using world = await startWorld({
    folder,
    env: { HEDGE_SHARE_MAX: "1", EMBED_CONCURRENCY_MAX: "2" },
  });
  for (let asked = 0; asked < 20; asked += 1) await ask(world, { rules: [] });
  const hanging: SettingsInput = {
    rules: [{ on: "embeddings", fault: "stall-headers", times: 1 }],
  };
  expect(await ask(world, hanging)).toMatchObject({ answerer: "openai:m", degraded: [] });
  expect(calls(world, "embeddings")).toBe(2);
  expect(world.upstream.journal.totals().left).toBe(1);
  await expectNothingLeft(world);
});

test("beyond its places the service refuses at once and says when to come back", async () => {
  const clock = systemClock;
  const gate = createRunGate({
    clock,
    runsMax: 1,
    queueMax: 0,
    queueTimeoutMs: 100,
    callerRunsMax: 9,
  });
  await using world = await startWorld({ folder, gate });
  world.upstream.set({ rules: [{ on: "chat", fault: "stall-after=2" }] });
  await using running = connectRaw(world.port);
  running.send(toAsk());
  await until(() => running.received().includes("text-delta"), "no text came");
  const refused = await askWorld(world);
  expect(refused.status).toBe(503);
  expect(JSON.parse(refused.body)).toMatchObject({ code: "overloaded", retryable: true });
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  expectNothingPrivate(world, seenBy(refused));
  running.socket.destroy();
  await expectNothingLeft(world);
});

test("identical questions share one run, which goes on until the last of them leaves", async () => {
  await using world = await startWorld({ folder });
  world.upstream.set({ rules: [{ on: "chat", fault: "stall-after=2" }] });
  world.upstream.journal.reset();
  const same = { body: { question: QUESTION } };
  await using first = connectRaw(world.port);
  first.send(toAsk(same));
  await until(() => first.received().includes("text-delta"), "no text came");
  await using second = connectRaw(world.port);
  second.send(toAsk(same));
  await until(() => second.received().includes("text-delta"), "no text came to the second");
  expect(parseResponses(second.received())[0]?.headers.get("x-cache")).toBe("shared");
  expect(calls(world, "chat")).toBe(1);
  first.socket.destroy();
  await delay(100);
  expect(world.upstream.journal.totals().left).toBe(0);
  second.socket.destroy();
  await until(() => world.upstream.journal.totals().left === 1, "the upstream was not left");
  await expectNothingLeft(world);
});
