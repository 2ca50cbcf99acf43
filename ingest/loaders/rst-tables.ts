/** Tables of reStructuredText as rows of cells. */
import { toMarkdownTable } from "./office-blocks.ts";

const GRID = /^\+(?:[-=]+\+)+$/;
/** Of one table. */
const LINES_MAX = 2_000;
const SIMPLE = /^=+(?: +=+)+$/;

/** How many lines from `at` on are a table. */
export function countTableLines(all: readonly string[], at: number): number {
  const first = (all[at] ?? "").trimEnd();
  if (!GRID.test(first) && !SIMPLE.test(first)) return 0;
  const lines = all.slice(at, at + LINES_MAX);
  if (GRID.test(first)) {
    const end = lines.findIndex((line) => !/^[+|]/.test(line));
    return end === -1 ? lines.length : end;
  }
  // A frame with nothing below it is the last one.
  const last = lines.findIndex((line, index) => {
    const isFrame = index > 0 && /^=+(?: +=+)*$/.test(line.trimEnd());
    return isFrame && (lines[index + 1] ?? "").trim() === "";
  });
  return last + 1;
}

/** The table as one of Markdown; a cell is one line. */
export function toTable(lines: readonly string[]): string {
  const isGrid = (lines[0] ?? "").startsWith("+");
  return toMarkdownTable(isGrid ? readGrid(lines) : readSimple(lines));
}

function readGrid(lines: readonly string[]): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const line of lines) {
    if (/^\+[-=+]+\+\s*$/.test(line)) {
      if (row.length > 0) rows.push(row);
      row = [];
      continue;
    }
    const cells = line.replace(/^[|+]|[|+]\s*$/g, "").split("|");
    append(row, cells);
  }
  return rows;
}

function readSimple(lines: readonly string[]): readonly (readonly string[])[] {
  const starts = [...(lines[0] ?? "").matchAll(/=+/g)].map(({ index }) => index);
  const rows: string[][] = [];
  let isApart = true;
  for (const line of lines) {
    if (/^[=-]+(?: +[=-]+)*\s*$/.test(line) || line.trim() === "") {
      isApart = true;
      continue;
    }
    const cells = starts.map((start, at) => line.slice(start, starts[at + 1]).trim());
    const above = rows.at(-1);
    // A row without a first cell goes on with the one above.
    if (cells[0] === "" && above !== undefined && !isApart) append(above, cells);
    else rows.push(cells);
    isApart = false;
  }
  return rows;
}

/** Cells that go on with those above them. */
function append(row: string[], cells: readonly string[]): void {
  for (const [at, cell] of cells.entries()) row[at] = `${row[at] ?? ""} ${cell.trim()}`.trim();
}

/** A table written as a list of lists: `* - cell`, `  - cell`. */
export function toListTable(lines: readonly string[]): string {
  const rows: string[][] = [];
  for (const line of lines) {
    const row = /^\s*\*\s+-(?:\s+(.*))?$/.exec(line);
    const cell = /^\s+-(?:\s+(.*))?$/.exec(line);
    if (row !== null) rows.push([row[1] ?? ""]);
    else if (cell !== null) rows.at(-1)?.push(cell[1] ?? "");
    else if (line.trim() !== "") {
      const cells = rows.at(-1);
      if (cells !== undefined && cells.length > 0)
        cells[cells.length - 1] = `${cells.at(-1) ?? ""} ${line.trim()}`.trim();
    }
  }
  return toMarkdownTable(rows);
}
