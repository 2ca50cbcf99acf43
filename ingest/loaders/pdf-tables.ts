/** Tables on a PDF page: rows whose cells stand below each other in columns, written so that they stay apart. */
import { isHeader, toMarkdownRows, toMarkdownTable } from "./office-blocks.ts";
import type { PdfCell, PdfLine } from "./pdf-lines.ts";
import { isBelow, type PdfRow, readRow } from "./pdf-rows.ts";

/** Lines that are no table, or a table. */
export type PdfStretch =
  | { readonly lines: readonly PdfLine[] }
  | { readonly table: string; readonly size: number };

/** Blank this many font sizes wide in every row parts two columns. */
const STRIP = 0.3;
/** So many rows make a table; two do where there are more than two columns, the first of which names them. */
const ROWS_MIN = 3;
/** With more columns it is a listing of another kind, such as bytes in rows. */
const COLUMNS_MAX = 16;
/** The share of the rows with more than one cell: in a text with marks at its side fewer have. */
const FULL_ROWS_SHARE = 1 / 3;
/** Lines of one cell are this many font sizes apart at most, where rows have more between them. */
const TIGHT_GAP = 1.35;

/** The bullet or number of an item. */
export const LIST_MARK = /^(?:[•‣◦▪■●○–—*·-]|\(?(?:\d{1,3}|[a-z]{1,4})[.)])$/iu;
const NUMBER = /^[^\p{L}\p{N}]{0,3}\p{N}[\p{N}.,:/ -]*\s?(?:[%\p{Sc}]|\p{Lu}{3})?$/u;

interface Table {
  readonly rows: readonly PdfRow[];
  readonly columns: readonly Span[];
  /** Of the lines: the first that is not its own. */
  readonly end: number;
}

type Span = Pick<PdfCell, "left" | "right">;

/** The lines in their order, those of tables as their rows. */
export function findTables(lines: readonly PdfLine[]): readonly PdfStretch[] {
  const stretches: PdfStretch[] = [];
  let plainFrom = 0;
  const endPlain = (at: number): void => {
    if (at > plainFrom) stretches.push({ lines: lines.slice(plainFrom, at) });
  };
  for (let at = 0; at < lines.length;) {
    const table = growTable(lines, at);
    if (table === undefined) {
      at += 1;
      continue;
    }
    endPlain(at);
    stretches.push({ table: write(table), size: table.rows[0]?.size ?? 0 });
    at = plainFrom = table.end;
  }
  endPlain(lines.length);
  return stretches;
}

/** The table that begins with this line, where one does. */
function growTable(lines: readonly PdfLine[], start: number): Table | undefined {
  const rows: PdfRow[] = [];
  let wholeRows = 0;
  let columns: readonly Span[] = [];
  for (let at = start; at < lines.length;) {
    const row = readRow(lines, at);
    const before = rows.at(-1);
    if (before !== undefined && !isBelow(before, row)) break;
    const grown = joinSpans([...columns, ...row.cells], row.size * STRIP);
    if (!fits(row, grown, columns)) break;
    if (grown.length > COLUMNS_MAX) return undefined;
    columns = grown;
    rows.push(row);
    at = row.end;
    if (row.cells.length > 1 || isRest(row, columns)) wholeRows = rows.length;
  }
  const table = { rows: rows.slice(0, wholeRows), columns, end: rows[wholeRows - 1]?.end ?? start };
  return wholeRows > 0 && isTable(table) ? table : undefined;
}

/** A line across two columns is none of the rows, nor is one with two cells in a column or a single one outside of all. */
function fits(
  { cells, isEntry }: PdfRow,
  grown: readonly Span[],
  before: readonly Span[],
): boolean {
  if (isEntry || grown.length < 2 || grown.length < before.length) return false;
  if (cells.length === 1 && grown.length > before.length) return false;
  return new Set(cells.map((cell) => findColumn(grown, cell))).size === cells.length;
}

function isTable(table: Table): boolean {
  const { columns } = table;
  const rows = table.rows.filter(({ cells }) => cells.length > 1);
  if (rows.length < (columns.length > 2 ? 2 : ROWS_MIN)) return false;
  if (rows.length < ROWS_MIN && !hasNames(table)) return false;
  if (rows.length < table.rows.length * FULL_ROWS_SHARE) return false;
  const isListed = rows.filter(({ cells }) => LIST_MARK.test(cells[0]?.text ?? "")).length;
  return isListed < rows.length / 2;
}

/** Stretches that touch, or all but do, as one; from left to right. */
function joinSpans(spans: readonly Span[], gapMin: number): readonly Span[] {
  const joined: Span[] = [];
  for (const span of spans.toSorted((one, other) => one.left - other.left)) {
    const last = joined.at(-1);
    if (last === undefined || span.left - last.right >= gapMin) joined.push(span);
    else joined[joined.length - 1] = { ...last, right: Math.max(last.right, span.right) };
  }
  return joined;
}

function findColumn(columns: readonly Span[], { left, right }: Span): number {
  return columns.findIndex((span) => left < span.right && right > span.left);
}

/** Does a row with one cell only go on with a cell above it? */
function isRest({ cells: [cell] }: PdfRow, columns: readonly Span[]): boolean {
  if (cell === undefined) return false;
  const isFirst = cell.left < (columns[0]?.right ?? 0);
  return /^\p{Ll}/u.test(cell.text) || (!isFirst && !NUMBER.test(cell.text));
}

function write(table: Table): string {
  const rows = toGrid(table);
  if (hasNames(table)) return toMarkdownTable(rows);
  const isForm = rows.every((cells) => cells.length === 2 && /[:：]$/u.test(cells[0] ?? ""));
  return isForm ? rows.map((cells) => cells.join(" ")).join("\n") : toMarkdownRows(rows);
}

/** Names of all columns but, perhaps, the first: words above numbers, or in another font than the rest. */
function hasNames(table: Table): boolean {
  const [header, ...below] = table.rows;
  const [first = [], ...others] = toGrid(table);
  const names = first.filter((cell) => cell !== "");
  const isWhole = names.length >= table.columns.length - 1 && first.at(-1) !== "";
  if (!isWhole || others.length === 0 || !isHeader(names)) return false;
  if (below.every(({ font }) => font !== header?.font)) return true;
  return first.some((name, at) => {
    const cells = others.map((cells) => cells[at] ?? "").filter((cell) => cell !== "");
    const numbers = cells.filter((cell) => NUMBER.test(cell));
    return !NUMBER.test(name) && cells.length > 0 && numbers.length > cells.length / 2;
  });
}

function toGrid({ rows, columns }: Table): readonly (readonly string[])[] {
  const grid: string[][] = [];
  const gaps = rows.slice(1).map((row, at) => ((rows[at]?.bottom ?? 0) - row.top) / row.size);
  const isPadded = Math.max(0, ...gaps) > TIGHT_GAP;
  for (const [at, row] of rows.entries()) {
    const above = grid.at(-1);
    const isTight = isPadded && (gaps[at - 1] ?? Number.POSITIVE_INFINITY) <= TIGHT_GAP;
    const goesOn =
      above !== undefined &&
      row.cells.length < columns.length &&
      (row.cells.length === 1 ? isTight || isRest(row, columns) : isTight && !above.includes(""));
    const line = goesOn ? above : columns.map(() => "");
    if (!goesOn) grid.push(line);
    for (const cell of row.cells) {
      const column = findColumn(columns, cell);
      const before = line[column];
      if (before !== undefined) line[column] = before === "" ? cell.text : `${before} ${cell.text}`;
    }
  }
  return grid;
}
