/** What every store promises of keyword search: honest term statistics and scores that collections can be merged by. */
import { describe, expect, test } from "vitest";
import type { CollectionSpec } from "../../src/domain/collection.ts";
import type {
  CollectionWriter,
  DocumentWrite,
  Snapshot,
  WriteStore,
} from "../../src/stores/store.ts";
import { spec, toDocument } from "./store-data.ts";
import { createRandom } from "../../scripts/chaos/random.ts";

const signal = new AbortController().signal;
const HITS = 10;

interface Subject {
  readonly store: () => WriteStore;
  readonly writer: () => CollectionWriter;
}

export function describeKeywordScores({ store, writer }: Subject): void {
  describe("keyword search", () => {
    test("terms come in order of first occurrence with the chunks that hold them", async () => {
      await writer().commit(
        {
          put: [toDocument("a", ["red cats", "red red dogs"]), toDocument("b", ["blue"])],
          remove: [],
        },
        signal,
      );
      await writer().index(signal);
      const { chunks, frequencies } = await (
        await store().open(spec.name, signal)
      ).terms("blue red blue zebra", signal);
      expect(chunks).toBe(3);
      const [blue, red, zebra] = [...frequencies];
      expect([blue?.[1], red?.[1], zebra?.[1]]).toEqual([1, 2, 0]);
    });

    test("what was committed and not indexed yet is found by words that were not there before", async () => {
      const find = async (word: string) => {
        const snapshot = await store().open(spec.name, signal);
        const { frequencies } = await snapshot.terms(word, signal);
        const held = [...frequencies].filter(([, count]) => count > 0);
        const terms = held.map(([term]) => ({ term, idf: 1 }));
        const query = { type: "keyword", terms, limit: HITS, timeoutMs: 5_000 } as const;
        return (await snapshot.search(query, signal)).length;
      };
      await writer().commit({ put: [toDocument("a", ["red cats"])], remove: [] }, signal);
      expect(await find("red")).toBe(1); // as in the first ingest, until its end
      await writer().index(signal);
      await writer().commit({ put: [toDocument("b", ["blue dogs"])], remove: [] }, signal);
      expect(await find("blue")).toBe(1);
      expect(await find("red")).toBe(1);
      await writer().index(signal);
      expect(await find("green")).toBe(0);
    });

    test("a row of a table is found by its column's name, and comes back with it", async () => {
      const written = toDocument("rates", ["before", "| Oslo | 7 |"], { page: 3 });
      await writer().commit({ put: [written], remove: [] }, signal);
      await writer().index(signal);
      const snapshot = await store().open(spec.name, signal);
      const { frequencies } = await snapshot.terms("city", signal);
      const terms = [...frequencies.keys()].map((term) => ({ term, idf: 1 }));
      const [hit, ...others] = await snapshot.search(
        { type: "keyword", terms, limit: HITS, timeoutMs: 5_000 },
        signal,
      );
      expect(others).toEqual([]);
      const [row] = await snapshot.take([hit?.row ?? ""], signal);
      expect(row).toEqual(written.chunks[1]?.chunk);
      expect(row?.location.columns).toBe("| City | Rate |");
    });

    test("frequencies equal a recount after documents came, changed and went", async () => {
      const random = createRandom(3);
      const words = (count: number): string =>
        Array.from({ length: count }, () => word(random)).join(" ");
      const documents = Array.from({ length: 60 }, (_, index) =>
        toDocument(`d${index}`, [words(20), words(9)]),
      );
      await writer().commit({ put: documents, remove: [] }, signal);
      await writer().index(signal);
      const changed = documents.slice(0, 20).map(({ id }) => toDocument(id, [words(15)]));
      const remove = documents.slice(20, 30).map(({ id }) => id);
      await writer().commit({ put: changed, remove }, signal);
      await writer().index(signal);
      const snapshot = await store().open(spec.name, signal);
      const left = [...changed, ...documents.slice(30)];
      expect(await writer().verify(signal)).toEqual([]);
      await expectRecount(snapshot, left);
    });

    test("frequencies equal a recount when the writer broke off before indexing", async () => {
      const documents = [toDocument("a", ["red cats run"]), toDocument("b", ["blue cats"])];
      await writer().commit({ put: documents, remove: [] }, signal);
      await writer().close();
      const next = await store().openWriter(spec.name, signal);
      await next.index(signal);
      await expectRecount(await store().open(spec.name, signal), documents);
      expect(await next.verify(signal)).toEqual([]);
      await next.close();
    });

    test("words that a stemmer changes twice are found", async () => {
      const texts = ["organisation", "generalizations", "relational", "abilities", "universities"];
      await writer().commit(
        { put: texts.map((text) => toDocument(text, [text])), remove: [] },
        signal,
      );
      await writer().index(signal);
      const snapshot = await store().open(spec.name, signal);
      for (const text of texts) {
        const found = await searchIds(snapshot, [snapshot], text);
        expect(found[0]).toBe(`${text}#0`);
      }
    });

    test.each([
      ["quotes", `"cats" 'dogs'`],
      ["operators", "cats AND NOT (dogs OR -fish) +cats^4 cats~2 text:cats *"],
      ["emoji", "cats 😀👨‍👩‍👧"],
      ["NUL and controls", "cats\u0000\u0001\u001f"],
      ["a lone surrogate", "cats \ud800"],
      ["20,000 characters", `cats ${"supercalifragilistic ".repeat(950)}`],
      ["many words", `cats ${Array.from({ length: 3_000 }, (_, index) => `w${index}`).join(" ")}`],
      ["one long word", `cats ${"a".repeat(20_000)}`],
    ])("takes hostile text: %s", async (_, text) => {
      await writer().commit(
        { put: [toDocument("a", ["cats"]), toDocument("b", ["dogs"])], remove: [] },
        signal,
      );
      await writer().index(signal);
      const snapshot = await store().open(spec.name, signal);
      const { frequencies } = await snapshot.terms(text, signal);
      const held = [...frequencies].filter(([, count]) => count > 0);
      expect(held.length).toBeGreaterThan(0);
      expect((await searchIds(snapshot, [snapshot], text))[0]).toBe("a#0");
    });

    test("of a hundred terms, each of another weight, the heaviest are found first", async () => {
      const digits = "abcdefghij";
      const toWord = (index: number): string =>
        `zq${digits[Math.floor(index / 10)] ?? ""}${digits[index % 10] ?? ""}`;
      const words = Array.from({ length: 100 }, (_, index) => toWord(index));
      const put = words.map((word) => toDocument(word, [word]));
      await writer().commit({ put, remove: [] }, signal);
      await writer().index(signal);
      const snapshot = await store().open(spec.name, signal);
      const terms = words.map((term, index) => ({ term, idf: 1 + index / 10 }));
      const query = { type: "keyword", terms, limit: HITS, timeoutMs: 5_000 } as const;
      const rows = (await snapshot.search(query, signal)).map(({ row }) => row);
      const found = (await snapshot.take(rows, signal)).map((chunk) => chunk?.documentId);
      expect(found).toEqual(words.slice(-HITS).toReversed());
    });

    test.each(["", "   ", "\n", "!?", "😀"])("finds nothing for %j", async (text) => {
      await writer().commit({ put: [toDocument("a", ["cats"])], remove: [] }, signal);
      await writer().index(signal);
      const snapshot = await store().open(spec.name, signal);
      expect(await searchIds(snapshot, [snapshot], text)).toEqual([]);
    });

    test("scores after documents came and went are those of a collection made at once", async () => {
      const texts = (from: number, to: number, word: string): DocumentWrite[] =>
        Array.from({ length: to - from }, (_, index) =>
          toDocument(`d${from + index}`, [`common ${word}`]),
        );
      const all = [...texts(0, 90, "alpha"), ...texts(90, 120, "beta")];
      const kept = all.slice(80);
      await writer().commit({ put: all, remove: [] }, signal);
      await writer().index(signal);
      await writer().commit({ put: [], remove: all.slice(0, 80).map(({ id }) => id) }, signal);
      await writer().index(signal);
      const changed = await store().open(spec.name, signal);
      const fresh = await load(store(), { ...spec, name: "fresh" }, kept);
      for (const text of ["alpha", "beta", "common beta"]) {
        const expected = (await searchHits(fresh, [fresh], text)).map(({ score }) => score);
        const found = (await searchHits(changed, [changed], text)).map(({ score }) => score);
        expect(found).toHaveLength(expected.length);
        for (const [index, score] of found.entries())
          expect(score).toBeCloseTo(expected[index] ?? -1, 3);
      }
    });

    test("two collections merged by score agree with one that holds all of it", async () => {
      const random = createRandom(11);
      const documents = (prefix: string, stride: number): DocumentWrite[] =>
        Array.from({ length: 400 }, (_, index) => {
          const text = Array.from({ length: 40 }, () => word(random, stride)).join(" ");
          return toDocument(`${prefix}${index}`, [text], { title: "" });
        });
      const left = documents("a", 1);
      const right = documents("b", 7);
      const snapshots = [
        await load(store(), { ...spec, name: "left" }, left),
        await load(store(), { ...spec, name: "right" }, right),
      ];
      const union = await load(store(), { ...spec, name: "union" }, [...left, ...right]);
      let overlap = 0;
      const questions = 16;
      for (let index = 0; index < questions; index += 1) {
        const text = Array.from({ length: 4 }, () => word(random, index % 2 === 0 ? 1 : 7)).join(
          " ",
        );
        const expected = await searchIds(union, [union], text);
        const lists = await Promise.all(
          snapshots.map(async (snapshot) => searchHits(snapshot, snapshots, text)),
        );
        const merged = lists
          .flat()
          .toSorted((a, b) => b.score - a.score)
          .slice(0, HITS);
        const found = merged.filter(({ id }) => expected.includes(id)).length;
        overlap += expected.length === 0 ? 1 : found / expected.length;
      }
      expect(overlap / questions).toBeGreaterThanOrEqual(0.9);
    });
  });
}

async function load(
  store: WriteStore,
  spec: CollectionSpec,
  put: DocumentWrite[],
): Promise<Snapshot> {
  const writer = await store.create(spec, signal);
  await writer.commit({ put, remove: [] }, signal);
  await writer.index(signal);
  await writer.close();
  return store.open(spec.name, signal);
}

/** Every term of the documents, counted anew with the collection's own analyser. */
async function expectRecount(
  snapshot: Snapshot,
  documents: readonly DocumentWrite[],
): Promise<void> {
  const expected = new Map<string, number>();
  const chunks = documents.flatMap((document) => document.chunks);
  for (const { chunk } of chunks) {
    const content = [chunk.title, ...chunk.location.headings, chunk.text].join(" ");
    const { frequencies } = await snapshot.terms(content, signal);
    for (const term of frequencies.keys()) expected.set(term, (expected.get(term) ?? 0) + 1);
    for (const [term, count] of frequencies) expect([term, count]).not.toEqual([term, 0]);
  }
  const everything = chunks
    .map(({ chunk }) => [chunk.title, ...chunk.location.headings, chunk.text].join(" "))
    .join("\n");
  const { frequencies } = await snapshot.terms(everything, signal);
  expect(frequencies).toEqual(expected);
}

/** Asks one collection with document frequencies summed over all of them. */
async function searchHits(snapshot: Snapshot, all: readonly Snapshot[], text: string) {
  const statistics = await Promise.all(all.map(async (one) => one.terms(text, signal)));
  const total = statistics.reduce((sum, { chunks }) => sum + chunks, 0);
  const names = new Set(statistics.flatMap(({ frequencies }) => [...frequencies.keys()]));
  const terms = [...names].map((term) => {
    const count = statistics.reduce(
      (sum, { frequencies }) => sum + (frequencies.get(term) ?? 0),
      0,
    );
    return { term, idf: Math.log(1 + (total - count + 0.5) / (count + 0.5)) };
  });
  // As a caller would: a term nobody holds is not asked for.
  const held = terms.filter(({ term }) =>
    statistics.some(({ frequencies }) => (frequencies.get(term) ?? 0) > 0),
  );
  const hits = await snapshot.search(
    { type: "keyword", terms: held, limit: HITS, timeoutMs: 5_000 },
    signal,
  );
  const chunks = await snapshot.take(
    hits.map(({ row }) => row),
    signal,
  );
  return hits.map(({ score }, index) => ({ score, id: chunks[index]?.id ?? "damaged" }));
}

async function searchIds(snapshot: Snapshot, all: readonly Snapshot[], text: string) {
  return (await searchHits(snapshot, all, text)).map(({ id }) => id);
}

/** Words in a Zipf-like distribution; another stride gives other words the frequent places. */
function word(random: () => number, stride = 1): string {
  const rank = Math.floor(600 ** random()) - 1;
  return `w${(rank * stride) % 600}x`;
}
