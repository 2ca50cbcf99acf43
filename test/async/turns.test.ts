import { expect, test } from "vitest";
import { createTurns } from "../../src/async/turns.ts";

test("so many callers a turn, first come first served, and none is forgotten", async () => {
  const turns: (() => void)[] = [];
  const take = createTurns((callback) => turns.push(callback), 2);
  const started: string[] = [];
  const start = async (name: string): Promise<void> => {
    await take();
    started.push(name);
  };
  const runTurn = async (): Promise<void> => {
    for (const callback of turns.splice(0)) callback();
    await Promise.resolve();
  };
  const all = ["a", "b", "c"].map(start);
  expect(started).toEqual([]);
  await runTurn();
  expect(started).toEqual(["a", "b"]);
  all.push(...["d", "e"].map(start));
  await runTurn();
  expect(started).toEqual(["a", "b", "c", "d"]);
  await runTurn();
  await Promise.all(all);
  expect(turns).toHaveLength(0);
  const late = start("f");
  await runTurn();
  await late;
  expect(started).toEqual(["a", "b", "c", "d", "e", "f"]);
});
