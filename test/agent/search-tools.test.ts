/** What the tools that every run has bring into it. */
import { expect, test } from "vitest";
import { toPlainChunk } from "../../scripts/plain-chunk.ts";
import { createSearchTools } from "../../src/agent/search-tools.ts";
import type { Passage } from "../../src/domain/event.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import { fillCollection, wordEmbedder } from "../support/collections.ts";
import { createTestRun, toAsk } from "../support/run.ts";

test("what was read is known as what was found is: its address and its data come with it", async () => {
  const store = createMemoryStore();
  const metadata = { url: "https://docs.example.com/breaker", tags: ["calls"] };
  const chunk = { ...toPlainChunk("breaker", "A circuit breaker opens."), metadata };
  await fillCollection(store, "handbook", [chunk], wordEmbedder);
  const run = createTestRun();
  const snapshot = await store.open("handbook", run.signal);
  const tools = createSearchTools({
    search: () => Promise.reject(new Error("nothing is searched")),
    ask: toAsk("What opens?"),
    opened: [{ collection: "handbook", snapshot }],
  });
  const read: Passage[] = [];
  const addPassages = (passages: readonly Passage[]) => {
    read.push(...passages);
    return Promise.resolve(passages);
  };
  const tool = tools.find(({ name }) => name === "read_document");
  const args = { collection: "handbook", documentId: "breaker", from: 0 };
  await tool?.execute(args, { run, signal: run.signal, callId: "1", addPassages });
  expect(read).toMatchObject([{ documentId: "breaker", trail: { read: 1 }, metadata }]);
});
