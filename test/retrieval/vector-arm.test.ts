import { expect, test } from "vitest";
import type { CollectionSpec } from "../../src/domain/collection.ts";
import { searchByVector } from "../../src/retrieval/vector-arm.ts";
import type { Snapshot } from "../../src/stores/store.ts";
import { wordEmbedder } from "../support/collections.ts";
import { createTestRun, toAsk } from "../support/run.ts";

const english = { language: "english", tokenizer: "words" } as const;
const spanish = { language: "spanish", tokenizer: "words" } as const;
const unknown = { language: "none", tokenizer: "words" } as const;
const chinese = { language: "none", tokenizer: "icu" } as const;

/** What an embedder made for English weighs. */
const cases: readonly (readonly [string, readonly Partial<CollectionSpec>[], string, number])[] = [
  ["English asked in English", [english], "Why use jitter?", 0.3],
  ["a language nobody could tell", [unknown], "Why use jitter?", 0.3],
  ["Spanish", [spanish], "¿Por qué?", 0],
  ["Spanish beside English", [spanish, english], "Why use jitter?", 0.3],
  ["Chinese", [chinese], "为什么使用抖动？", 0],
  ["Chinese asked for an English name", [chinese], "Tributary", 0],
  ["English asked in Chinese", [english], "为什么使用抖动？", 0],
];

test.each(cases)("%s", async (_, specs, question, expected) => {
  const embedder = { ...wordEmbedder, languages: ["english"] };
  const snapshots = specs.map(toSnapshot);
  const embedders = new Map([[embedder.id, embedder]]);
  const [arm] = await searchByVector({ embedders }, snapshots, toAsk(question), createTestRun());
  expect(arm?.weight).toBe(expected);
});

test.each([
  ["why use jitter?", 0.3],
  ["Why use jitter?", 0.3],
  ["Why does I/O block?", 0.3],
  ["When did Ada Lovelace live?", 0.06],
  ["What happened in 1998?", 0.06],
  ["who wrote “Dune”?", 0.06],
])(
  "an embedder that knows few names weighs less where one is asked for: %s",
  async (question, expected) => {
    const embedder = { ...wordEmbedder, namesShare: 0.2 };
    const embedders = new Map([[embedder.id, embedder]]);
    const snapshots = [toSnapshot(english)];
    const [arm] = await searchByVector({ embedders }, snapshots, toAsk(question), createTestRun());
    expect(arm?.weight).toBeCloseTo(expected, 5);
  },
);

test.each([
  ["direct", { namesShareInSteps: 0.5 }, 0.06],
  ["research", { namesShareInSteps: 0.5 }, 0.15],
  ["agent", { namesShareInSteps: 0.5 }, 0.15],
  ["research", {}, 0.06],
] as const)("a name in a run of mode %s, with %j", async (mode, own, expected) => {
  const embedder = { ...wordEmbedder, namesShare: 0.2, ...own };
  const embedders = new Map([[embedder.id, embedder]]);
  const ask = toAsk("When did Ada Lovelace live?", { mode });
  const [arm] = await searchByVector({ embedders }, [toSnapshot(english)], ask, createTestRun());
  expect(arm?.weight).toBeCloseTo(expected, 5);
});

test("a weight of the caller's own is taken as it is", async () => {
  const embedder = { ...wordEmbedder, languages: ["english"] };
  const ask = toAsk("¿Por qué?", { retrieval: { vectorWeight: 0.7 } });
  const embedders = new Map([[embedder.id, embedder]]);
  const [arm] = await searchByVector({ embedders }, [toSnapshot(spanish)], ask, createTestRun());
  expect(arm?.weight).toBe(0.7);
});

function toSnapshot(spec: Partial<CollectionSpec>, index = 0): Snapshot {
  return {
    info: {
      name: `c${index}`,
      embedder: wordEmbedder.id,
      dimensions: wordEmbedder.dimensions ?? 0,
      chunker: "whole",
      language: "none",
      tokenizer: "words",
      metadata: {},
      version: 1,
      documents: 0,
      chunks: 0,
      ...spec,
    },
    terms: () => Promise.reject(new Error("not asked for terms")),
    search: () => Promise.resolve([]),
    take: () => Promise.resolve([]),
    rowsOf: () => Promise.resolve([]),
    documents: () => Promise.resolve([]),
  };
}
