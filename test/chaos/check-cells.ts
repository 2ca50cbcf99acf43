/** Makes tests of cells: those that hold today, those that wait for other work, and the check of their fast counterparts. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countResources, expectResourcesBack, makeChaosStore } from "../support/chaos-world.ts";
import type { TempFolder } from "../support/local-store.ts";
import { type Cell, checkCell, findUnfounded } from "./cell.ts";

export function checkCells(title: string, cells: readonly Cell[]): void {
  describe(title, () => {
    let folder: TempFolder;
    const before = countResources();
    beforeAll(async () => {
      folder = await makeChaosStore();
    });
    afterAll(async () => {
      await folder[Symbol.asyncDispose]();
      await expectResourcesBack(before);
    });

    const ready = cells.filter(({ after }) => after === undefined);
    // Most of a cell's time is waiting, so they wait together.
    test.concurrent.each(ready.map((cell) => [cell.name, cell] as const))("%s", async (_, cell) => {
      await checkCell(cell, folder);
    });
    for (const { name, after, wanted } of cells.filter(({ after }) => after !== undefined)) {
      test.todo(`${name} (after: ${after}): ${wanted}`);
    }
    test("every cell is covered by a fast test, too", () => {
      expect(findUnfounded(cells)).toEqual([]);
    });
  });
}
