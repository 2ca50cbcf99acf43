/** Makes tests of cells, and one that their fast counterparts are there. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { countResources, expectResourcesBack, makeChaosStore } from "../support/chaos-world.ts";
import type { TempFolder } from "../support/local-store.ts";
import { type Cell, checkCell, findUnfounded } from "./cell.ts";

export function checkCells(cells: readonly Cell[]): void {
  let folder: TempFolder;
  const before = countResources();
  beforeAll(async () => {
    folder = await makeChaosStore();
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await expectResourcesBack(before);
  });

  // Most of a cell's time is waiting, so they wait together.
  test.concurrent.each(cells.map((cell) => [cell.name, cell] as const))("%s", async (_, cell) => {
    await expect(checkCell(cell, folder)).resolves.toBeUndefined();
  });

  test("every cell is covered by a fast test, too", () => {
    expect(findUnfounded(cells)).toEqual([]);
  });
}
