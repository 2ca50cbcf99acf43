/** Two pushes of one collection at once, which end alike in one object and in several. */
import { beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import type { WriteStore } from "../../src/stores/store.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { ObjectBindings } from "../../src/worker/durable/objects.ts";
import { createPushes, type Pushes } from "../../src/worker/durable/pushes.ts";
import { spec, toDocument } from "../conformance/store-data.ts";
import type { TestEdge } from "./test-edge.ts";

const { signal } = new AbortController();

export interface Pushed {
  readonly pushes: Pushes;
  /** Reads what is shown. */
  readonly store: WriteStore;
}

export interface PushedOptions {
  /** Apart from those of other tests. */
  readonly space: string;
  /** Of one object. */
  readonly vectorBytesMax: number;
}

/** 30 documents of a chunk each, and what they are once they are published. */
export const documents = Array.from({ length: 30 }, (_, index) =>
  toDocument(`d${index}`, ["cats"]),
);
export const whole = { documents: 30, chunks: 30 };

/** Adds the tests to a `describe`. The collection is `guide`; after them it holds 20 documents of a chunk each. */
export function testTwoPushes(edge: TestEdge, { space, vectorBytesMax }: PushedOptions): Pushed {
  let made:
    | (Pushed & { readonly pushesAfter: (first: () => Promise<unknown>) => Pushes })
    | undefined;
  const use = () => made ?? expect.unreachable("they are made before the first test");
  beforeAll(() => {
    const common = { ...edge.bindings, space, clock: systemClock };
    const pushes = createPushes({ ...common, vectorBytesMax });
    const pushesAfter = (first: () => Promise<unknown>): Pushes => {
      const registry = beginAfter(common.registry, first);
      return createPushes({ ...common, vectorBytesMax, registry });
    };
    made = { pushes, pushesAfter, store: createDurableStore({ ...common, freshnessMs: 0 }) };
  });
  const open = async () => (await use().store.open("guide", signal)).info;

  test("of the same content send it together, and both end well", async () => {
    const { pushes } = use();
    const push = { collection: "guide", key: "same-content" };
    const one = async (from: number): Promise<void> => {
      await pushes.begin({ key: push.key, spec, chunks: 30 }, signal);
      for (let at = from; at < documents.length; at += 3) {
        await pushes.add(push, documents.slice(at, at + 5), signal);
      }
    };
    await Promise.all([one(0), one(1)]);
    const ends = await Promise.all([
      pushes.publish(push, whole, signal),
      pushes.publish(push, whole, signal),
    ]);
    const published = { status: "published", ...whole };
    expect(ends).toEqual([published, published]);
    expect(await open()).toMatchObject(whole);
  });

  test("of the same content: the one that is slower is done with the other", async () => {
    const { pushes } = use();
    const push = { collection: "guide", key: "same-content-twice" };
    await pushes.begin({ key: push.key, spec, chunks: 30 }, signal);
    await pushes.add(push, documents, signal);
    await pushes.publish(push, whole, signal);
    const before = await open();
    expect(await pushes.documents(push, { limit: 100 }, signal)).toHaveLength(30);
    const others = [...documents.slice(9), toDocument("d0", ["what this key is not for"])];
    expect(await pushes.add(push, others, signal)).toEqual({ chunksAdded: 0 });
    expect(await pushes.publish(push, whole, signal)).toMatchObject(whole);
    expect(await open()).toEqual(before);
  });

  test("of the same content: one that begins while the other is shown leaves what was before to go back to", async () => {
    const { pushes, pushesAfter, store } = use();
    const push = { collection: "guide", key: "same-content-begun" };
    const start = { key: push.key, spec, chunks: 30 };
    const before = await open();
    await pushes.begin(start, signal);
    await pushes.add(push, documents.slice(0, 29), signal);
    const all = { documents: 29, chunks: 29 };
    const late = pushesAfter(() => pushes.publish(push, all, signal));
    expect(await late.begin(start, signal)).toEqual({ status: "published", ...all });
    await store.generations?.rollback("guide", signal);
    expect((await open()).documents).toBe(before.documents);
  });

  test("of other content: the later one goes on, the earlier one is told, readers see no mix", async () => {
    const { pushes } = use();
    const before = await open();
    const first = { collection: "guide", key: "first-content" };
    const second = { collection: "guide", key: "second-content" };
    await pushes.begin({ key: first.key, spec, chunks: 30 }, signal);
    await pushes.add(first, documents.slice(0, 10), signal);
    await pushes.begin({ key: second.key, spec, chunks: 30 }, signal);
    await pushes.add(second, documents.slice(0, 20), signal);
    const locked = { code: "ingest_locked" };
    await expect(pushes.add(first, documents.slice(10), signal)).rejects.toMatchObject(locked);
    expect(await open()).toEqual(before);
    await pushes.publish(second, { documents: 20, chunks: 20 }, signal);
    const after = await open();
    expect(after).toMatchObject({ documents: 20, chunks: 20 });
    expect(after.version).toBeGreaterThan(before.version);
    await expect(pushes.publish(first, whole, signal)).rejects.toMatchObject(locked);
  });

  return {
    get pushes() {
      return use().pushes;
    },
    get store() {
      return use().store;
    },
  };
}

/** A registry in which something else happens between looking a push up and beginning it. */
function beginAfter(
  registry: ObjectBindings["registry"],
  first: () => Promise<unknown>,
): ObjectBindings["registry"] {
  return {
    idFromName: (name) => registry.idFromName(name),
    get(id) {
      const stub = registry.get(id);
      return {
        entries: () => stub.entries(),
        retired: (object) => stub.retired(object),
        async begin(...asked) {
          await first();
          return stub.begin(...asked);
        },
      } as typeof stub;
    },
  };
}
