/** The version that a question names is found before those with the same numbers in another order. */
import { expect, test } from "vitest";
import { search } from "../../src/answer.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
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

async function findFirst(question: string): Promise<string | undefined> {
  const deps = {
    config: parseConfig({}),
    clock: systemClock,
    log: silentLog,
    store: await createTestStore({ changes }),
    embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: { lexical: createLexicalReranker() },
    tools: [],
  };
  const ask = toAsk(question, { collections: ["changes"], retrieval: { rerank: "lexical" } });
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
])("%s", async (question, text) => {
  expect(await findFirst(question)).toBe(text);
});
