/** What every store must do: one suite, run on each implementation. */
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { checkFilter } from "../../src/domain/check-filter.ts";
import { Filter } from "../../src/domain/filter.ts";
import { matchesFilter } from "../../src/stores/filter.ts";
import type { CollectionWriter, DocumentWrite, Snapshot } from "../../src/stores/store.ts";
import type { WriteStore } from "../../src/stores/store.ts";
import {
  DIMENSIONS,
  filterArbitrary,
  HOSTILE_TEXTS,
  metadataArbitrary,
  spec,
  titleArbitrary,
  toDocument,
  toVector,
} from "./store-data.ts";
import { describeDocuments } from "./store-documents.ts";
import { describeMadeAgain } from "./store-made-again.ts";
import { describeKeywordScores } from "./store-keywords.ts";

const signal = new AbortController().signal;
const TIMEOUT_MS = 5_000;

/** Creates an empty store that sees every commit at once. */
export type CreateStore = () => Promise<WriteStore>;

/** Runs the suite; `createStore` is called before each test. */
export function describeStore(name: string, createStore: CreateStore): void {
  describe(`${name} keeps the store's promises`, () => {
    let store: WriteStore;
    let writer: CollectionWriter;
    beforeEach(async () => {
      store = await createStore();
      writer = await store.create(spec, signal);
    });
    afterEach(async () => writer.close());

    const put = async (...documents: DocumentWrite[]) =>
      writer.commit({ put: documents, remove: [] }, signal);
    const open = async (): Promise<Snapshot> => store.open(spec.name, signal);

    describe("collections", () => {
      test("a new one is empty, listed, and described by its spec", async () => {
        expect(await store.list(signal)).toEqual([spec.name]);
        expect((await open()).info).toMatchObject({ ...spec, documents: 0, chunks: 0 });
        expect(writer.info).toMatchObject({ ...spec, documents: 0, chunks: 0 });
        const snapshot = await open();
        expect(await snapshot.search(vectorQuery(1), signal)).toEqual([]);
        expect(await searchKeywords(snapshot, "cats")).toEqual([]);
        expect(await writer.verify(signal)).toEqual([]);
      });
      test("one that is not there cannot be opened, written or dropped", async () => {
        for (const wrong of ["missing", "../guide", "guide.terms", "", "GUIDE"]) {
          expect((await refusal(store.open(wrong, signal))).code).toBe("collection_not_found");
          expect((await refusal(store.openWriter(wrong, signal))).code).toBe(
            "collection_not_found",
          );
          expect((await refusal(store.drop(wrong, signal))).code).toBe("collection_not_found");
        }
      });
      test("a name is taken only once and must be a plain one", async () => {
        await writer.close();
        expect((await refusal(store.create(spec, signal))).code).toBe("invalid_request");
        expect((await refusal(store.create({ ...spec, name: "a/b" }, signal))).code).toBe(
          "invalid_request",
        );
        expect(
          (await refusal(store.create({ ...spec, name: "b", dimensions: 0 }, signal))).code,
        ).toBe("invalid_request");
      });
      test("a dropped one is gone and can be made again", async () => {
        await put(toDocument("a", ["cats"]));
        await writer.index(signal);
        expect((await refusal(store.drop(spec.name, signal))).code).toBe("ingest_locked");
        await writer.close();
        await store.drop(spec.name, signal);
        expect(await store.list(signal)).toEqual([]);
        expect((await refusal(open())).code).toBe("collection_not_found");
        writer = await store.create(spec, signal);
        expect((await open()).info).toMatchObject({ documents: 0, chunks: 0 });
        expect((await (await open()).terms("cats", signal)).frequencies.get("cats") ?? 0).toBe(0);
      });
      test("a second writer is refused until the first has closed", async () => {
        const error = await refusal(store.openWriter(spec.name, signal));
        expect(error.code).toBe("ingest_locked");
        expect(error.detail).toContain("process");
        await writer.close();
        writer = await store.openWriter(spec.name, signal);
        await put(toDocument("a", ["cats"]));
        expect(writer.info.chunks).toBe(1);
      });
    });

    describe("commits", () => {
      test("count what they add and take away, and versions grow", async () => {
        const before = writer.info.version;
        const first = await put(toDocument("a", ["one", "two"]), toDocument("b", ["three"]));
        expect(first).toMatchObject({ chunksAdded: 3, chunksRemoved: 0 });
        const second = await writer.commit(
          { put: [toDocument("a", ["four"])], remove: ["b", "never there"] },
          signal,
        );
        expect(second).toMatchObject({ chunksAdded: 1, chunksRemoved: 3 });
        expect(first.version).toBeGreaterThan(before);
        expect(second.version).toBeGreaterThan(first.version);
        expect((await open()).info).toMatchObject({
          documents: 1,
          chunks: 1,
          version: second.version,
        });
        expect(writer.info).toMatchObject({ documents: 1, chunks: 1, version: second.version });
      });
      test("a longer, a shorter and a removed document leave nothing behind", async () => {
        await put(
          toDocument("a", ["one", "two"]),
          toDocument("b", ["x", "y", "z"]),
          toDocument("c", ["w"]),
        );
        await writer.commit(
          { put: [toDocument("a", ["1", "2", "3"]), toDocument("b", ["only"])], remove: ["c"] },
          signal,
        );
        expect(await readTexts(await open())).toEqual(["1", "2", "3", "only"]);
        await writer.commit({ put: [], remove: ["a"] }, signal);
        expect(await readTexts(await open())).toEqual(["only"]);
      });
      test("a document is read in order, from any of its chunks on", async () => {
        const texts = Array.from({ length: 12 }, (_, index) => `part ${index}`);
        await put(toDocument("o'clock", texts), toDocument("other", ["else"]));
        const snapshot = await open();
        const readPart = async (documentId: string, from: number, limit: number) => {
          const rows = await snapshot.rowsOf({ documentId, from, limit }, signal);
          return (await snapshot.take(rows, signal)).map((chunk) => chunk?.text);
        };
        expect(await readPart("o'clock", 0, 100)).toEqual(texts);
        expect(await readPart("o'clock", 9, 2)).toEqual(["part 9", "part 10"]);
        expect(await readPart("o'clock", 12, 2)).toEqual([]);
      });
      test("what was committed is there for the next writer", async () => {
        await put(toDocument("a", ["one"]));
        await writer.close();
        writer = await store.openWriter(spec.name, signal);
        expect([...(await writer.documents(signal)).keys()]).toEqual(["a"]);
      });
      test("chunks come back exactly as they were written", async () => {
        const metadata = {
          name: "n",
          year: 1.5,
          open: false,
          tags: ["x", "y"],
          extra: "only shown",
        };
        const document = toDocument("a", ["über\n\n'quoted'", "😀 \u0000 end"], {
          page: 3,
          metadata,
        });
        await put(document);
        const snapshot = await open();
        const chunks = await takeAll(snapshot);
        expect(chunks.toSorted((a, b) => (a?.position ?? 0) - (b?.position ?? 0))).toEqual(
          document.chunks.map(({ chunk }) => chunk),
        );
      });
      test.each<readonly [string, DocumentWrite, ErrorCode]>([
        [
          "a vector that is too short",
          withVector(new Float32Array(DIMENSIONS - 1).fill(1)),
          "embedder_mismatch",
        ],
        [
          "a vector that is too long",
          withVector(new Float32Array(DIMENSIONS + 1).fill(1)),
          "embedder_mismatch",
        ],
        ["an empty vector", withVector(new Float32Array()), "embedder_mismatch"],
        ["a vector with NaN", withVector(toVector(1).fill(Number.NaN, 0, 1)), "embedding_invalid"],
        [
          "an infinite vector",
          withVector(toVector(1).fill(Number.POSITIVE_INFINITY, 0, 1)),
          "embedding_invalid",
        ],
        ["a zero vector", withVector(new Float32Array(DIMENSIONS)), "embedding_invalid"],
        [
          "a vector of another length",
          withVector(new Float32Array(DIMENSIONS).fill(1)),
          "embedding_invalid",
        ],
        ["no chunks", toDocument("bad", []), "invalid_request"],
        [
          "metadata of another type",
          toDocument("bad", ["x"], { metadata: { year: "2020" } }),
          "invalid_request",
        ],
      ])("a document with %s is refused and changes nothing", async (_, bad, code) => {
        await put(toDocument("a", ["one"]));
        const error = await refusal(put(toDocument("c", ["fine"]), bad));
        expect(error.code).toBe(code);
        expect(error.detail).toContain("bad");
        expect((await open()).info.documents).toBe(1);
      });
      test("a document that is in the change twice is refused", async () => {
        expect((await refusal(put(toDocument("a", ["1"]), toDocument("a", ["2"])))).code).toBe(
          "invalid_request",
        );
        const both = { put: [toDocument("a", ["1"])], remove: ["a"] };
        expect((await refusal(writer.commit(both, signal))).code).toBe("invalid_request");
      });
      test("an aborted one changes nothing", async () => {
        const reason = new AppError("cancelled");
        const change = { put: [toDocument("a", ["one"])], remove: [] };
        await expect(writer.commit(change, AbortSignal.abort(reason))).rejects.toBe(reason);
        expect((await open()).info.documents).toBe(0);
        await put(toDocument("a", ["one"]));
        expect((await open()).info.documents).toBe(1);
      });
    });

    describe("snapshots", () => {
      test("stay at their version while documents are replaced and removed", async () => {
        await put(toDocument("a", ["old cats"]), toDocument("b", ["old dogs"]));
        await writer.index(signal);
        const before = await open();
        const hits = await searchKeywords(before, "old");
        await put(toDocument("a", ["new birds"]));
        await writer.commit({ put: [], remove: ["b"] }, signal);
        await writer.optimize(signal);
        const taken = await before.take(
          hits.map(({ row }) => row),
          signal,
        );
        expect(taken.map((chunk) => chunk?.text ?? "damaged").toSorted()).toEqual([
          "old cats",
          "old dogs",
        ]);
        expect(await readTexts(before)).toEqual(["old cats", "old dogs"]);
        expect(await readTexts(await open())).toEqual(["new birds"]);
      });
      test("never show a mix while a writer replaces in a loop", async () => {
        const rounds = 15;
        const write = async (round: number): Promise<void> => {
          const texts = Array.from({ length: round % 2 === 0 ? 3 : 7 }, () => `round ${round}`);
          await put(toDocument("a", texts));
        };
        await write(0);
        const done = new AbortController();
        const writes = (async () => {
          for (let round = 1; round <= rounds; round += 1) await write(round);
          done.abort();
        })();
        const seen = new Set<string>();
        while (!done.signal.aborted) {
          const texts = await readTexts(await open());
          const [first = ""] = texts;
          expect(new Set(texts)).toEqual(new Set([first]));
          expect(texts).toHaveLength(Number(first.slice(6)) % 2 === 0 ? 3 : 7);
          seen.add(first);
        }
        await writes;
        expect(await readTexts(await open())).toContain(`round ${rounds}`);
        expect(seen.size).toBeGreaterThan(0);
      });
      test("give undefined for a row that is not there", async () => {
        await put(toDocument("a", ["one"]));
        const snapshot = await open();
        const [hit] = await snapshot.search(vectorQuery(0), signal);
        const taken = await snapshot.take(["987654", hit?.row ?? "", "987655"], signal);
        expect(taken.map((chunk) => chunk?.id)).toEqual([undefined, "a#0", undefined]);
      });
      test("keep the order of the rows asked for, with repetitions", async () => {
        await put(toDocument("a", ["0", "1", "2"]));
        const snapshot = await open();
        const rows = (await snapshot.search(vectorQuery(0), signal)).map(({ row }) => row);
        const wanted = [...rows.toReversed(), ...rows];
        const texts = (await snapshot.take(wanted, signal)).map((chunk) => chunk?.text);
        expect(texts).toEqual([...texts.slice(3).toReversed(), ...texts.slice(3)]);
        expect(await snapshot.take([], signal)).toEqual([]);
      });
    });

    describe("vector search", () => {
      test("ranks by cosine, best first, and scores are the similarities", async () => {
        await put(
          toDocument(
            "a",
            Array.from({ length: 30 }, (_, index) => `text ${index}`),
          ),
        );
        const snapshot = await open();
        const hits = await snapshot.search(vectorQuery(3), signal);
        const chunks = await snapshot.take(
          hits.map(({ row }) => row),
          signal,
        );
        expect(chunks[0]?.id).toBe("a#3");
        for (const [index, hit] of hits.entries()) {
          const position = chunks[index]?.position ?? Number.NaN;
          expect(hit.score).toBeCloseTo(cosine(toVector(3), toVector(position)), 4);
          expect(hit.score).toBeLessThanOrEqual((hits[index - 1]?.score ?? 1) + 1e-6);
        }
      });
      test("brings as many as asked for, never more", async () => {
        await put(toDocument("a", ["0", "1", "2", "3", "4"]));
        const snapshot = await open();
        for (const limit of [1, 2, 5, 6, 1_000_000_000]) {
          const hits = await snapshot.search({ ...vectorQuery(0), limit }, signal);
          expect(hits).toHaveLength(Math.min(limit, 5));
        }
        for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
          expect((await refusal(snapshot.search({ ...vectorQuery(0), limit }, signal))).code).toBe(
            "invalid_request",
          );
        }
      });
      test.each<readonly [string, Float32Array, ErrorCode]>([
        ["of another length", new Float32Array(3).fill(1), "embedder_mismatch"],
        ["with NaN", new Float32Array(DIMENSIONS).fill(Number.NaN), "embedding_invalid"],
        ["of zeros", new Float32Array(DIMENSIONS), "embedding_invalid"],
      ])("a query %s is refused", async (_, vector, code) => {
        await put(toDocument("a", ["one"]));
        expect(
          (await refusal((await open()).search({ ...vectorQuery(0), vector }, signal))).code,
        ).toBe(code);
      });
      test("a chunk without a vector is found by keyword only", async () => {
        await put(toDocument("a", ["plain cats", "vectorless cats"], { seeds: [1, null] }));
        await writer.index(signal);
        const snapshot = await open();
        expect(await snapshot.search(vectorQuery(1), signal)).toHaveLength(1);
        expect(await searchKeywords(snapshot, "vectorless")).toHaveLength(1);
        expect(await writer.verify(signal)).toEqual([]);
      });
    });

    describe("filters", () => {
      test("agree with the definition for any filter and any metadata", async () => {
        const documents = fc.sample(fc.tuple(metadataArbitrary, titleArbitrary, fc.nat(5)), {
          numRuns: 60,
          seed: 7,
        });
        const all = documents.map(([metadata, title, page], index) =>
          toDocument(`d${index}'"`, ["word"], { metadata, title, ...(page === 0 ? {} : { page }) }),
        );
        await put(...all);
        const snapshot = await open();
        const byRow = new Map<string, string>();
        const rows = (await snapshot.search({ ...vectorQuery(0), limit: 1000 }, signal)).map(
          ({ row }) => row,
        );
        for (const [index, chunk] of (await snapshot.take(rows, signal)).entries()) {
          byRow.set(rows[index] ?? "", chunk?.documentId ?? "damaged");
        }
        await fc.assert(
          fc.asyncProperty(filterArbitrary, async (filter) => {
            checkFilter(filter, spec);
            const query = { ...vectorQuery(0), limit: 1000, filter };
            const found = (await snapshot.search(query, signal)).map(({ row }) => byRow.get(row));
            const expected = all.filter(
              ({ chunks: [first] }) => first && matchesFilter(filter, first.chunk),
            );
            expect(new Set(found)).toEqual(new Set(expected.map(({ id }) => id)));
            expect(found).toHaveLength(expected.length);
          }),
          { numRuns: 100 },
        );
      });
      test("hold for keyword search as well", async () => {
        await put(
          ...HOSTILE_TEXTS.map((name, index) =>
            toDocument(`d${index}`, ["cats"], { metadata: { name } }),
          ),
        );
        await writer.index(signal);
        const snapshot = await open();
        for (const value of HOSTILE_TEXTS) {
          const filter = { field: "metadata.name", op: "eq", value } as const;
          const hits = await searchKeywords(snapshot, "cats", filter);
          const [chunk] = await snapshot.take(
            hits.map(({ row }) => row),
            signal,
          );
          expect(hits).toHaveLength(1);
          expect(chunk?.metadata["name"]).toBe(value);
        }
      });
      test.each(["and", "or"] as const)("of 99 conditions under one %s hold", async (kind) => {
        const documents = [2001, 2098, 2099].map((year) =>
          toDocument(`d${year}`, ["cats"], { metadata: { year } }),
        );
        await put(...documents);
        await writer.index(signal);
        const op = kind === "or" ? "eq" : "ne";
        const parts = Array.from({ length: 99 }, (_, index) => {
          return { field: "metadata.year", op, value: 2000 + index } as const;
        });
        // As large as one may be.
        const filter = Filter.parse(kind === "or" ? { or: parts } : { and: parts });
        const snapshot = await open();
        const ids = kind === "or" ? ["d2001", "d2098"] : ["d2099"];
        for (const hits of [
          await snapshot.search({ ...vectorQuery(0), filter }, signal),
          await searchKeywords(snapshot, "cats", filter),
        ]) {
          const rows = hits.map(({ row }) => row);
          const found = (await snapshot.take(rows, signal)).map((chunk) => chunk?.documentId);
          expect(new Set(found)).toEqual(new Set(ids));
        }
      });
      test.each([
        ["a field the collection does not have", { field: "metadata.nope", op: "exists" }],
        ["a field of every object", { field: "metadata.constructor", op: "exists" }],
        ["text for a number", { field: "metadata.year", op: "eq", value: "2020" }],
        ["an order of booleans", { field: "metadata.open", op: "lt", value: true }],
        ["equality of a list", { field: "metadata.tags", op: "eq", value: "x" }],
        ["membership in a text", { field: "metadata.name", op: "has", value: "x" }],
        ["an infinite number", { field: "page", op: "lt", value: Number.POSITIVE_INFINITY }],
      ] as const)("%s is an invalid filter, however deep", async (_, leaf) => {
        await put(toDocument("a", ["one"]));
        const filter = { not: { and: [{ or: [leaf] }] } };
        expect(
          (await refusal((await open()).search({ ...vectorQuery(0), filter }, signal))).code,
        ).toBe("invalid_filter");
      });
    });

    describe("signals", () => {
      test("an aborted one ends every call with its reason", async () => {
        await put(toDocument("a", ["cats"]));
        const snapshot = await open();
        const reason = new AppError("cancelled");
        const aborted = AbortSignal.abort(reason);
        await expect(store.list(aborted)).rejects.toBe(reason);
        await expect(store.open(spec.name, aborted)).rejects.toBe(reason);
        await expect(snapshot.search(vectorQuery(0), aborted)).rejects.toBe(reason);
        await expect(snapshot.terms("cats", aborted)).rejects.toBe(reason);
        await expect(snapshot.take(["0"], aborted)).rejects.toBe(reason);
        await expect(snapshot.documents({ limit: 1 }, aborted)).rejects.toBe(reason);
        const part = snapshot.rowsOf({ documentId: "a", from: 0, limit: 1 }, aborted);
        await expect(part).rejects.toBe(reason);
        await expect(writer.index(aborted)).rejects.toBe(reason);
      });
    });

    describeMadeAgain(() => store);
    describeDocuments({ store: () => store, writer: () => writer });
    describeKeywordScores({ store: () => store, writer: () => writer });
  });
}

export function vectorQuery(seed: number) {
  return { type: "vector", vector: toVector(seed), limit: 100, timeoutMs: TIMEOUT_MS } as const;
}

/** Rows that hold any term of the text, every term weighing the same. */
async function searchKeywords(
  snapshot: Snapshot,
  text: string,
  filter?: Parameters<typeof checkFilter>[0],
) {
  const { frequencies } = await snapshot.terms(text, signal);
  const terms = [...frequencies.keys()].map((term) => ({ term, idf: 1 }));
  const query = { type: "keyword", terms, limit: 100, timeoutMs: TIMEOUT_MS } as const;
  return snapshot.search(filter === undefined ? query : { ...query, filter }, signal);
}

async function takeAll(snapshot: Snapshot) {
  const hits = await snapshot.search({ ...vectorQuery(0), limit: 1000 }, signal);
  return snapshot.take(
    hits.map(({ row }) => row),
    signal,
  );
}

async function readTexts(snapshot: Snapshot): Promise<readonly string[]> {
  return (await takeAll(snapshot)).map((chunk) => chunk?.text ?? "damaged").toSorted();
}

function withVector(vector: Float32Array): DocumentWrite {
  const document = toDocument("bad", ["text"]);
  return { ...document, chunks: document.chunks.map(({ chunk }) => ({ chunk, vector })) };
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

/** The AppError the promise rejects with, which must speak in words of ours. */
export async function refusal(promise: Promise<unknown>): Promise<AppError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof AppError)) throw new Error("expected an AppError", { cause: thrown });
  expect(thrown.detail).toMatch(/\w/);
  expect(thrown.detail).not.toMatch(/lance error|\.rs:|\/tmp\/|panick/i);
  return thrown;
}
