import { expect, test } from "vitest";
import { createTurns } from "../../src/async/turns.ts";

test("one caller a turn, first come first served, and none is forgotten", async () => {
  const turns: (() => void)[] = [];
  const take = createTurns((callback) => turns.push(callback));
  const started: string[] = [];
  const start = async (name: string): Promise<void> => {
    await take();
    started.push(name);
  };
  const all = [start("a"), start("b"), start("c")];
  const runTurn = async (): Promise<void> => {
    for (const callback of turns.splice(0)) callback();
    await Promise.resolve();
  };
  expect(started).toEqual([]);
  await runTurn();
  expect(started).toEqual(["a"]);
  all.push(start("d"));
  await runTurn();
  await runTurn();
  expect(started).toEqual(["a", "b", "c"]);
  await runTurn();
  await Promise.all(all);
  expect(turns).toHaveLength(0);
  const late = start("e");
  await runTurn();
  await late;
  expect(started).toEqual(["a", "b", "c", "d", "e"]);
});
