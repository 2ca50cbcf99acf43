/** The cells of a table or sheet at their columns, merged cells in every row that they span. */
import type { OfficeContentNode } from "officeparser/slim";
import { toPlain } from "./office-blocks.ts";

/** Columns that one cell may span; a Word table has at most 63. */
const SPAN_COLUMNS_MAX = 63;
/** A merged cell with a longer text stands in one place only: repeating it would swell the document. */
const REPEATED_CHARS_MAX = 300;

/** What stands in a column of the rows to come. */
interface Merged {
  readonly text: string;
  readonly rowsLeft: number;
}

/**
 * Rows of a table, each cell at its column. A cell that spans rows stands in each of them, since a row that is
 * quoted alone must say what it is about, and so does one that spans columns, unless its row has no other.
 */
export function toGrid(rows: readonly OfficeContentNode[]): readonly (readonly string[])[] {
  const merged = new Map<number, Merged>();
  return rows.map((row) => {
    const line: (string | undefined)[] = [];
    for (const [column, { text, rowsLeft }] of merged) {
      line[column] = text;
      if (rowsLeft > 1) merged.set(column, { text, rowsLeft: rowsLeft - 1 });
      else merged.delete(column);
    }
    let next = 0;
    const cells = row.children ?? [];
    for (const cell of cells)
      next = placeCell(cell, next, line, { merged, isAlone: cells.length === 1 });
    return Array.from(line, (text) => text ?? "");
  });
}

/** Puts a cell at its column, or the next that is free, and gives the column after it. */
function placeCell(
  cell: OfficeContentNode,
  next: number,
  line: (string | undefined)[],
  { merged, isAlone }: { readonly merged: Map<number, Merged>; readonly isAlone: boolean },
): number {
  const { col, rowSpan = 1, colSpan = 1 } = toPlace(cell);
  let column = Math.min(col ?? next, next + SPAN_COLUMNS_MAX);
  while (line[column] !== undefined) column += 1;
  const end = column + Math.min(colSpan, SPAN_COLUMNS_MAX);
  const text = toCellText(cell);
  const repeated = text.length <= REPEATED_CHARS_MAX ? text : "";
  for (let at = column; at < end; at += 1) {
    const isFirst = at === column;
    const shown = isAlone && !isFirst ? "" : repeated;
    line[at] ??= isFirst ? text : shown;
    if (rowSpan > 1) merged.set(at, { text: shown, rowsLeft: rowSpan - 1 });
  }
  return end;
}

/** The cells of a row of a sheet that are not empty, by column from 0. */
export function toSheetCells(row: OfficeContentNode): ReadonlyMap<number, string> {
  const cells = new Map<number, string>();
  let next = 0;
  for (const cell of row.children ?? []) {
    const column = toPlace(cell).col ?? next;
    next = column + 1;
    const text = toCellText(cell);
    if (text !== "") cells.set(column, text);
  }
  return cells;
}

interface Place {
  readonly col?: number | undefined;
  readonly rowSpan?: number | undefined;
  readonly colSpan?: number | undefined;
}

/** Tables of web pages say no column: their cells follow each other. */
function toPlace(cell: OfficeContentNode): Place {
  return cell.type === "cell" ? (cell.metadata ?? {}) : {};
}

function toCellText(cell: OfficeContentNode): string {
  return toPlain(cell).replace(/\s+/g, " ").trim();
}
