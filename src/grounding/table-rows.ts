/** Markdown tables: a row is read with the names of its columns, and those alone state nothing. */
import { isTableFrame } from "../text/table-frame.ts";
import { toWords, type Word } from "../text/words.ts";
import { toLead } from "./lists.ts";
import { type Candidate, type Question, toPlaceStems } from "./sentence-features.ts";

const NUMBER = /^\p{Nd}{1,2}$/u;
const ROWS_MIN = 2;
/** The position of a header that stands before its passage. */
const OPENING = -1;

/** Is it a line of a table? */
export function isTableLine(text: string): boolean {
  return text.startsWith("|");
}

/** Is it the row right above a table's frame? `all`: every sentence of the passage, in order. */
export function isHeader({ text, position }: Candidate, all: readonly Candidate[]): boolean {
  return isTableLine(text) && isTableFrame(all[position + 1]?.text ?? "");
}

export interface Table {
  readonly header: Candidate;
  /** Of this passage. */
  readonly rows: readonly Candidate[];
}

/** The names of the columns of the table that a passage begins in the middle of. */
function toOpening(first: Candidate | undefined): Candidate | undefined {
  const columns = first?.passage.location.columns;
  if (first === undefined || columns === undefined) return undefined;
  const { passage } = first;
  const place = { position: OPENING, start: passage.start, end: passage.start };
  return { passage, section: first.section, ...place, text: columns, words: toWords(columns) };
}

/** Does a header stand before its passage? */
function isBefore(header: Candidate): boolean {
  return header.position === OPENING;
}

/** Is it what is left of a table whose beginning stands in another passage? */
export function isRest({ lead, header }: Candidate): boolean {
  return lead !== undefined && header !== undefined && isBefore(header);
}

/** The tables of a passage. `all`: every sentence of it, in order. */
export function findTables(all: readonly Candidate[]): readonly Table[] {
  const tables: { header: Candidate; rows: Candidate[] }[] = [];
  const first = toOpening(all[0]);
  let open = first === undefined ? undefined : { header: first, rows: [] as Candidate[] };
  if (open !== undefined) tables.push(open);
  for (const one of all) {
    if (!isTableLine(one.text)) open = undefined;
    else if (isHeader(one, all)) tables.push((open = { header: one, rows: [] }));
    else if (open !== undefined && !isTableFrame(one.text)) open.rows.push(one);
  }
  return tables;
}

/**
 * The whole of a table, or what of it the passage has: led in to by its columns' names, and by the heading or the
 * sentence right above it.
 */
export function toWhole({ header, rows }: Table, all: readonly Candidate[]): Candidate | undefined {
  const [first, last] = [rows[0], rows.at(-1)];
  const { passage, section, words } = header;
  const isRest = isBefore(header);
  if (first === undefined || last === undefined) return undefined;
  if (rows.length < ROWS_MIN && !isRest) return undefined;
  const above = toLead(all[header.position - 1], header);
  const { start, position } = isRest ? first : (above?.quoted ?? header);
  const text = passage.text.slice(start - passage.start, last.end - passage.start);
  const lead = [...words, ...(above?.words ?? [])];
  const place = { passage, position, section, start, end: last.end };
  return { ...place, text, words: toWords(text), lead, header };
}

/** What of a table a passage has, below the names of its columns, which may stand before the passage alone. */
export function toTableText({ text }: Candidate, header: Candidate): string {
  if (!isBefore(header)) return text;
  const frame = "| --- ".repeat(toCells(header.text).length);
  return `${header.text}\n${frame}|\n${text}`;
}

/**
 * The same candidates; where the question names rows of a table, the other rows and the table as a whole are marked
 * as passed over, because the names of the columns speak for all rows alike. Where it names none, the table speaks
 * for its rows, if it can be quoted. `isOther`: rows that are about something else, where that can be told.
 */
export function markRows(
  candidates: readonly Candidate[],
  question: Question,
  isOther: (row: Candidate) => boolean,
): readonly Candidate[] {
  const tables = candidates.filter(({ header }) => header !== undefined);
  const passedOver = [...Map.groupBy(tables, toTable).values()].flatMap((own) => {
    const rows = own.filter(({ lead }) => lead === undefined);
    const wholes = own.filter(({ lead }) => lead !== undefined);
    const meant = rows.filter((row) => !isOther(row));
    const isTold = meant.length > 0 && meant.length < rows.length;
    const named = new Set(isTold ? meant : findNamed(rows, question));
    if (named.size > 0) return [...rows.filter((row) => !named.has(row)), ...wholes];
    const quotable = new Set(wholes.map(({ header }) => header));
    return rows.filter(({ header }) => quotable.has(header));
  });
  const left = new Set(passedOver);
  return candidates.map((one) => (left.has(one) ? { ...one, isPassedOver: true } : one));
}

/** What the rows of a table have in common, whatever chunks it was cut into. */
function toTable({ passage, header }: Candidate): string {
  return [passage.collection, passage.documentId, header?.text].join("\n");
}

/**
 * The rows that the question names; one of which another row has every word, and more, is not meant. What the whole
 * table stands under names none of them.
 */
function findNamed(
  rows: readonly Candidate[],
  { acronyms, weights, measure }: Question,
): readonly Candidate[] {
  const places = new Map(rows.map((row) => [row.section, toPlaceStems(row, { acronyms })]));
  const naming = rows
    .map((row) => {
      const place = places.get(row.section);
      const names = toNames(row, ({ stem, surface }) => {
        if (measure?.words.has(stem) === true) return [...measure.asked];
        const isAsked =
          (weights.has(stem) && place?.has(stem) !== true) ||
          acronyms.some((one) => one.surface === surface);
        return isAsked ? [stem] : [];
      });
      return { row, names };
    })
    .filter(({ names }) => names.size > 0);
  const isLess = (names: ReadonlySet<string>): boolean =>
    naming.some((other) => other.names.size > names.size && names.isSubsetOf(other.names));
  return naming.filter(({ names }) => !isLess(names)).map(({ row }) => row);
}

/** Small numbers count something: they name a row beside a word in their cell, or as a cell where nothing else does. */
function toNames(row: Candidate, toAsked: (word: Word) => readonly string[]): ReadonlySet<string> {
  const cells = toCells(row.text).map((cell) => ({ cell, stems: toWords(cell).flatMap(toAsked) }));
  const worded = cells.filter(({ stems }) => stems.some((stem) => !NUMBER.test(stem)));
  const numbered = cells.filter(({ cell, stems }) => stems[0] === cell);
  return new Set((worded.length > 0 ? worded : numbered).flatMap(({ stems }) => stems));
}

/** A row in one line, each cell behind the name of its column. */
export function toNamedCells(row: string, header: string): string {
  const names = toCells(header);
  return toCells(row)
    .flatMap((cell, at) => {
      const name = names[at] ?? "";
      return cell === "" ? [] : [name === "" ? cell : `${name}: ${cell}`];
    })
    .join("; ");
}

/** The cells of a row, as they are read. */
export function toCells(row: string): readonly string[] {
  const inner = row
    .trim()
    .replace(/^\|/u, "")
    .replace(/(?<!\\)\|$/u, "");
  return inner.split(/(?<!\\)\|/u).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
