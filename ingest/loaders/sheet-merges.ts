/** Cells of a sheet that are merged over several rows: the file holds their value in the first of them only. */
import type { OfficeContentNode } from "officeparser/slim";
import { toColumn } from "./sheet-cells.ts";

const MERGED = /<mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"/g;
/** Repeated values of a sheet, and characters of one: beyond them, a value stands where the file has it. */
const COPIES_MAX = 100_000;
const REPEATED_CHARS_MAX = 300;

/**
 * The rows with the value of a merged cell in each row that it spans and that has other values. A cell merged over
 * columns alone, as titles are, stays one.
 */
export function repeatMerged(
  rows: readonly OfficeContentNode[],
  xml: string,
): readonly OfficeContentNode[] {
  const copies = new Map<number, OfficeContentNode[]>();
  const byIndex = new Map(rows.map((row) => [toRowIndex(row), row]));
  let left = COPIES_MAX;
  for (const [, letters = "", first, last] of xml.matchAll(MERGED)) {
    if (left <= 0) break;
    const [start, end, col] = [Number(first) - 1, Number(last) - 1, toColumn(letters)];
    const cell = start === end ? undefined : findCell(byIndex.get(start), col);
    if (cell?.type !== "cell" || (cell.text ?? "").length > REPEATED_CHARS_MAX) continue;
    for (let row = start + 1; row <= end && left > 0; row += 1) {
      left -= 1;
      if (!byIndex.has(row)) continue;
      const ofRow = copies.get(row) ?? [];
      ofRow.push({ ...cell, metadata: { row, col } });
      copies.set(row, ofRow);
    }
  }
  if (copies.size === 0) return rows;
  return rows.map((row) => {
    const added = copies.get(toRowIndex(row));
    if (added === undefined) return row;
    const own = row.children ?? [];
    const taken = new Set(own.map(toColumnIndex));
    const missing = added.filter((copy) => !taken.has(toColumnIndex(copy)));
    const children = [...own, ...missing].toSorted(
      (one, other) => toColumnIndex(one) - toColumnIndex(other),
    );
    return { ...row, children };
  });
}

function findCell(
  row: OfficeContentNode | undefined,
  column: number,
): OfficeContentNode | undefined {
  return row?.children?.find((cell) => toColumnIndex(cell) === column);
}

function toRowIndex(row: OfficeContentNode): number {
  const [cell] = row.children ?? [];
  return cell?.type === "cell" ? (cell.metadata?.row ?? -1) : -1;
}

function toColumnIndex(cell: OfficeContentNode): number {
  return cell.type === "cell" ? (cell.metadata?.col ?? -1) : -1;
}
