/** Lines of a PDF page as rows of a table: a file draws either line by line, or each cell to its last line. */
import { joinLines, type PdfCell, type PdfLine } from "./pdf-lines.ts";

export interface PdfRow {
  readonly cells: readonly PdfCell[];
  /** Baselines of its first and last line. */
  readonly top: number;
  readonly bottom: number;
  readonly size: number;
  readonly font: string;
  /** Of a table of contents: that is a list, not a table. */
  readonly isEntry: boolean;
  /** Of the lines: the first that is not its own. */
  readonly end: number;
}

/** Baselines of rows are at most this many font sizes apart, those within a cell at most so many. */
const ROW_GAP_MAX = 3.5;
const LINE_GAP_MAX = 1.65;
/** Lines of a cell: columns of text are longer. */
const CELL_LINES_MAX = 12;
/** Ends of the lines of a cell are this many points off each other at most. */
const FLUSH_POINTS = 3;

/** Does a row follow on another, in letters of the same size? */
export function isBelow(before: PdfRow, row: PdfRow): boolean {
  const gap = before.bottom - row.top;
  return (
    isLikeSized(before, row) && gap > 0 && gap <= Math.max(before.size, row.size) * ROW_GAP_MAX
  );
}

/** The row that begins with a line; where the next cell is drawn further up again, the lines between are of one cell. */
export function readRow(lines: readonly PdfLine[], start: number): PdfRow {
  let row = toRow(lines, start);
  /** Lines that may be of the row's last cell. */
  let rest: PdfLine[] = [];
  for (let at = start + 1; rest.length < CELL_LINES_MAX; at += 1) {
    const line = lines[at];
    if (line === undefined || !isAlike(lines[start], line)) break;
    if (isBeside(line, row, rest)) {
      const whole = withRest(row, rest);
      row = { ...whole, cells: [...whole.cells, ...line.cells], end: at + 1 };
      rest = [];
    } else if (isNext(lines[at - 1], line, row.cells.at(-1))) rest.push(line);
    else break;
  }
  // Only where cells are drawn one by one is it known that the last lines are of the last one.
  const isOneByOne = row.end > start + 1;
  return isOneByOne ? { ...withRest(row, rest), end: row.end + rest.length } : row;
}

function toRow(lines: readonly PdfLine[], start: number): PdfRow {
  const { cells = [], y = 0, size = 0, font = "", text = "" } = lines[start] ?? {};
  const isEntry = text.includes(" … ");
  return { cells, top: y, bottom: y, size, font, isEntry, end: start + 1 };
}

/** The row with more lines of its last cell. */
function withRest(row: PdfRow, rest: readonly PdfLine[]): PdfRow {
  const last = row.cells.at(-1);
  if (last === undefined) return row;
  const cells = [...row.cells.slice(0, -1), joinCell(last, rest)];
  return { ...row, cells, bottom: Math.min(row.bottom, rest.at(-1)?.y ?? row.bottom) };
}

/** Of the same column of text, in letters of the same size. */
function isAlike(first: PdfLine | undefined, line: PdfLine): boolean {
  return first !== undefined && first.edge === line.edge && isLikeSized(first, line);
}

function isLikeSized({ size: one }: { size: number }, { size: other }: { size: number }): boolean {
  return Math.abs(one - other) < Math.max(one, other) * 0.1;
}

/** Does the line stand to the right of the row's last cell, at the height of the row? */
function isBeside(
  { y, left, size }: PdfLine,
  { top, cells }: PdfRow,
  rest: readonly PdfLine[],
): boolean {
  const isRightOf = ({ right }: Pick<PdfCell, "right">): boolean => left > right;
  return Math.abs(y - top) <= size * 0.6 && [...cells.slice(-1), ...rest].every(isRightOf);
}

/** Is the line the next of this cell? */
function isNext(
  before: PdfLine | undefined,
  { y, size, left, right, cells }: PdfLine,
  cell: PdfCell | undefined,
): boolean {
  if (before === undefined || cell === undefined || cells.length > 1) return false;
  const gap = before.y - y;
  if (gap <= 0 || gap > size * LINE_GAP_MAX) return false;
  const offs = [left - cell.left, right - cell.right, (left + right - cell.left - cell.right) / 2];
  return offs.some((off) => Math.abs(off) <= FLUSH_POINTS);
}

function joinCell(cell: PdfCell, lines: readonly PdfLine[]): PdfCell {
  return lines.reduce(
    (joined, { text, left, right }) => ({
      ...joined,
      text: joinLines(joined.text, text, true),
      left: Math.min(joined.left, left),
      right: Math.max(joined.right, right),
    }),
    cell,
  );
}
