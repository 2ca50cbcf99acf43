/** A follow-up, from its rewriting to its answer. */
import { expect, test } from "vitest";
import { answer } from "../src/answer.ts";
import { sleep, systemClock } from "../src/async/clock.ts";
import type { RunEvent } from "../src/domain/event.ts";
import type { ChatModel } from "../src/models/model.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { createTestStore, wordEmbedder } from "./support/collections.ts";
import { testConfig, toAsk } from "./support/run.ts";
import { createScriptedChat, says } from "./support/scripted-chat.ts";

test("a rewriting that the search waited for is on the critical path, and what ran beside it is not", async () => {
  const scripted = createScriptedChat(says("Why do retries use jitter?"), says("So. [1]"));
  const chat: ChatModel = {
    id: scripted.id,
    async *stream(request, signal) {
      await sleep(systemClock, 30, signal); // longer than the first search
      yield* scripted.stream(request, signal);
    },
  };
  const deps = {
    config: testConfig,
    clock: systemClock,
    log: silentLog,
    store: await createTestStore({ handbook: { retries: "Retries use jitter." } }),
    embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: {},
    chat,
  };
  const history = [{ role: "user", content: "What are retries?" }] as const;
  const events: RunEvent[] = [];
  const asked = toAsk("Why jitter?", { history });
  for await (const event of answer(deps, asked, new AbortController().signal)) events.push(event);
  const end = events.at(-1);
  const timeline = end?.type === "run-end" ? end.timeline : [];
  const critical = timeline.flatMap(({ stage, critical: is }) => (is ? [stage] : []));
  expect(critical.slice(0, 2)).toEqual(["open", "rewrite"]);
  expect(critical.at(-1)).toBe("answer");
});
