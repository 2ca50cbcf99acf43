/** Objects asked side by side: one that is lost or late costs its part, and says so. */
import { describe, expect, test } from "vitest";
import { startDeadline } from "../../src/async/deadline.ts";
import type { AppError } from "../../src/errors.ts";
import type { LostPart } from "../../src/stores/store.ts";
import { askParts } from "../../src/worker/durable/ask-parts.ts";
import { createObjects } from "../../src/worker/durable/objects.ts";
import {
  countObjects,
  splitByPart,
  toObjectName,
  toObjects,
  toPart,
} from "../../src/worker/durable/parts.ts";
import type { CollectionRpc, RegistryRpc, Reply } from "../../src/worker/durable/protocol.ts";
import { createFakeClock } from "../support/fake-clock.ts";

type Behaviour = () => Promise<Reply<number>>;

const answers =
  (value: number): Behaviour =>
  async () => ({ value });
const fails =
  (code: "collection_not_found" | "invalid_filter"): Behaviour =>
  async () => ({ error: { code } });
const resets: Behaviour = () => Promise.reject(new Error("the object was reset"));
const never: Behaviour = () => new Promise(() => undefined);

/** Asks objects of these behaviours, with five seconds for it. */
function ask(behaviours: readonly Behaviour[], isPartial = true) {
  const clock = createFakeClock();
  const objects = createObjects({
    clock,
    registry: { idFromName: (name) => name, get: () => ({}) as RegistryRpc },
    collections: { idFromName: (name) => name, get: () => ({}) as CollectionRpc },
  });
  const lost: LostPart[] = [];
  const deadline = startDeadline({ clock, budgetMs: 5_000 });
  const names = toObjects(`guide@7x${behaviours.length}`);
  const found = askParts(
    { objects, collection: "guide", names },
    deadline.signal,
    (_, part) => behaviours[part]?.() ?? resets(),
    isPartial ? { onLost: (part) => lost.push(part) } : {},
  );
  const outcome = found.then(
    (map) => [...map],
    (thrown: unknown) => thrown as AppError,
  );
  return { clock, lost, outcome };
}

describe("asking every object", () => {
  test("brings their answers in the order of the parts", async () => {
    const { outcome, lost } = ask([answers(1), answers(2), answers(3)]);
    expect(await outcome).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(lost).toEqual([]);
  });

  test.each([
    ["holds nothing any more", fails("collection_not_found"), "has lost what it held"],
    ["cannot be reached", resets, "cannot be reached"],
  ])("names the one that %s", async (_, behaviour, words) => {
    const { outcome, lost } = ask([answers(1), behaviour, answers(3)]);
    expect(await outcome).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(lost).toMatchObject([
      { part: "guide@7x3.1", error: { code: "collection_unavailable" } },
    ]);
    expect(lost[0]?.error.detail).toContain("object 2 of 3 of collection guide (guide@7x3.1)");
    expect(lost[0]?.error.detail).toContain(words);
    const whole = await ask([answers(1), behaviour, answers(3)], false).outcome;
    expect(whole).toMatchObject({ code: "collection_unavailable" });
  });

  test("gives the rest before the time is over when one is late", async () => {
    const { clock, outcome, lost } = ask([answers(1), never, answers(3)]);
    await clock.advance(4_499);
    expect(lost).toEqual([]);
    await clock.advance(2);
    expect(await outcome).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(lost).toMatchObject([{ part: "guide@7x3.1", error: { code: "deadline_exceeded" } }]);
    expect(clock.pending).toBe(1); // the deadline of the caller alone
  });

  test("fails as late when all are late, and as unavailable when one of them is more than late", async () => {
    const late = ask([never, never]);
    await late.clock.advance(5_000);
    expect(await late.outcome).toMatchObject({ code: "deadline_exceeded" });
    const both = ask([never, resets]);
    await both.clock.advance(5_000);
    expect(await both.outcome).toMatchObject({ code: "collection_unavailable" });
  });

  test("hands on what is the caller's own mistake", async () => {
    const { outcome, lost } = ask([answers(1), fails("invalid_filter")]);
    expect(await outcome).toMatchObject({ code: "invalid_filter" });
    expect(lost).toEqual([]);
  });
});

describe("the objects of a collection", () => {
  test("are told from its name, and one alone has the name itself", () => {
    expect(toObjects(toObjectName("a-b_1", 7, 1))).toEqual(["a-b_1@7"]);
    expect(toObjects(toObjectName("a-b_1", 7, 3))).toEqual([
      "a-b_1@7x3",
      "a-b_1@7x3.1",
      "a-b_1@7x3.2",
    ]);
  });

  test("are as many as the vectors need", () => {
    const bytesMax = 32 * 2 ** 20;
    expect(countObjects(0, 384, bytesMax)).toBe(1);
    expect(countObjects(87_381, 384, bytesMax)).toBe(1);
    expect(countObjects(87_382, 384, bytesMax)).toBe(2);
    expect(countObjects(200_000, 1_536, bytesMax)).toBe(10);
    expect(countObjects(32, 384, 384)).toBe(32);
    expect(() => countObjects(33, 384, 384)).toThrow("split it");
  });

  test("get about equally many documents each", () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `folder/page-${index}.md`);
    for (const count of [2, 3, 7, 32]) {
      const parts = splitByPart(ids, count, (id) => id);
      for (const part of parts) {
        expect(part.length).toBeGreaterThan((ids.length / count) * 0.85);
        expect(part.length).toBeLessThan((ids.length / count) * 1.15);
      }
    }
  });

  test("get a document where the release before put it", () => {
    const ids = ["retries.md", "über.md", "😀", ""];
    expect(ids.map((id) => toPart(id, 7))).toMatchInlineSnapshot(`
      [
        5,
        4,
        4,
        3,
      ]
    `);
  });
});
