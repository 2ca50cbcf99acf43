/** Giving objects up: however many there are, and whatever hangs, the step that does it goes on in time. */
import { expect, test } from "vitest";
import type { CollectionRpc, RegistryRpc, Reply } from "../../src/worker/durable/protocol.ts";
import { createObjects, retireAll } from "../../src/worker/durable/objects.ts";
import type { VectorSource } from "../../src/worker/durable/vector-source.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const { signal } = new AbortController();
const never = new Promise<never>(() => undefined);

/** Objects without documents, of which these hang when they are told. */
function setUp(hanging: readonly string[], remove: VectorSource["remove"]) {
  const clock = createFakeClock();
  const told: string[] = [];
  const stubs = (name: string) => ({
    describe: async (): Promise<Reply<never>> => ({ error: { code: "collection_not_found" } }),
    async retire(): Promise<Reply<true>> {
      if (hanging.includes(name)) return never;
      told.push(name);
      return { value: true };
    },
  });
  const registry = {
    async retired(object: string): Promise<Reply<true>> {
      told.push(`registry: ${object}`);
      return { value: true };
    },
  };
  const vectors = { remove } as unknown as VectorSource;
  const objects = createObjects({
    clock,
    vectors,
    registry: { idFromName: (name) => name, get: () => registry as unknown as RegistryRpc },
    collections: {
      idFromName: (name) => name,
      get: (id) => stubs(String(id)) as unknown as CollectionRpc,
    },
  });
  return { clock, told, objects };
}

test("an index that does not answer is waited for once, and not for each object", async () => {
  const asked: string[] = [];
  const { clock, told, objects } = setUp([], async (object, _, given) => {
    asked.push(object);
    await new Promise((resolve) => given.addEventListener("abort", resolve));
    return false;
  });
  const over = retireAll(objects, { givenUp: ["a@1", "a@2", "a@3"] }, signal);
  await clock.advance(30_000);
  await over;
  expect(asked).toEqual(["a@1"]);
  expect(told).toEqual([]);
});

test("an object that does not answer is left for the next step, with those behind it", async () => {
  const { clock, told, objects } = setUp(["a@2"], async () => true);
  const over = retireAll(objects, { givenUp: ["a@1", "a@2", "a@3"] }, signal);
  await clock.advance(30_000);
  await over;
  expect(told).toEqual(["a@1", "registry: a@1"]);
});

test("the parts of a large one that are done when its time is over need nothing more", async () => {
  let removals = 0;
  const { told, objects } = setUp([], async () => (removals += 1) < 3);
  await retireAll(objects, { givenUp: ["a@1x4"] }, signal);
  expect(told).toEqual(["a@1x4", "a@1x4.1"]);
});
