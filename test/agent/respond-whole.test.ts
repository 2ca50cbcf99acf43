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
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import { testConfig, toAsk } from "../support/run.ts";
import { createScriptedChat, says } from "../support/scripted-chat.ts";

const TEXT = "Retries use jitter so that clients do not come back at the same moment.";

async function ask(chat: ChatModel, deadlineMs = 30_000) {
  const deps = {
    config: testConfig,
    clock: systemClock,
    log: silentLog,
    store: await createTestStore({ handbook: { retries: TEXT } }),
    embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: {},
    chat,
    isWhole: true,
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
