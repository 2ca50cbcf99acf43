import { describe, expect, test } from "vitest";
import { createLru } from "../../src/async/lru.ts";
import { createSingleFlight } from "../../src/async/single-flight.ts";
import { createCounts } from "../../src/async/upstream-stats.ts";
import type { EmbedKind, Embedder } from "../../src/models/model.ts";
import { withEmbedderSingleFlight, withQueryCache } from "../../src/models/with-query-cache.ts";

const open = (): AbortSignal => new AbortController().signal;

/** An embedder whose vectors tell a text's length; the empty text has none. */
function setUp(entriesMax = 10) {
  const calls: (readonly string[])[] = [];
  const plain: Embedder = {
    id: "e",
    batchMax: 8,
    fusionWeight: 0.5,
    async embed(texts) {
      calls.push(texts);
      return texts.map((text) => (text === "" ? undefined : Float32Array.of(text.length)));
    },
  };
  const { counts, count } = createCounts();
  const shared = withEmbedderSingleFlight(plain, createSingleFlight(count));
  const cache = createLru<Float32Array>({ entriesMax, bytesMax: 10_000 });
  const embedder = withQueryCache(shared, cache, count);
  const embed = async (texts: readonly string[], kind: EmbedKind = "query") =>
    (await embedder.embed(texts, kind, open())).map((vector) => vector?.[0]);
  return { calls, counts, embedder, embed };
}

describe("a query cache", () => {
  test("embeds a question once, and only what it does not know", async () => {
    const { calls, counts, embed } = setUp();
    expect(await embed(["a"])).toEqual([1]);
    expect(await embed(["a"])).toEqual([1]);
    expect(await embed(["bb", "a", "bb"])).toEqual([2, 1, 2]);
    expect(calls).toEqual([["a"], ["bb"]]);
    expect(counts).toMatchObject({ cacheHits: 2, cacheMisses: 2 });
  });

  test("keeps no text without a vector, and gives each caller a vector of its own", async () => {
    const { calls, embedder, embed } = setUp();
    expect(await embed([""])).toEqual([undefined]);
    await embed([""]);
    expect(calls).toHaveLength(2);
    const [first] = await embedder.embed(["a"], "query", open());
    first?.fill(99);
    expect(await embed(["a"])).toEqual([1]);
  });

  test("forgets beyond its bounds", async () => {
    const { calls, embed } = setUp(1);
    for (const text of ["a", "b", "a"]) await embed([text]);
    expect(calls).toEqual([["a"], ["b"], ["a"]]);
  });

  test("documents pass by", async () => {
    const { calls, counts, embed } = setUp();
    await Promise.all([embed(["a"], "document"), embed(["a"], "document")]);
    expect(calls).toHaveLength(2);
    expect(counts).toMatchObject({ cacheHits: 0, cacheMisses: 0, shared: 0 });
  });

  test("a question that is being embedded is not embedded again", async () => {
    const { calls, counts, embed } = setUp();
    expect(await Promise.all([embed(["a"]), embed(["a"]), embed(["b"])])).toEqual([[1], [1], [1]]);
    expect(calls).toEqual([["a"], ["b"]]);
    expect(counts.shared).toBe(1);
  });
});
