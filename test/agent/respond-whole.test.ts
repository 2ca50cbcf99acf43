/** An answer that is given whole, at its end: nobody has seen what a model wrote before it broke off. */
import { expect, test } from "vitest";
import { answer } from "../../src/answer.ts";
import { systemClock } from "../../src/async/clock.ts";
import { NEVER } from "../../src/async/never.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import { toFinishedRun } from "../../src/http/response/run-record.ts";
import type { ChatModel } from "../../src/models/model.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createTestStore, wordModels } from "../support/collections.ts";
import { testConfig, toAsk } from "../support/run.ts";
import { createLeakyChat, createScriptedChat, says } from "../support/scripted-chat.ts";

const TEXT = "Retries use jitter so that clients do not come back at the same moment.";

async function ask(chat: ChatModel, deadlineMs = 30_000, isWhole = true) {
  const deps = {
    config: testConfig,
    clock: systemClock,
    log: silentLog,
    store: await createTestStore({ handbook: { retries: TEXT } }),
    ...wordModels,
    chat,
    isWhole,
  };
  const events: RunEvent[] = [];
  const request = toAsk("Why do retries use jitter?", { deadlineMs });
  for await (const event of answer(deps, request, NEVER)) events.push(event);
  return toFinishedRun(events);
}

const WRITTEN = says("Retries use jitter [1]. A made").slice(0, -2);

test.each(["upstream_truncated", "upstream_stalled", "context_too_long"] as const)(
  "what a model wrote before it broke off (%s) is withdrawn, and sentences are quoted",
  async (code) => {
    const chat = createScriptedChat([...WRITTEN, new AppError(code)]);
    const record = await ask(chat);
    expect(record).toMatchObject({ outcome: "finished", answerer: "extractive" });
    expect(record.degraded).toEqual(["extractive"]);
    expect(record.answer).toMatch(/^Retries use jitter so that clients/);
    expect(record.checks).toHaveLength(1);
    expect(record.usage.requests).toBe(1);
  },
);

test("a model that has not ended in time is not waited for, though it has begun", async () => {
  const record = await ask(createScriptedChat([...WRITTEN, "hang"]), 2_000);
  expect(record).toMatchObject({ outcome: "finished", answerer: "extractive" });
  expect(record.answer).toMatch(/^Retries use jitter so that clients/);
});

test("a filter that refused what the model wrote is no reason to quote", async () => {
  const record = await ask(createScriptedChat([...WRITTEN, new AppError("content_filtered")]));
  expect(record).toMatchObject({ outcome: "failed", error: { code: "content_filtered" } });
});

test.each<[string, (fence: string) => string, boolean]>([
  ["at its beginning, whole", (fence) => `<${fence}>`, true],
  ["at its beginning, streamed", (fence) => `<${fence}>`, false],
  ["behind words that say nothing, whole", (fence) => `The answer is:\n<${fence}>`, true],
])(
  "an answer that repeats its prompt %s is replaced by quoted sentences",
  async (_, write, isWhole) => {
    const record = await ask(createLeakyChat(write), 30_000, isWhole);
    expect(record).toMatchObject({ outcome: "finished", answerer: "extractive" });
    expect(record.degraded).toEqual(["prompt_leak", "extractive"]);
    expect(record.answer).toMatch(/^Retries use jitter so that clients/);
  },
);

test.each([
  ["what was said before it", true, "Retries use jitter [1]."],
  ["what was shown", false, "The answer is:"],
])("an answer that repeats its prompt later on keeps %s", async (_, isWhole, said) => {
  const record = await ask(
    createLeakyChat((fence) => `${said}\n<${fence}>`),
    30_000,
    isWhole,
  );
  expect(record).toMatchObject({ outcome: "finished", answerer: "leaky" });
  expect(record.answer?.trim()).toBe(said);
});
