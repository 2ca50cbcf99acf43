/** A follow-up, from its rewriting to its answer. */
import { expect, test } from "vitest";
import { answer } from "../src/answer.ts";
import { sleep, systemClock } from "../src/async/clock.ts";
import { untilAborted } from "../src/async/until-aborted.ts";
import type { Ask } from "../src/domain/ask.ts";
import type { RunEnd, RunEvent } from "../src/domain/event.ts";
import type { ChatModel } from "../src/models/model.ts";
import type { Snapshot } from "../src/stores/store.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { openCollections } from "../src/retrieval/open-collections.ts";
import { searchBoth } from "../src/retrieval/retrieve.ts";
import { createTestStore, wordEmbedder, wordModels } from "./support/collections.ts";
import { createTestRun, testConfig, toAsk } from "./support/run.ts";
import { createScriptedChat, says } from "./support/scripted-chat.ts";

test("a rewriting that the search waited for is on the critical path, and what ran beside it is not", async () => {
  const searched = Promise.withResolvers<void>();
  const scripted = createScriptedChat(says("Why do retries use jitter?"), says("So. [1]"));
  const chat: ChatModel = {
    id: scripted.id,
    async *stream(request, signal) {
      await untilAborted(searched.promise, signal);
      await sleep(systemClock, 2, signal); // past the end of what was searched
      yield* scripted.stream(request, signal);
    },
  };
  const { timeline } = await ask(chat, {}, searched.resolve);
  const critical = timeline.flatMap(({ stage, critical: is }) => (is ? [stage] : []));
  expect(critical.slice(0, 2)).toEqual(["open", "rewrite"]);
  expect(critical.at(-1)).toBe("answer");
});

test("the question as it was put is searched while it is rewritten", async () => {
  const searched = Promise.withResolvers<void>();
  const scripted = createScriptedChat(says("Why do retries use jitter?"), says("So. [1]"));
  const chat: ChatModel = {
    id: scripted.id,
    async *stream(request, signal) {
      await untilAborted(searched.promise, signal);
      yield* scripted.stream(request, signal);
    },
  };
  const end = await ask(chat, {}, searched.resolve);
  expect(end).toMatchObject({ outcome: "finished", degraded: [] });
  expect(end.ledger).toHaveLength(4);
});

test("the arms of both searches have together the weight of those of one", async () => {
  const run = createTestRun();
  const store = await createTestStore({ handbook: { retries: "Retries use jitter." } });
  const opened = await openCollections(store, ["handbook"], run);
  const rewriting = Promise.resolve("Why do retries use jitter?");
  const asked = toAsk("Why jitter?", { retrieval: { vectorWeight: 0.8 } });
  const deps = { embedders: new Map([[wordEmbedder.id, wordEmbedder]]), rerankers: {}, rewriting };
  const { question, arms } = await searchBoth(deps, opened, asked, run);
  expect(question).toBe("Why do retries use jitter?");
  const found = arms.filter(({ legs }) => legs.length > 0);
  expect(found.map(({ weight }) => weight)).toEqual([undefined, 0.4, undefined, 0.4]);
});

test("a rewriting ends with the run, though nothing can be searched, and whoever reads to the run's end", async () => {
  const chat = createScriptedChat(["hang"]);
  const filter = { field: "metadata.unknown", op: "eq", value: 1 } as const;
  expect((await ask(chat, { filter })).error).toMatchObject({ code: "invalid_filter" });
  expect(chat.requests).toHaveLength(1);
  await new Promise((resolve) => setImmediate(resolve)); // and not when its own time is over
  expect(chat.aborted).toBe(1);
});

/** Asks a follow-up, reads to the end of the events, and gives the last one. */
async function ask(
  chat: ChatModel,
  changes: Pick<Ask, "filter">,
  onSearch: () => void = () => undefined,
): Promise<RunEnd> {
  const store = await createTestStore({ handbook: { retries: "Retries use jitter." } });
  const deps = {
    config: testConfig,
    clock: systemClock,
    log: silentLog,
    store: {
      ...store,
      open: async (name: string, signal: AbortSignal) => {
        const snapshot = await store.open(name, signal);
        const search: Snapshot["search"] = async (query, until) => {
          const hits = await snapshot.search(query, until);
          onSearch();
          return hits;
        };
        return { ...snapshot, search };
      },
    },
    ...wordModels,
    chat,
  };
  const history = [{ role: "user", content: "What are retries?" }] as const;
  const events: RunEvent[] = [];
  const asked = toAsk("Why jitter?", { history, ...changes });
  for await (const event of answer(deps, asked, new AbortController().signal)) events.push(event);
  const end = events.at(-1);
  if (end?.type !== "run-end") throw new Error("the run has no end");
  return end;
}
