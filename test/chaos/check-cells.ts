/** Makes tests of cells, and one that their fast counterparts are there. */
import { expect, test } from "vitest";
import { type ChaosStore, useChaosStore } from "../support/use-chaos-store.ts";
import { type Cell, checkCell, findUnfounded } from "./cell.ts";

export function checkCells(cells: readonly Cell[], store: ChaosStore = useChaosStore()): void {
  // Most of a cell's time is waiting, so they wait together.
  test.concurrent.each(cells.map((cell) => [cell.name, cell] as const))("%s", async (_, cell) => {
    await expect(checkCell(cell, store)).resolves.toBeUndefined();
  });

  test("every cell is covered by a fast test, too", () => {
    expect(findUnfounded(cells)).toEqual([]);
  });
}
