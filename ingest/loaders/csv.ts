/** CSV and TSV: each row a document, its columns named by the header where there is one. */
import { parse } from "csv-parse/sync";
import type { IngestLimits } from "../limits.ts";
import { type FileReference, type LoadEvent, type Problem, toProblem } from "./load-event.ts";
import { type RawRecord, toRecordEvents } from "./records.ts";
import { createTextLoader } from "./text-loader.ts";

const DELIMITERS = [",", ";", "\t", "|"] as const;
/** Names that no row of data would hold in all likelihood. */
const KNOWN_NAMES =
  /^(_?id|title|question|answer|text|content|body|url|link|name|category|tags?|date|author|source|description|price|email|type|status|language|topic)$/i;
const HEADER_CHARS_MAX = 60;
const HEADER_WORDS_MAX = 5;
/** Rows below the first that are looked at to tell whether it is a header. */
const HEADER_ROWS_MAX = 1_000;
/** A number, amount, date or time; an address of the web or of mail; a sentence, which `No.` and `Article no.` are not. */
const VALUE =
  /^[-+]?[\p{Sc}\s]*\d[\d\s.,:/%-]*[\p{Sc}%]?$|^https?:|^\S+@\S+\.|\s\S+[!?]$|\s\S{5,}\.$|^\p{L}+\s\S+\s\S+\.$/iu;

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
  /** Cells that the header has no names for. */
  readonly extra?: number;
}

export const loadCsv = createTextLoader(readCsv);

/** A first line for Excel, which shows it to nobody. */
const DECLARED = /^sep=([,;\t|])(?=[\r\n])/i;

function* readCsv(text: string, file: FileReference, limits: IngestLimits): Generator<LoadEvent> {
  const declared = DECLARED.exec(text)?.[1];
  const told = declared ?? (file.id.toLowerCase().endsWith(".tsv") ? "\t" : undefined);
  const delimiter = told ?? findDelimiter(text);
  // An empty line in its place, so that lines are counted as they are.
  const table = declared === undefined ? text : text.replace(DECLARED, "");
  const { rows, problem } = parseRows(table, delimiter, file, limits);
  const [first] = rows;
  if (first !== undefined) {
    const hasHeader = isHeader(first.cells, rows.slice(1, HEADER_ROWS_MAX));
    const names = hasHeader ? toNames(first.cells) : toPlaces(rows);
    if (!hasHeader) {
      const advice = 'add a first row with names, such as "id,title,text"';
      const what = "has no header row; its columns were named column 1, column 2, …";
      yield toProblem(file.id, "no-header", `${what}: ${advice}`, { severity: "warning" });
    }
    const data = hasHeader ? rows.slice(1) : rows;
    if (data.length === 0) {
      yield toProblem(file.id, "empty", "has a header but no rows; there is nothing to load");
    }
    const even = data.map((row) => toEven(row, names.length, delimiter));
    yield* toRecordEvents(toRecords(even, names), file, limits);
  }
  if (problem !== undefined) yield problem;
}

/** All rows up to the first place that cannot be parsed, and the problem there. */
function parseRows(
  text: string,
  delimiter: string,
  file: FileReference,
  limits: IngestLimits,
): { readonly rows: readonly Row[]; readonly problem?: Problem } {
  const rows: Row[] = [];
  try {
    parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
      max_record_size: limits.rowCharsMax,
      to: limits.rowsMax + 2, // the header, and one more so that the cut is seen
      on_record: (cells: string[], { lines }) => {
        rows.push({ line: lines, cells });
        return null;
      },
    });
  } catch (cause) {
    const line = (rows.at(-1)?.line ?? 0) + 1;
    const what = `cannot be read from line ${line} on: a quoted field is not closed or too long`;
    const advice = `the ${rows.length} rows before it were read; correct it there`;
    return { rows, problem: toProblem(file.id, "bad-record", `${what}; ${advice}`, { cause }) };
  }
  return { rows };
}

/**
 * Cells beyond the header go to the last column as they were written: most often a text with the delimiter in it
 * was not put into quotes. Empty ones are dropped.
 */
function toEven({ line, cells }: Row, width: number, delimiter: string): Row {
  const last = cells.findLastIndex((cell) => cell.trim() !== "");
  const extra = last + 1 - width;
  if (extra <= 0) return { line, cells: cells.slice(0, width) };
  const rest = cells.slice(width - 1, last + 1).join(delimiter);
  return { line, cells: [...cells.slice(0, width - 1), rest], extra };
}

function* toRecords(rows: readonly Row[], names: readonly string[]): Generator<RawRecord> {
  const types = findTypes(rows);
  for (const [index, { line, cells, extra }] of rows.entries()) {
    const fields = cells.map((cell, at) => [names[at] ?? "", cell] as const);
    const typed = fields.map(([name, cell], at) => [name, toTyped(cell, types[at])] as const);
    const record = { where: `the row that ends in line ${line}`, number: index + 1, fields, typed };
    yield extra === undefined ? record : { ...record, warning: toWarning(extra) };
  }
}

function toWarning(extra: number): string {
  const what = extra === 1 ? "a cell" : `${extra} cells`;
  return `has ${what} more than the header has names; what belongs together was joined in the last column: put a text with the delimiter in it into quotes`;
}

type ColumnType = "number" | "boolean" | "string";

/**
 * One type for a whole column, so that its metadata can be filtered on; undefined for one without values. Ids with
 * leading zeros stay strings. Reads each cell once: a table may have as many columns as rows.
 */
function findTypes(rows: readonly Row[]): readonly (ColumnType | undefined)[] {
  const types: (ColumnType | undefined)[] = [];
  for (const { cells } of rows) {
    for (const [column, text] of cells.entries()) {
      const cell = text.trim();
      const known = types[column];
      if (cell === "" || known === "string") continue;
      const type = toType(cell);
      types[column] = known === undefined || known === type ? type : "string";
    }
  }
  return types;
}

function toType(cell: string): ColumnType {
  if (/^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/.test(cell)) return "number";
  return /^(true|false)$/i.test(cell) ? "boolean" : "string";
}

function toTyped(cell: string, type: ColumnType = "string"): string | number | boolean {
  const value = cell.trim();
  if (type === "string" || value === "") return cell;
  return type === "number" ? Number(value) : value.toLowerCase() === "true";
}

/** The delimiter that the first line has most of outside quotes. */
function findDelimiter(text: string): string {
  const counts = new Map<string, number>(DELIMITERS.map((delimiter) => [delimiter, 0]));
  let quoted = false;
  for (const char of text.trimStart().slice(0, 64 * 1024)) {
    if (char === '"') quoted = !quoted;
    else if (char === "\n" && !quoted) break;
    else if (!quoted && counts.has(char)) counts.set(char, (counts.get(char) ?? 0) + 1);
  }
  return DELIMITERS.reduce((best, next) =>
    (counts.get(next) ?? 0) > (counts.get(best) ?? 0) ? next : best,
  );
}

/**
 * The first row is the header unless it is clearly data: a name we know settles it; values, sentences, empty or
 * repeated cells, cells that come again below in some columns, and a row that is the only one are data.
 */
function isHeader(first: readonly string[], below: readonly Row[]): boolean {
  const names = first.map((cell) => cell.trim());
  const isNameLike = names.every(
    (name) =>
      name.length <= HEADER_CHARS_MAX &&
      name.split(/\s+/).length <= HEADER_WORDS_MAX &&
      !VALUE.test(name),
  );
  if (!isNameLike || new Set(names).size < names.length) return false;
  if (names.some((name) => KNOWN_NAMES.test(name))) return true;
  if (below.length === 0 || names.includes("")) return false;
  return !below.some(({ cells }) => {
    const same = cells.filter((cell, at) => cell.trim() === names[at]).length;
    return same > 0 && same < names.length;
  });
}

/** Names for the columns of a table without a header. */
function toPlaces(rows: readonly Row[]): readonly string[] {
  const width = rows.reduce((most, { cells }) => Math.max(most, cells.length), 0);
  return Array.from({ length: width }, (_, at) => `column ${at + 1}`);
}

/** Names of columns; a column without one is called by its place. */
function toNames(cells: readonly string[]): readonly string[] {
  return cells.map((cell, at) => (cell.trim() === "" ? `column ${at + 1}` : cell.trim()));
}
