/** The passages of one run: how many there may be, and what each agent adds to and sees of them. */
import { expect, test } from "vitest";
import { createPool } from "../../src/agent/pool.ts";
import { createTestRun, toPassage } from "../support/run.ts";

const toPassages = (...numbers: readonly number[]) =>
  numbers.map((number) => toPassage(number, `Text ${number}.`, { chunkId: `chunk ${number}` }));
const listChunks = (passages: readonly { label: number; chunkId: string }[]): readonly string[] =>
  passages.map(({ label, chunkId }) => `[${label}] ${chunkId}`);

test("there are no more of them than a run may have, and those that are there are still given", async () => {
  const run = createTestRun({ PASSAGES_MAX: "3", PASSAGES_OF_TOOLS_MAX: "3" });
  const pool = createPool(toPassages(1), run);
  expect(listChunks(await pool.view([])(toPassages(7, 8, 9)))).toEqual([
    "[2] chunk 7",
    "[3] chunk 8",
  ]);
  expect(listChunks(await pool.view([])(toPassages(9, 8, 1)))).toEqual([
    "[3] chunk 8",
    "[1] chunk 1",
  ]);
  expect(listChunks(pool.passages)).toEqual(["[1] chunk 1", "[2] chunk 7", "[3] chunk 8"]);
  const told = run.events.flatMap((event) =>
    event.type === "retrieval-end" ? [listChunks(event.passages)] : [],
  );
  expect(told).toEqual([["[2] chunk 7", "[3] chunk 8"]]);
});

test("an agent adds no more than its share, and what others added it sees beside that", async () => {
  const pool = createPool([], createTestRun());
  const [one, other] = [pool.view([], 2), pool.view([], 2)];
  expect(await one(toPassages(1))).toHaveLength(1);
  expect(listChunks(await one(toPassages(2, 3)))).toEqual(["[2] chunk 2"]);
  expect(await one(toPassages(4))).toEqual([]);
  expect(listChunks(await other(toPassages(1, 2, 5, 6, 7)))).toEqual([
    "[1] chunk 1",
    "[2] chunk 2",
    "[3] chunk 5",
    "[4] chunk 6",
  ]);
});

test("an agent is given each of them once", async () => {
  const first = toPassages(1);
  const pool = createPool(first, createTestRun());
  const add = pool.view(first);
  expect(await add(toPassages(1))).toEqual([]);
  expect(await add(toPassages(2, 2))).toHaveLength(1);
  expect(await add(toPassages(2))).toEqual([]);
});
