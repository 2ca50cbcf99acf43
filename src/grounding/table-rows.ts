/** Rows of Markdown tables: a row is read with the names of its columns, and those alone state nothing. */
import { toWords } from "../text/words.ts";
import type { Candidate, Question } from "./sentence-features.ts";

const FRAME = /^\|[\s:|-]+\|\s*$/u;
/** `IT` is a word, though "it" says nothing. */
const ACRONYM = /^\p{Lu}{2,5}$/u;

/** Is it the row right above a table's frame? `all`: every sentence of the passage, in order. */
export function isHeader({ text, position }: Candidate, all: readonly Candidate[]): boolean {
  return text.startsWith("|") && FRAME.test(all[position + 1]?.text ?? "");
}

/** The rows of tables, each with the row that names its columns, which may stand in the chunk before. */
export function findHeaders(all: readonly Candidate[]): ReadonlyMap<Candidate, Candidate> {
  const headers = new Map<Candidate, Candidate>();
  let header = toOpening(all[0]);
  for (const one of all) {
    if (!one.text.startsWith("|")) header = undefined;
    else if (isHeader(one, all)) header = one;
    else if (header !== undefined) headers.set(one, header);
  }
  return headers;
}

/** The names of the columns of the table that a passage begins in the middle of. */
function toOpening(first: Candidate | undefined): Candidate | undefined {
  const columns = first?.passage.location.columns;
  if (first === undefined || columns === undefined) return undefined;
  const { passage } = first;
  const place = { position: -1, start: passage.start, end: passage.start };
  return { passage, ...place, text: columns, words: toWords(columns) };
}

/** A row as `column: value; column: value`: outside of its table it says nothing else. */
export function toNamedRow(row: string, header: string): string {
  const names = toCells(header);
  return toCells(row)
    .map((cell, at) => ({ name: names[at] ?? "", cell }))
    .filter(({ cell }) => cell !== "")
    .map(({ name, cell }) => (name === "" ? cell : `${name}: ${cell}`))
    .join("; ");
}

function toCells(row: string): readonly string[] {
  const inner = row
    .trim()
    .replace(/^\|/u, "")
    .replace(/(?<!\\)\|$/u, "");
  return inner.split(/(?<!\\)\|/u).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/**
 * The same candidates; where the question names a row of a table, the other rows lose their header, because
 * the names of the columns speak for all rows alike.
 */
export function weighHeaders(
  candidates: readonly Candidate[],
  { words, weights }: Question,
): readonly Candidate[] {
  const acronyms = new Set(words.map(({ surface }) => surface).filter((one) => ACRONYM.test(one)));
  const isNamed = (row: Candidate): boolean =>
    row.words.some(({ stem, surface }) => weights.has(stem) || acronyms.has(surface));
  const named = new Set(candidates.filter(isNamed).map(toTable));
  return candidates.map((row) => {
    if (row.header === undefined || !named.has(toTable(row)) || isNamed(row)) return row;
    const { header: _, ...rest } = row;
    return rest;
  });
}

/** What the rows of a table have in common, whatever chunks it was cut into; undefined: it is no row. */
function toTable({ passage, header }: Candidate): string | undefined {
  if (header === undefined) return undefined;
  return [passage.collection, passage.documentId, header.text].join("\n");
}
