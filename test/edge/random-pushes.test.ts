/** Pushes, removals and returns drawn by chance, broken off at any call to an object: readers see one whole content or another. */
import { expect, test } from "vitest";
import { createRandom, pick, type Random } from "../../scripts/chaos/random.ts";
import { systemClock } from "../../src/async/clock.ts";
import { AppError } from "../../src/errors.ts";
import { ifThere } from "../../src/stores/check.ts";
import { compareText } from "../../src/stores/filter.ts";
import { createDurableStore } from "../../src/worker/durable/durable-store.ts";
import type { ObjectNamespace } from "../../src/worker/durable/objects.ts";
import { toObjects } from "../../src/worker/durable/parts.ts";
import { createPushes } from "../../src/worker/durable/pushes.ts";
import { spec, toDocument, toVector } from "../conformance/store-data.ts";
import { useEdge } from "./test-edge.ts";

const STEPS = 30;
/** So little that the longer contents need several objects. */
const VECTOR_BYTES = 320;
const { signal } = new AbortController();
const edge = useEdge();

/** What a key stands for. */
interface Content {
  readonly key: string;
  readonly documents: readonly ReturnType<typeof toDocument>[];
}
const toContent = (size: number, index: number): Content => ({
  key: `content-${index}`,
  documents: Array.from({ length: size }, (_, at) =>
    toDocument(`d${at}`, [`number ${at}`, `of content ${index}`]),
  ),
});
const contents = [1, 4, 9, 25, 40].map(toContent);
const drawContent = (random: Random): Content => pick([toContent(1, 0), ...contents], random);

/** Pushes and a store over objects of which a share of the calls fails: half of them before, half after they were carried out. */
function makeWorld(space: string, random: Random) {
  const fault = { share: 0 };
  const retired = new Set<string>();
  const shake = <Rpc extends object>(namespace: ObjectNamespace<Rpc>): ObjectNamespace<Rpc> => ({
    idFromName: (name) => name,
    get(id) {
      return new Proxy(namespace.get(namespace.idFromName(String(id))), {
        get(target, key) {
          const call = Reflect.get(target, key) as (...given: unknown[]) => Promise<unknown>;
          return async (...given: unknown[]) => {
            const chance = random();
            if (chance < fault.share / 2) throw new Error("the object was reset");
            const answer = await call.apply(target, given);
            if (key === "retire") retired.add(String(id).slice(space.length));
            if (chance < fault.share) throw new Error("the connection was lost");
            return answer;
          };
        },
      });
    },
  });
  const { registry, collections } = edge.bindings;
  const bindings = { registry: shake(registry), collections: shake(collections), space };
  return {
    fault,
    retired,
    pushes: createPushes({ ...bindings, clock: systemClock, vectorBytesMax: VECTOR_BYTES }),
    store: createDurableStore({ ...bindings, freshnessMs: 0, clock: systemClock }),
    /** All objects that the registry leads to. */
    async held(): Promise<readonly string[]> {
      const answer = await registry.get(registry.idFromName(`registry${space}`)).entries();
      const entries = "value" in answer ? answer.value : [];
      return entries
        .flatMap(({ current, pending, previous }) => [current, pending, previous])
        .flatMap((object) => (object === null ? [] : toObjects(object)));
    },
  };
}
type World = ReturnType<typeof makeWorld>;

/** As the command does it: what is missing, in batches side by side. */
async function push({ pushes }: World, { key, documents }: Content, random: Random): Promise<void> {
  const name = { collection: spec.name, key };
  const chunks = documents.length * 2;
  const { status } = await pushes.begin({ key, spec, chunks }, signal);
  if (status === "published") return;
  const arrived = await pushes.documents(name, { limit: 2_000 }, signal);
  const there = new Set(arrived.map(({ id }) => id));
  const missing = documents.filter(({ id }) => !there.has(id));
  const size = 1 + Math.floor(random() * documents.length);
  const batches = Map.groupBy(missing, (document) => Math.floor(missing.indexOf(document) / size));
  await Promise.all([...batches.values()].map((batch) => pushes.add(name, batch, signal)));
  await pushes.publish(name, { documents: documents.length, chunks }, signal);
}

/** The key of what readers find, whole by its counts, its vectors and its words; undefined where there is no collection. */
async function read({ store }: World): Promise<string | undefined> {
  const snapshot = await ifThere(store.open(spec.name, signal));
  if (snapshot === undefined) return undefined;
  const common = { limit: 1_000, timeoutMs: 20_000 };
  const near = await snapshot.search({ type: "vector", vector: toVector(0), ...common }, signal);
  const terms = [{ term: "content", idf: 1 }];
  const said = await snapshot.search({ type: "keyword", terms, ...common }, signal);
  const rows = near.map(({ row }) => row);
  const texts = (await snapshot.take(rows, signal)).map((chunk) => chunk?.text);
  const content = contents.find(({ key }) => texts.includes(`of content ${key.at(-1)}`));
  const whole = content?.documents.flatMap(({ chunks }) => chunks.map(({ chunk }) => chunk.text));
  expect(texts.toSorted(compareMaybe)).toEqual(whole?.toSorted(compareMaybe));
  expect(said).toHaveLength(content?.documents.length ?? 0);
  const { documents, chunks } = snapshot.info;
  expect([documents, chunks]).toEqual([said.length, near.length]);
  return content?.key;
}

const compareMaybe = (a = "", b = ""): number => compareText(a, b);

interface Step {
  readonly work: Promise<unknown>;
  /** Keys of which one is shown when it was carried out; none of them: anything that is whole. */
  readonly shows: readonly (string | undefined)[];
  /** Nothing but a fault is a reason for it to fail. */
  readonly isSure: boolean;
}

function drawStep(world: World, random: Random, before: string | undefined): Step {
  const { store } = world;
  const [one, other] = [drawContent(random), drawContent(random)];
  const kind = pick(["push", "push", "two pushes", "rollback", "drop"], random);
  switch (kind) {
    case "push":
      return { work: push(world, one, random), shows: [one.key], isSure: true };
    case "two pushes": {
      const work = Promise.allSettled([push(world, one, random), push(world, other, random)]);
      return { work, shows: [one.key, other.key, "before"], isSure: false };
    }
    case "rollback": {
      const work = store.generations?.rollback(spec.name, signal) ?? Promise.reject(new Error());
      return { work, shows: [undefined, ...contents.map(({ key }) => key)], isSure: false };
    }
    default:
      // Before the first content is shown, a push under way keeps removals away.
      return {
        work: store.drop(spec.name, signal),
        shows: [undefined],
        isSure: before !== undefined,
      };
  }
}

test.each([1, 2])("seed %i", async (seed) => {
  const random = createRandom(seed);
  const space = `-random-${seed}-`;
  const world = makeWorld(space, random);
  const { fault, retired } = world;
  let before = await read(world);
  for (let at = 0; at < STEPS; at += 1) {
    fault.share = pick([0, 0.02, 0.1], random);
    const isCalm = fault.share === 0;
    const { work, shows, isSure } = drawStep(world, random, before);
    const failure = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    fault.share = 0;
    const now = await read(world);
    const isDone = failure === undefined && !shows.includes("before");
    expect(isDone ? shows : [...shows, before], `step ${at}`).toContain(now);
    expect(failure ?? new AppError("cancelled"), `step ${at}`).toBeInstanceOf(AppError);
    expect(isCalm && isSure ? failure : undefined, `step ${at}`).toBeUndefined();
    expect((await world.held()).filter((object) => retired.has(object))).toEqual([]);
    before = now;
  }
  // What was given up and could not be told is told by the next step that can.
  await push(world, toContent(3, 5), random);
  const { registry } = edge.bindings;
  const stub = registry.get(registry.idFromName(`registry${space}`));
  expect(await stub.begin(spec.name, "the-last-one", 1)).toMatchObject({ value: { givenUp: [] } });
});
