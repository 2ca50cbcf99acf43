/** Vectors that were paid for are not paid for twice, and an endpoint that falls silent on the way is waited for. */
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type EmbeddingCache, openEmbeddingCache } from "../../../ingest/embed/embedding-cache.ts";
import { withPatience } from "../../../ingest/embed/with-patience.ts";
import { AppError } from "../../../src/errors.ts";
import type { Embedder } from "../../../src/models/model.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const { signal } = new AbortController();

function createEmbedder(refuse: () => AppError | undefined = () => undefined) {
  const asked: string[] = [];
  const embedder: Embedder = {
    id: "test:paid",
    batchMax: 100,
    fusionWeight: 0.5,
    async embed(texts) {
      const error = refuse();
      if (error !== undefined) throw error;
      asked.push(...texts);
      return texts.map(({ length }) => Float32Array.of(Math.cos(length), Math.sin(length)));
    },
  };
  return { embedder, asked };
}

describe("a cache of embeddings", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tributary-embeddings-"));
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  const open = async (embedder: Embedder, bytesMax = 1_000_000) =>
    openEmbeddingCache(embedder, { folder, bytesMax }, (thrown) => {
      throw thrown as Error;
    });
  const findFile = async (within = folder): Promise<string> => {
    const [name = ""] = (await readdir(within)).filter((found) => found !== "elsewhere");
    const [file = ""] = await readdir(join(within, name));
    return join(within, name, file);
  };

  test("asks for what is not there, in this run and in the next", async () => {
    const first = createEmbedder();
    const cache = await open(first.embedder);
    const vectors = await cache.embedder.embed(["one", "three"], "document", signal);
    expect(await cache.embedder.embed(["three", "one"], "document", signal)).toEqual(
      vectors.toReversed(),
    );
    expect(first.asked).toEqual(["one", "three"]);
    const second = createEmbedder();
    const next = await open(second.embedder);
    expect([next.has("one"), next.has("fifth")]).toEqual([true, false]);
    expect(await next.embedder.embed(["fifth", "one"], "document", signal)).toHaveLength(2);
    expect(second.asked).toEqual(["fifth"]);
  });

  test("keeps questions out, and the vectors of other embedders", async () => {
    const { embedder, asked } = createEmbedder();
    await (await open(embedder)).embedder.embed(["one"], "query", signal);
    await (await open(embedder)).embedder.embed(["one"], "document", signal);
    await (
      await open({ ...embedder, id: "test:other" })
    ).embedder.embed(["one"], "document", signal);
    expect(asked).toEqual(["one", "one", "one"]);
  });

  test("keeps no vector of another length than the embedder's", async () => {
    const { embedder, asked } = createEmbedder();
    let isOdd = false;
    const odd: Embedder = {
      ...embedder,
      embed: async (texts, ...rest) =>
        isOdd ? texts.map(() => Float32Array.of(1, 0, 0)) : embedder.embed(texts, ...rest),
    };
    const lengths = async (cache: EmbeddingCache, ...texts: string[]) =>
      (await cache.embedder.embed(texts, "document", signal)).map((vector) => vector?.length);
    const cache = await open(odd);
    expect(await lengths(cache, "one", "two")).toEqual([2, 2]);
    isOdd = true;
    expect(await lengths(cache, "three", "one")).toEqual([3, 2]);
    isOdd = false;
    expect(await lengths(cache, "three")).toEqual([2]);
    // As an earlier version left it there.
    isOdd = true;
    const other = join(folder, "elsewhere");
    const left = await openEmbeddingCache(odd, { folder: other, bytesMax: 1_000_000 }, () => {});
    expect(await lengths(left, "four")).toEqual([3]);
    const [from, to] = [await findFile(other), await findFile()];
    await writeFile(to, await readFile(from), { flag: "a" });
    isOdd = false;
    expect(await lengths(await open(odd), "four", "one")).toEqual([2, 2]);
    expect(asked).toEqual(["one", "two", "three", "four"]);
  });

  test("uses nothing of a record that was cut off or changed", async () => {
    const { embedder, asked } = createEmbedder();
    await (await open(embedder)).embedder.embed(["one", "three"], "document", signal);
    const path = await findFile();
    const bytes = await readFile(path);
    bytes[22] = (bytes[22] ?? 0) ^ 4;
    await writeFile(path, bytes);
    await truncate(path, bytes.length - 1);
    await (await open(embedder)).embedder.embed(["one", "three"], "document", signal);
    expect(asked).toEqual(["one", "three", "one", "three"]);
  });

  test("lets the oldest go when it is too large", async () => {
    const { embedder } = createEmbedder();
    await (await open(embedder)).embedder.embed(["one"], "document", signal);
    expect((await open(embedder, 10)).has("one")).toBe(false);
  });
});

describe("patience", () => {
  const down = new AppError("upstream_unavailable");
  const run = async (refusals: readonly (AppError | undefined)[], patienceMs = 10_000) => {
    const clock = createFakeClock();
    const waits: number[] = [];
    const queue = [...refusals];
    const { embedder, asked } = createEmbedder(() => queue.shift());
    const patient = withPatience(embedder, {
      patienceMs,
      clock,
      onPause: (waitMs) => waits.push(waitMs),
    });
    await patient.embed(["first"], "document", signal);
    const second = patient.embed(["second"], "document", signal);
    const settled = Promise.allSettled([second]);
    for (let step = 0; step < 20; step += 1) await clock.advance(patienceMs);
    const [result] = await settled;
    return { result, waits, asked };
  };

  test("waits longer each time, and goes on when the endpoint does", async () => {
    const { result, waits, asked } = await run([undefined, down, down]);
    expect(result?.status).toBe("fulfilled");
    expect({ waits, asked }).toEqual({ waits: [2_000, 4_000], asked: ["first", "second"] });
  });

  test("ends with the endpoint's own error", async () => {
    const { result, waits } = await run([undefined, down, down, down, down, down], 5_000);
    expect(result).toMatchObject({ status: "rejected", reason: down });
    expect(waits).toEqual([2_000, 3_000]);
  });

  test("has none with a refusal that does not pass", async () => {
    const refusal = new AppError("upstream_config");
    const { result, waits } = await run([undefined, refusal]);
    expect(result).toMatchObject({ status: "rejected", reason: refusal });
    expect(waits).toEqual([]);
  });

  test("has none with an endpoint that is no longer asked because its vectors are wrong", async () => {
    const wrong = new AppError("embedding_invalid");
    const clock = createFakeClock();
    const queue = [undefined, wrong, down, undefined, down];
    const { embedder, asked } = createEmbedder(() => queue.shift());
    const onPause = vi.fn<(waitMs: number) => void>();
    const patient = withPatience(embedder, { patienceMs: 10_000, clock, onPause });
    const embed = (text: string) => patient.embed([text], "document", signal);
    await embed("first");
    await expect(embed("second")).rejects.toBe(wrong);
    await expect(embed("third")).rejects.toBe(wrong);
    expect(onPause).not.toHaveBeenCalled();
    // Once it has answered well again, an outage is one.
    await embed("fourth");
    const fifth = embed("fifth");
    for (let step = 0; step < 5; step += 1) await clock.advance(10_000);
    await fifth;
    expect(onPause).toHaveBeenCalledTimes(1);
    expect(asked).toEqual(["first", "fourth", "fifth"]);
  });

  test("has none before the first answer", async () => {
    const { embedder } = createEmbedder(() => down);
    const patient = withPatience(embedder, {
      patienceMs: 1_000,
      clock: createFakeClock(),
      onPause: () => expect.unreachable(),
    });
    await expect(patient.embed(["one"], "document", signal)).rejects.toBe(down);
  });
});
