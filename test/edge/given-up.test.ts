/** Objects that were given up empty themselves also when what gave them up was broken off. */
import { expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { AppError } from "../../src/errors.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { CollectionRpc } from "../../src/worker/durable/protocol.ts";
import { createPushes, type PushName } from "../../src/worker/durable/pushes.ts";
import { spec, toDocument } from "../conformance/store-data.ts";
import { useEdge } from "./test-edge.ts";

const edge = useEdge();
const { signal: open } = new AbortController();
const documents = [toDocument("a", ["one"])];
const whole = { documents: 1, chunks: 1 };
let spaces = 0;

/** Pushes and a store of their own; `onRetire` is called before an object is told to empty itself. */
function setUp(onRetire: () => void) {
  spaces += 1;
  const space = `-given-${spaces}-`;
  const retired: string[] = [];
  const { collections } = edge.bindings;
  const watched = {
    idFromName: (name: string) => name,
    get(id: unknown): CollectionRpc {
      const name = String(id);
      const stub = collections.get(collections.idFromName(name));
      return new Proxy(stub, {
        get(target, key) {
          if (key !== "retire") return Reflect.get(target, key) as unknown;
          return async (delayMs: number) => {
            onRetire();
            retired.push(name.slice(space.length));
            return target.retire(delayMs);
          };
        },
      });
    },
  };
  const bindings = { ...edge.bindings, collections: watched, space, clock: systemClock };
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
  const { push, retired } = setUp(() => {
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
  const { pushes, push, retired } = setUp(() => {
    if (isDown) throw new Error("the object is overloaded");
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
  const { push, pushes, retired, store } = setUp(() => leaving.abort(new AppError("cancelled")));
  await push("content-one");
  await push("content-two");
  await expect(store.drop("guide", leaving.signal)).rejects.toMatchObject({ code: "cancelled" });
  retired.length = 0;
  await pushes.begin({ key: "content-three", spec }, open);
  expect(retired).toEqual(["guide@2", "guide@1"]);
});
