/** A collection over several objects: found as in one, changed in one step, and honest about an object that is lost. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import type { CollectionSpec } from "../../src/domain/collection.ts";
import type { Filter } from "../../src/domain/filter.ts";
import { AppError } from "../../src/errors.ts";
import type { DocumentWrite, LostPart, Snapshot, WriteStore } from "../../src/stores/store.ts";
import { toIdf } from "../../src/text/idf.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { ObjectBindings } from "../../src/worker/durable/objects.ts";
import { toObjects, toPart } from "../../src/worker/durable/parts.ts";
import type { CollectionRpc } from "../../src/worker/durable/protocol.ts";
import { createRandom } from "../support/random.ts";
import { spec, toDocument, toVector } from "../conformance/store-data.ts";
import { startEdge, type TestEdge } from "./test-edge.ts";

const OBJECTS = 3;
const { signal } = new AbortController();

let edge: TestEdge;
let bindings: ObjectBindings;
let spaces = 0;
beforeAll(async () => {
  edge = await startEdge();
  bindings = await edge.objects();
});
afterAll(async () => edge.close());

interface World {
  readonly store: WriteStore;
  readonly bindings: ObjectBindings;
  readonly stub: (part: number) => CollectionRpc;
}

/** A store of its own; `change` stands between it and its objects. */
function makeWorld(
  objectsOfNew = OBJECTS,
  change?: (stub: CollectionRpc, name: string) => object,
): World {
  spaces += 1;
  const space = `-spread-${spaces}-`;
  const { collections } = bindings;
  const names = new Map<unknown, string>();
  const changed: ObjectBindings = {
    ...bindings,
    space,
    collections: {
      idFromName(name) {
        const id = collections.idFromName(name);
        names.set(id, name.slice(space.length));
        return id;
      },
      get(id) {
        const stub = collections.get(id);
        const own = change?.(stub, names.get(id) ?? "") ?? {};
        return new Proxy(stub, {
          get: (target, key) => Reflect.get(own, key) ?? (target as never)[key],
        });
      },
    },
  };
  const store = createDurableStore({
    ...changed,
    freshnessMs: 0,
    clock: systemClock,
    objectsOfNew,
  });
  const name = `${spec.name}@1${objectsOfNew > 1 ? `x${objectsOfNew}` : ""}`;
  return {
    store,
    bindings: changed,
    stub: (part) =>
      collections.get(collections.idFromName(`${space}${toObjects(name)[part] ?? ""}`)),
  };
}

async function fill(
  store: WriteStore,
  documents: readonly DocumentWrite[],
  own: CollectionSpec = spec,
) {
  const writer = await store.create(own, signal);
  for (let at = 0; at < documents.length; at += 100) {
    await writer.commit({ put: documents.slice(at, at + 100), remove: [] }, signal);
  }
  return writer;
}

/** Has the object empty itself, as one that has lost its storage. */
async function lose(world: World, part: number): Promise<void> {
  const stub = world.stub(part);
  await stub.retire(0);
  while (!("error" in (await stub.describe()))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Searched {
  readonly id: string;
  readonly score: number;
}

async function search(
  snapshot: Snapshot,
  query: { readonly text?: string; readonly vector?: Float32Array; readonly filter?: Filter },
  onLost?: (part: LostPart) => void,
): Promise<readonly Searched[]> {
  const { text, vector, filter } = query;
  const common = {
    limit: 10,
    timeoutMs: 20_000,
    ...(filter === undefined ? {} : { filter }),
    ...(onLost === undefined ? {} : { onLost }),
  };
  if (vector !== undefined) {
    return name(snapshot, await snapshot.search({ type: "vector", vector, ...common }, signal));
  }
  const { chunks, frequencies } = await snapshot.terms(text ?? "", signal, onLost);
  const terms = [...frequencies]
    .filter(([, count]) => count > 0)
    .map(([term, count]) => ({ term, idf: toIdf(count, chunks) }));
  if (terms.length === 0) return [];
  return name(snapshot, await snapshot.search({ type: "keyword", terms, ...common }, signal));
}

async function name(snapshot: Snapshot, hits: readonly { row: string; score: number }[]) {
  const rows = hits.map(({ row }) => row);
  const chunks = await snapshot.take(rows, signal);
  return hits.map(({ score }, index) => ({ id: chunks[index]?.id ?? "damaged", score }));
}

const failure = async (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => expect.unreachable("it did not fail"),
    (thrown: unknown) => (thrown instanceof AppError ? thrown : expect.unreachable(String(thrown))),
  );

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

describe("ranking over three objects equals ranking in one", () => {
  const documents = makeDocuments(300);
  const questions = Array.from({ length: 15 }, (_, index) => ({
    text: `w${1 + (index % 9)}x w${20 + index * 3}x w${200 + index * 7}x`,
    vector: toVector(index * 1.37),
  }));
  let one: WriteStore;
  let three: WriteStore;
  beforeAll(async () => {
    [one, three] = [makeWorld(1).store, makeWorld(3).store];
    for (const store of [one, three]) await (await fill(store, documents)).close();
  });

  async function compare(filter?: Filter): Promise<void> {
    const [left, right] = [await one.open(spec.name, signal), await three.open(spec.name, signal)];
    expect(right.info).toMatchObject({ documents: left.info.documents, chunks: left.info.chunks });
    const narrow = filter === undefined ? {} : { filter };
    for (const { text, vector } of questions) {
      expect(await right.terms(text, signal)).toEqual(await left.terms(text, signal));
      for (const query of [{ text }, { vector }]) {
        const [expected, found] = [
          await search(left, { ...query, ...narrow }),
          await search(right, { ...query, ...narrow }),
        ];
        expect(found).toHaveLength(expected.length);
        for (const [index, { score }] of found.entries()) {
          expect(score).toBeCloseTo(expected[index]?.score ?? Number.NaN, 6);
        }
        // Chunks of one score may change places, and at the end of the list drop out.
        const sure = expected.filter(({ score }) => score > (expected.at(-1)?.score ?? 0) + 1e-6);
        expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(sure.map(({ id }) => id)));
      }
    }
  }

  test("with the same weights of terms and the same scores", async () => compare());

  test("under a filter", async () => compare({ field: "metadata.year", op: "in", values: [2, 5] }));

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
    await compare();
    await compare({ field: "metadata.year", op: "gte", value: 4 });
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

describe("a change in several objects", () => {
  const old = Array.from({ length: 12 }, (_, index) => toDocument(`d${index}`, ["old words"]));
  const fresh = old.map(({ id }) => toDocument(id, ["new words", "and more"]));

  test("that breaks off before it is shown is never seen, and the next writer undoes it", async () => {
    let isBroken = false;
    const world = makeWorld(OBJECTS, (stub, object) => ({
      commit: async (...args: Parameters<CollectionRpc["commit"]>) => {
        if (isBroken && !object.includes(".")) throw new Error("the object was reset");
        return stub.commit(...args);
      },
    }));
    const writer = await fill(world.store, old);
    isBroken = true;
    const change = { put: fresh, remove: [] };
    expect((await failure(writer.commit(change, signal))).code).toBe("collection_unavailable");
    const seen = await world.store.open(spec.name, signal);
    expect(seen.info).toMatchObject({ documents: 12, chunks: 12 });
    expect(await search(seen, { text: "old" })).toHaveLength(10);
    expect(await search(seen, { text: "new" })).toEqual([]);
    await writer.close();
    isBroken = false;
    const next = await world.store.openWriter(spec.name, signal);
    expect(next.recovered).toHaveLength(2);
    expect(next.recovered.join()).toContain("was never finished");
    expect(await next.verify(signal)).toEqual([]);
    expect((await seen.terms("old new", signal)).frequencies).toEqual(
      new Map([
        ["old", 12],
        ["new", 0],
      ]),
    );
    await next.commit(change, signal);
    expect(await next.verify(signal)).toEqual([]);
    const after = await world.store.open(spec.name, signal);
    expect(after.info).toMatchObject({ documents: 12, chunks: 24 });
    expect(await search(after, { text: "old" })).toEqual([]);
    await next.close();
  });

  test("that the same writer tries again holds everything once", async () => {
    let breaks = 1;
    const world = makeWorld(OBJECTS, (stub, object) => ({
      commit: async (...args: Parameters<CollectionRpc["commit"]>) => {
        if (object.endsWith(".2") && args[1].put.length > 0 && breaks-- > 0) {
          throw new Error("the object was reset");
        }
        return stub.commit(...args);
      },
    }));
    const writer = await world.store.create(spec, signal);
    const change = { put: old, remove: [] };
    expect((await failure(writer.commit(change, signal))).code).toBe("collection_unavailable");
    expect(await writer.commit(change, signal)).toMatchObject({ chunksAdded: 12 });
    expect(await writer.verify(signal)).toEqual([]);
    await writer.close();
  });

  test("of a writer that slept while another one wrote is refused whole", async () => {
    const world = makeWorld();
    const sleeper = await fill(world.store, old);
    await sleeper.close(); // as good as a lock that ran out
    const writer = await world.store.openWriter(spec.name, signal);
    await writer.commit({ put: [toDocument("e", ["other words"])], remove: [] }, signal);
    await writer.close();
    const late = await failure(sleeper.commit({ put: fresh, remove: [] }, signal));
    expect(late.code).toBe("ingest_locked");
    const seen = await world.store.open(spec.name, signal);
    expect(seen.info).toMatchObject({ documents: 13, chunks: 13 });
    expect(await search(seen, { text: "new" })).toEqual([]);
  });
});

describe("an object that is lost", () => {
  const documents = Array.from({ length: 30 }, (_, index) =>
    toDocument(`d${index}`, ["red words"]),
  );
  const inPart = (part: number): number =>
    documents.filter(({ id }) => toPart(id, OBJECTS) === part).length;
  const query = { type: "vector", vector: toVector(0), limit: 100, timeoutMs: 20_000 } as const;

  test("is named to who asks for everything, and to who takes the rest together with the rest", async () => {
    const world = makeWorld();
    await (await fill(world.store, documents)).close();
    const snapshot = await world.store.open(spec.name, signal);
    expect(await snapshot.lost?.(signal)).toEqual([]);
    await lose(world, 1);
    const error = await failure(snapshot.search(query, signal));
    expect(error.code).toBe("collection_unavailable");
    expect(error.detail).toContain("object 2 of 3 of collection guide (guide@1x3.1)");
    expect(error.detail).toContain("pnpm ingest push guide --to edge");
    const lost: string[] = [];
    const onLost = ({ part }: LostPart): unknown => lost.push(part);
    const hits = await snapshot.search({ ...query, onLost }, signal);
    expect(hits).toHaveLength(documents.length - inPart(1));
    expect(await search(snapshot, { text: "red" }, onLost)).toHaveLength(10);
    expect(new Set(lost)).toEqual(new Set(["guide@1x3.1"]));
    expect(await snapshot.lost?.(signal)).toMatchObject([{ part: "guide@1x3.1" }]);
    const page = await failure(snapshot.documents({ limit: 5 }, signal));
    expect(page.detail).toContain("object 2 of 3");
    const documentId = documents.find(({ id }) => toPart(id, OBJECTS) === 1)?.id ?? "";
    const part = await failure(snapshot.rowsOf({ documentId, from: 0, limit: 1 }, signal));
    expect(part.code).toBe("collection_unavailable");
  });

  test("without vectors costs the search by meaning its share, and its words are still found", async () => {
    const world = makeWorld();
    await (await fill(world.store, documents)).close();
    const object = `${world.bindings.space ?? ""}guide@1x3.2`;
    await edge.runSql("COLLECTIONS", object, "DELETE FROM blocks");
    const snapshot = await world.store.open(spec.name, signal);
    const lost: LostPart[] = [];
    const hits = await snapshot.search({ ...query, onLost: (part) => lost.push(part) }, signal);
    expect(hits).toHaveLength(documents.length - inPart(2));
    expect(lost).toMatchObject([
      { part: "guide@1x3.2", error: { code: "collection_unavailable" } },
    ]);
    expect(await snapshot.lost?.(signal)).toHaveLength(1);
    lost.length = 0;
    await search(snapshot, { text: "red" }, (part) => lost.push(part));
    expect(lost).toEqual([]);
  });

  test("when it is the first one makes the collection unavailable, and it can be dropped", async () => {
    const world = makeWorld();
    await (await fill(world.store, documents)).close();
    await lose(world, 0);
    const error = await failure(world.store.open(spec.name, signal));
    expect(error.code).toBe("collection_unavailable");
    expect(error.detail).toContain("guide@1x3");
    await world.store.drop(spec.name, signal);
    expect(await world.store.list(signal)).toEqual([]);
  });
});
