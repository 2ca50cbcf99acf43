/** A collection over several objects: changed in one step, and honest about an object that is lost. */
import { describe, expect, test } from "vitest";
import type { LostPart } from "../../src/stores/store.ts";
import { toPart } from "../../src/worker/durable/parts.ts";
import type { CollectionRpc } from "../../src/worker/durable/protocol.ts";
import { spec, toDocument, toVector } from "../conformance/store-data.ts";
import { failureOf, fill, lose, makeWorld, OBJECTS, search } from "./spread-world.ts";
import { useEdge } from "./test-edge.ts";

const { signal } = new AbortController();

const edge = useEdge();

describe("a change in several objects", () => {
  const old = Array.from({ length: 12 }, (_, index) => toDocument(`d${index}`, ["old words"]));
  const fresh = old.map(({ id }) => toDocument(id, ["new words", "and more"]));

  test("that breaks off before it is shown is never seen, and the next writer undoes it", async () => {
    let isBroken = false;
    const world = makeWorld(edge.bindings, OBJECTS, (stub, object) => ({
      commit: async (...args: Parameters<CollectionRpc["commit"]>) => {
        if (isBroken && !object.includes(".")) throw new Error("the object was reset");
        return stub.commit(...args);
      },
    }));
    const writer = await fill(world.store, old);
    isBroken = true;
    const change = { put: fresh, remove: [] };
    expect((await failureOf(writer.commit(change, signal))).code).toBe("collection_unavailable");
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
    const world = makeWorld(edge.bindings, OBJECTS, (stub, object) => ({
      commit: async (...args: Parameters<CollectionRpc["commit"]>) => {
        if (object.endsWith(".2") && args[1].put.length > 0 && breaks-- > 0) {
          throw new Error("the object was reset");
        }
        return stub.commit(...args);
      },
    }));
    const writer = await world.store.create(spec, signal);
    const change = { put: old, remove: [] };
    expect((await failureOf(writer.commit(change, signal))).code).toBe("collection_unavailable");
    expect(await writer.commit(change, signal)).toMatchObject({ chunksAdded: 12 });
    expect(await writer.verify(signal)).toEqual([]);
    await writer.close();
  });

  test("of a writer that slept while another one wrote is refused whole", async () => {
    const world = makeWorld(edge.bindings);
    const sleeper = await fill(world.store, old);
    await sleeper.close(); // as good as a lock that ran out
    const writer = await world.store.openWriter(spec.name, signal);
    await writer.commit({ put: [toDocument("e", ["other words"])], remove: [] }, signal);
    await writer.close();
    const late = await failureOf(sleeper.commit({ put: fresh, remove: [] }, signal));
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
    const world = makeWorld(edge.bindings);
    await (await fill(world.store, documents)).close();
    const snapshot = await world.store.open(spec.name, signal);
    expect(await snapshot.lost?.(signal)).toEqual([]);
    await lose(world, 1);
    const error = await failureOf(snapshot.search(query, signal));
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
    const page = await failureOf(snapshot.documents({ limit: 5 }, signal));
    expect(page.detail).toContain("object 2 of 3");
    const documentId = documents.find(({ id }) => toPart(id, OBJECTS) === 1)?.id ?? "";
    const part = await failureOf(snapshot.rowsOf({ documentId, from: 0, limit: 1 }, signal));
    expect(part.code).toBe("collection_unavailable");
  });

  test("without vectors costs the search by meaning its share, and its words are still found", async () => {
    const world = makeWorld(edge.bindings);
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

  test("when it is the first one is named like any other, and the rest is found at the version shown last", async () => {
    const world = makeWorld(edge.bindings);
    const writer = await fill(world.store, documents);
    await writer.commit({ put: [toDocument("late", ["red words"])], remove: ["d0"] }, signal);
    await writer.close();
    const before = await world.store.open(spec.name, signal);
    await lose(world, 0);
    const snapshot = await world.store.open(spec.name, signal);
    expect(snapshot.info).toEqual(before.info);
    const lost: LostPart[] = [];
    const hits = await snapshot.search({ ...query, onLost: (part) => lost.push(part) }, signal);
    const all = [...documents.slice(1).map(({ id }) => id), "late"];
    expect(hits).toHaveLength(all.filter((id) => toPart(id, OBJECTS) !== 0).length);
    expect(lost).toMatchObject([{ part: "guide@1x3", error: { code: "collection_unavailable" } }]);
    expect(await snapshot.lost?.(signal)).toMatchObject([{ part: "guide@1x3" }]);
    expect(await search(snapshot, { text: "red" }, () => undefined)).toHaveLength(10);
    const error = await failureOf(snapshot.search(query, signal));
    expect(error.detail).toContain("object 1 of 3 of collection guide (guide@1x3)");
    await world.store.drop(spec.name, signal);
    expect(await world.store.list(signal)).toEqual([]);
  });

  test("when it is the first one of a writer that never finished makes the collection unavailable, and it can be dropped", async () => {
    const world = makeWorld(edge.bindings);
    await fill(world.store, documents); // and the writer was never closed
    await lose(world, 0);
    const error = await failureOf(world.store.open(spec.name, signal));
    expect(error.code).toBe("collection_unavailable");
    expect(error.detail).toContain("guide@1x3");
    await world.store.drop(spec.name, signal);
    expect(await world.store.list(signal)).toEqual([]);
  });

  test("when it is the first one while a change is prepared shows nothing of that change", async () => {
    let isBroken = false;
    const world = makeWorld(edge.bindings, OBJECTS, (stub, object) => ({
      commit: async (...args: Parameters<CollectionRpc["commit"]>) => {
        if (isBroken && !object.includes(".")) throw new Error("the object was reset");
        return stub.commit(...args);
      },
    }));
    await (await fill(world.store, documents)).close();
    const writer = await world.store.openWriter(spec.name, signal);
    isBroken = true;
    const remove = documents.map(({ id }) => id);
    await failureOf(writer.commit({ put: [], remove }, signal));
    await writer.close();
    await lose(world, 0);
    const snapshot = await world.store.open(spec.name, signal);
    const hits = await snapshot.search({ ...query, onLost: () => undefined }, signal);
    expect(hits).toHaveLength(documents.length - inPart(0));
  });
});
