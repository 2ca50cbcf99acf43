/** A collection over several objects is found as one in a single object: the same weights, scores and order. */
import { isDeepStrictEqual } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { Filter } from "../../src/domain/filter.ts";
import type { DocumentWrite, Snapshot, WriteStore } from "../../src/stores/store.ts";
import { spec, toDocument, toVector } from "../conformance/store-data.ts";
import { createRandom } from "../../scripts/chaos/random.ts";
import { fill, makeWorld, search, type Searched } from "./spread-world.ts";
import { useEdge } from "./test-edge.ts";

/** Scores that differ by less are the same. */
const SAME = 1e-6;
const { signal } = new AbortController();

const edge = useEdge();

/** Words in a Zipf-like distribution, in texts of any length. */
function makeDocuments(count: number): readonly DocumentWrite[] {
  const random = createRandom(5);
  const word = (): string => `w${Math.floor(600 ** random())}x`;
  return Array.from({ length: count }, (_, index) => {
    const length = 5 + Math.floor(random() ** 3 * 150);
    const texts = Array.from({ length: 1 + (index % 3) }, () =>
      Array.from({ length }, word).join(" "),
    );
    return toDocument(`d${index}`, texts, {
      title: "",
      metadata: { year: index % 7 },
      seeds: texts.map((_, position) => index * 3.1 + position),
    });
  });
}

/** Chunks of one score may change places, and at the end of the list drop out. */
function isSameRanking(expected: readonly Searched[], found: readonly Searched[]): boolean {
  const last = expected.at(-1)?.score ?? 0;
  const ids = new Set(found.map(({ id }) => id));
  return (
    found.length === expected.length &&
    expected.every(({ id, score }, index) => {
      const isThere = ids.has(id) || score - last < SAME;
      return isThere && Math.abs(score - (found[index]?.score ?? Number.NaN)) < SAME;
    })
  );
}

describe("ranking over three objects equals ranking in one", () => {
  const documents = makeDocuments(300);
  const questions = Array.from({ length: 5 }, (_, index) => ({
    text: `w${1 + (index % 9)}x w${20 + index * 3}x w${200 + index * 7}x`,
    vector: toVector(index * 1.37),
  }));
  let one: WriteStore;
  let three: WriteStore;
  beforeAll(async () => {
    [one, three] = [makeWorld(edge.bindings, 1).store, makeWorld(edge.bindings, 3).store];
    for (const store of [one, three]) await (await fill(store, documents)).close();
  });

  /** What differs, one line each. */
  async function compare(filter?: Filter): Promise<readonly string[]> {
    const [left, right] = [await one.open(spec.name, signal), await three.open(spec.name, signal)];
    const narrow = filter === undefined ? {} : { filter };
    const faults: string[] = [];
    if (left.info.chunks !== right.info.chunks) faults.push("the number of chunks");
    for (const { text, vector } of questions) {
      const counts = await Promise.all(
        [left, right].map(async (snapshot) => snapshot.terms(text, signal)),
      );
      if (!isDeepStrictEqual(counts[0], counts[1])) faults.push(`the terms of ${text}`);
      for (const query of [{ text }, { vector }]) {
        const [expected, found] = [
          await search(left, { ...query, ...narrow }),
          await search(right, { ...query, ...narrow }),
        ];
        if (expected.length === 0) faults.push(`nothing is found for ${text}`);
        if (!isSameRanking(expected, found)) faults.push(JSON.stringify({ text, expected, found }));
      }
    }
    return faults;
  }

  test("with the same weights of terms and the same scores", async () => {
    expect(await compare()).toEqual([]);
  });

  test("under a filter", async () => {
    expect(await compare({ field: "metadata.year", op: "in", values: [2, 5] })).toEqual([]);
  });

  test("after documents came, changed and went", async () => {
    const changed = makeDocuments(360)
      .slice(300)
      .map(({ id }, index) => toDocument(id, [`w${index}x fresh words w2x`], { title: "" }));
    const change = { put: changed, remove: documents.slice(0, 90).map(({ id }) => id) };
    for (const store of [one, three]) {
      const writer = await store.openWriter(spec.name, signal);
      expect(writer.recovered).toEqual([]);
      await writer.commit(change, signal);
      await writer.index(signal);
      expect(await writer.verify(signal)).toEqual([]);
      await writer.close();
    }
    expect(await compare()).toEqual([]);
    expect(await compare({ field: "metadata.year", op: "gte", value: 4 })).toEqual([]);
  });

  test("and documents come in pages, and in reading order", async () => {
    const [left, right] = [await one.open(spec.name, signal), await three.open(spec.name, signal)];
    for (let after: string | undefined; ;) {
      const page = { limit: 50, ...(after === undefined ? {} : { after }) };
      const [expected, found] = [
        await left.documents(page, signal),
        await right.documents(page, signal),
      ];
      expect(found).toEqual(expected);
      after = found.at(-1)?.id;
      if (after === undefined) break;
    }
    const part = { documentId: "d101", from: 0, limit: 5 };
    const read = async (snapshot: Snapshot): Promise<unknown> =>
      snapshot.take(await snapshot.rowsOf(part, signal), signal);
    expect(await read(right)).toEqual(await read(left));
    expect(await right.rowsOf({ ...part, documentId: "d0" }, signal)).toEqual([]);
  });
});
