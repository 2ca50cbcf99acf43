/** The version that a question names is found before those with the same numbers in another order. */
import { expect, test } from "vitest";
import { search } from "../../src/answer.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import type { Reranker } from "../../src/models/model.ts";
import { createLexicalReranker } from "../../src/retrieval/lexical-rerank.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import { toAsk } from "../support/run.ts";

const { signal } = new AbortController();
/** The shortest is what words alone find first. */
const changes = {
  new: "Version 3.1.0 changed how the labels of the shipping department are printed in batches.",
  turned: "Version 1.3.0 changed labels.",
  longer: "Version 3.1.0.1 changed labels.",
  minor: "Version 3.1 changed how the calendar of the shipping department shows its weeks.",
  date: "On 3.1.2025 the version changed.",
};

const forTurned: Reranker = {
  id: "for-turned",
  score: (_question, texts) =>
    Promise.resolve(texts.map((text) => (text.includes(changes.turned) ? 1 : 0))),
};

async function findFirst(
  question: string,
  rerank: "lexical" | "remote" = "lexical",
): Promise<string | undefined> {
  const deps = {
    config: parseConfig({}),
    clock: systemClock,
    log: silentLog,
    store: await createTestStore({ changes }),
    embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: { lexical: createLexicalReranker(), remote: forTurned },
    tools: [],
  };
  const ask = toAsk(question, { collections: ["changes"], retrieval: { rerank } });
  for await (const event of search(deps, ask, signal)) {
    if (event.type === "retrieval-end") return event.passages[0]?.text;
  }
  return undefined;
}

test.each([
  ["What changed in version 3.1.0?", changes.new],
  ["What changed in v3.1.0?", changes.new],
  ["What changed in 3.1.0?", changes.new],
  ["What changed in version 3.1?", changes.minor],
  ["What changed in release 1.3.0?", changes.turned],
  ["What changed between versions 3.1.0, 9.7.5 and 9.8.6?", changes.new],
])("%s", async (question, text) => {
  expect(await findFirst(question)).toBe(text);
});

test("no reranker puts another version above it", async () => {
  expect(await findFirst("What changed in 3.1.0?", "remote")).toBe(changes.new);
});
