/** Objects that were given up empty themselves also when what gave them up was broken off. */
import { expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { AppError } from "../../src/errors.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { ObjectNamespace } from "../../src/worker/durable/objects.ts";
import { createPushes, type PushName } from "../../src/worker/durable/pushes.ts";
import { spec, toDocument } from "../conformance/store-data.ts";
import { useEdge } from "./test-edge.ts";

const edge = useEdge();
const { signal: open } = new AbortController();
const documents = [toDocument("a", ["one"])];
const whole = { documents: 1, chunks: 1 };
let spaces = 0;

/** Pushes and a store of their own; `before` hears the name of each call to an object, and which, and of each to the registry. */
function setUp(before: (call: string, object: string) => void) {
  spaces += 1;
  const space = `-given-${spaces}-`;
  const retired: string[] = [];
  const watch = <Rpc extends object>(namespace: ObjectNamespace<Rpc>): ObjectNamespace<Rpc> => ({
    idFromName: (name) => name,
    get(id) {
      const name = String(id);
      const object = name.slice(space.length);
      return new Proxy(namespace.get(namespace.idFromName(name)), {
        get(target, key) {
          const call = Reflect.get(target, key) as (...given: unknown[]) => unknown;
          return async (...given: unknown[]) => {
            before(String(key), object);
            if (key === "retire") retired.push(object);
            return call.apply(target, given);
          };
        },
      });
    },
  });
  const bindings = {
    registry: watch(edge.bindings.registry),
    collections: watch(edge.bindings.collections),
    space,
    clock: systemClock,
  };
  const pushes = createPushes({ ...bindings, vectorBytesMax: 2 ** 20 });
  const push = async (key: string, signal = open): Promise<void> => {
    const name: PushName = { collection: "guide", key };
    if ((await pushes.begin({ key, spec }, signal)).status === "published") return;
    await pushes.add(name, documents, signal);
    await pushes.publish(name, whole, signal);
  };
  return { push, pushes, retired, store: createDurableStore({ ...bindings, freshnessMs: 0 }) };
}

test("a client that leaves between the step and its consequence leaves no object behind", async () => {
  const leaving = new AbortController();
  let leaves = true;
  const { push, retired } = setUp((call) => {
    if (call !== "retire") return;
    if (leaves) leaving.abort(new AppError("cancelled"));
    leaves = false;
  });
  await push("content-one");
  await push("content-two");
  // Gives up the first one, and is gone before that one knows it.
  await expect(push("content-three", leaving.signal)).rejects.toMatchObject({ code: "cancelled" });
  retired.length = 0;
  await push("content-three");
  await push("content-four");
  expect(retired).toEqual(["guide@1", "guide@2"]);
});

test("an object that cannot be reached is told later, and holds up no push", async () => {
  let isDown = true;
  const { pushes, push, retired } = setUp((call) => {
    if (isDown && call === "retire") throw new Error("the object is overloaded");
  });
  await pushes.begin({ key: "content-one", spec }, open);
  await push("content-two");
  expect(retired).toEqual([]);
  isDown = false;
  await pushes.begin({ key: "content-three", spec }, open);
  expect(retired).toEqual(["guide@1"]);
  await pushes.begin({ key: "content-three", spec }, open);
  expect(retired).toEqual(["guide@1"]);
});

test("what is dropped is told to all generations", async () => {
  const leaving = new AbortController();
  const { push, pushes, retired, store } = setUp((call) => {
    if (call === "retire") leaving.abort(new AppError("cancelled"));
  });
  await push("content-one");
  await push("content-two");
  await pushes.begin({ key: "never-shown", spec }, open);
  await expect(store.drop("guide", leaving.signal)).rejects.toMatchObject({ code: "cancelled" });
  retired.length = 0;
  await pushes.begin({ key: "content-three", spec }, open);
  expect(retired).toEqual(["guide@2", "guide@3", "guide@1"]);
});

test("a removal that was broken off is not in the way of the next one", async () => {
  let isDown = true;
  const { push, store } = setUp((call) => {
    if (isDown && call === "remove") throw new Error("the registry was reset");
  });
  await push("content-one");
  await expect(store.drop("guide", open)).rejects.toMatchObject({ code: "store_unavailable" });
  isDown = false;
  await store.drop("guide", open);
  await expect(store.open("guide", open)).rejects.toMatchObject({ code: "collection_not_found" });
});

test("an object that cannot be reached is replaced by a push, under a later version, and removed", async () => {
  let down = "";
  const { push, store } = setUp((_, object) => {
    if (object === down) throw new Error("the object is broken");
  });
  await push("content-one");
  const { version } = (await store.open("guide", open)).info;
  down = "guide@1";
  await push("content-two");
  expect((await store.open("guide", open)).info.version).toBeGreaterThan(version);
  down = "guide@2";
  await store.drop("guide", open);
  await expect(store.open("guide", open)).rejects.toMatchObject({ code: "collection_not_found" });
});
