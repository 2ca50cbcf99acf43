/** What readers are told of a collection: believed for a while, and had from the others when the first object is lost or late. */
import { describe, expect, test } from "vitest";
import { startDeadline } from "../../src/async/deadline.ts";
import type { AppError } from "../../src/errors.ts";
import { createDescriptions } from "../../src/worker/durable/descriptions.ts";
import { createObjects } from "../../src/worker/durable/objects.ts";
import { toObjects } from "../../src/worker/durable/parts.ts";
import type {
  CollectionRpc,
  PartInfo,
  RegistryRpc,
  Reply,
} from "../../src/worker/durable/protocol.ts";
import { spec } from "../conformance/store-data.ts";
import { createFakeClock } from "../support/fake-clock.ts";

const toInfo = (version: number, shown: number | null = null): PartInfo => ({
  ...spec,
  version,
  documents: 1,
  chunks: 1,
  committedAtMs: 0,
  terms: 1,
  whole: shown === null ? null : { version: shown, documents: 3, chunks: 3, terms: 3 },
  isDamaged: false,
});

type Behaviour = () => Promise<Reply<PartInfo>>;

const tells =
  (info: PartInfo): Behaviour =>
  async () => ({ value: info });
const isGone: Behaviour = async () => ({ error: { code: "collection_not_found" } });
const resets: Behaviour = () => Promise.reject(new Error("the object was reset"));
const never: Behaviour = () => new Promise(() => undefined);

/** A collection whose objects behave so. */
function makeWorld(behaviours: readonly Behaviour[]) {
  const clock = createFakeClock();
  const names = toObjects(`guide@7${behaviours.length > 1 ? `x${behaviours.length}` : ""}`);
  const asked: string[] = [];
  const present = [...behaviours];
  const objects = createObjects({
    clock,
    registry: { idFromName: (name) => name, get: () => ({}) as RegistryRpc },
    collections: {
      idFromName: (name) => name,
      get: (id) =>
        ({
          describe: async () => {
            asked.push(String(id));
            return (present[names.indexOf(String(id))] ?? resets)();
          },
        }) as CollectionRpc,
    },
  });
  const descriptions = createDescriptions({ freshnessMs: 1_000, clock });
  const parts = { objects, collection: "guide", names };
  const read = (budgetMs = 5_000) => {
    const { signal } = startDeadline({ clock, budgetMs });
    return descriptions.read(parts, signal).then(
      (info) => info,
      (thrown: unknown) => thrown as AppError,
    );
  };
  return { clock, asked, present, descriptions, parts, read };
}

describe("what the first object says", () => {
  test("is believed for a while, and then asked for again", async () => {
    const world = makeWorld([tells(toInfo(3))]);
    expect(await world.read()).toMatchObject({ version: 3 });
    world.present[0] = tells(toInfo(4));
    await world.clock.advance(999);
    expect(await world.read()).toMatchObject({ version: 3 });
    expect(world.asked).toHaveLength(1);
    await world.clock.advance(1);
    expect(await world.read()).toMatchObject({ version: 4 });
    expect(world.asked).toHaveLength(2);
  });

  test("is not believed after what was changed here", async () => {
    const world = makeWorld([tells(toInfo(3))]);
    await world.read();
    world.present[0] = tells(toInfo(4));
    world.descriptions.forget();
    expect(await world.read()).toMatchObject({ version: 4 });
    world.descriptions.keep(world.parts, toInfo(5));
    expect(await world.read()).toMatchObject({ version: 5 });
  });

  test("is all there is where it is the only one", async () => {
    expect(await makeWorld([isGone]).read()).toBeUndefined();
    expect(await makeWorld([resets]).read()).toMatchObject({ code: "collection_unavailable" });
  });

  test("is not asked of the others when it comes in time", async () => {
    const world = makeWorld([tells(toInfo(3, 3)), tells(toInfo(3, 2)), tells(toInfo(3))]);
    expect(await world.read()).toMatchObject({ whole: { version: 3 } });
    expect(world.asked).toEqual(["guide@7x3"]);
    expect(world.clock.pending).toBe(1); // the deadline's own
  });
});

describe("what the others were told", () => {
  const others = [tells(toInfo(9, 6)), resets, tells(toInfo(9, 7)), tells(toInfo(9))];

  test.each([
    ["cannot be reached", resets],
    ["holds nothing any more", isGone],
  ])("counts when the first %s", async (_, first) => {
    const world = makeWorld([first, ...others]);
    expect(await world.read()).toMatchObject({ whole: { version: 7 } });
    expect(await world.read()).toMatchObject({ whole: { version: 7 } });
    expect(world.asked).toHaveLength(5); // believed like what the first one says
  });

  test("counts when the first has taken half of the time", async () => {
    const world = makeWorld([never, ...others]);
    const answer = world.read();
    await world.clock.advance(2_499);
    expect(world.asked).toHaveLength(1);
    await world.clock.advance(1);
    expect(await answer).toMatchObject({ whole: { version: 7 } });
  });

  test("is nothing where none was told: the first is waited for, or its failure stands", async () => {
    const late = Promise.withResolvers<Reply<PartInfo>>();
    const slow = makeWorld([() => late.promise, tells(toInfo(9)), never]);
    const answer = slow.read();
    await slow.clock.advance(4_900);
    late.resolve({ value: toInfo(3, 3) });
    expect(await answer).toMatchObject({ whole: { version: 3 } });
    expect(await makeWorld([resets, isGone, resets]).read()).toMatchObject({
      code: "collection_unavailable",
    });
    expect(await makeWorld([isGone, isGone]).read()).toBeUndefined();
    const dead = makeWorld([never, never]);
    const given = dead.read();
    await dead.clock.advance(5_000);
    expect(await given).toMatchObject({ code: "deadline_exceeded" });
  });
});
