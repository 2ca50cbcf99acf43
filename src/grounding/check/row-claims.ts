/** Claims about the rows of tables and the entries of lists: has one of them been given what another has? */
import { oncePer } from "../../async/once.ts";
import { isNegated } from "../../text/negation.ts";
import { type Quantity, toQuantities } from "../../text/numbers.ts";
import { holdsQuantity, indexQuantities, type QuantityIndex } from "../../text/quantity-index.ts";
import { toContentStems, toWords } from "../../text/words.ts";
import { splitParts } from "./claim-parts.ts";
import type { Evidence, Said } from "./evidence.ts";

/** Longer cells are texts, of which a claim may repeat any part. */
const CELL_WORDS_MAX = 6;
const NUMBER = /^\p{N}+$/u;
/** Who names more rows at once tells of none of them. */
const NAMED_MAX = 32;

interface Cell {
  readonly text: string;
  readonly stems: ReadonlySet<string>;
  /** Without the numbers. */
  readonly words: readonly string[];
  readonly quantities: readonly Quantity[];
}

interface Row {
  /** What it shares with the other rows of its table. */
  readonly table: string;
  readonly said: Said;
  readonly names: readonly Cell[];
  readonly cells: readonly Cell[];
}

const listRows = oncePer(({ sentences }: Evidence): readonly Row[] =>
  sentences.flatMap((said) => {
    if (said.row === undefined) return [];
    const { cells, names } = said.row;
    return [{ table: names.join("|"), said, names: names.map(toCell), cells: cells.map(toCell) }];
  }),
);

function toCell(text: string): Cell {
  const stems = toContentStems(text);
  const words = [...stems].filter((stem) => !NUMBER.test(stem));
  // A bare "1" is in too many texts to be that of a cell.
  const quantities = toQuantities(text).filter(({ value, unit }) => value !== "1" || unit);
  return { text, stems, words, quantities };
}

interface Part {
  readonly stems: ReadonlySet<string>;
  readonly quantities: QuantityIndex;
}

function toPart(text: string): Part {
  return { stems: toContentStems(text), quantities: indexQuantities(text) };
}

/**
 * True where a part of the sentence names rows and has, where it could have what one of their cells says, what the
 * cell of another row or column says in its place.
 */
export function mixesRows(sentence: string, evidence: readonly Evidence[]): boolean {
  const rows = evidence.flatMap(listRows);
  if (rows.length === 0) return false;
  const parts = splitParts(sentence).map((text) => ({ part: toPart(text), text }));
  // A key that is itself cut is another one, or none, in the parts.
  const keyed = new Set(parts.flatMap(({ part }) => findKeyed(rows, part)));
  if (keyed.symmetricDifference(new Set(findKeyed(rows, toPart(sentence)))).size > 0) return false;
  return toTold(parts, rows).some(
    ({ part, meant }) => hasOtherRow(part, meant, rows) || hasOtherColumn(part, meant),
  );
}

interface Told {
  readonly part: Part;
  /** The rows that it may be told of. */
  readonly meant: readonly Row[];
}

/**
 * What the parts tell of which rows. `Basic and Pro cost 5` tells the same of both; `Basic and Pro cost 5 and 12` is
 * told in order. A part that names no row goes on with those before it.
 */
function toTold(
  all: readonly { readonly part: Part; readonly text: string }[],
  rows: readonly Row[],
): readonly Told[] {
  const told: Told[] = [];
  let group: (readonly Row[])[] = [];
  let isOpen = false;
  const parts = all.map(({ part, text }) => ({
    part,
    named: findNamed(rows, part),
    isDenied: isNegated(text),
  }));
  for (const [index, { part, named, isDenied }] of parts.entries()) {
    if (named.length > 0) group = isOpen ? [...group, named] : [named];
    isOpen = named.length > 0 && tellsNothing(part, named);
    if (isOpen || isDenied) continue;
    const values = toValues(parts.slice(index));
    const isInOrder = group.length > 1 && named.length > 0 && values.length === group.length;
    if (!isInOrder) told.push(...group.map((meant) => ({ part, meant })));
    else told.push(...values.map((value, at) => ({ part: value, meant: group[at] ?? [] })));
    if (isInOrder) group = [];
  }
  return told;
}

/** The first part with those behind it that name no row. */
function toValues(
  parts: readonly { readonly part: Part; readonly named: readonly Row[] }[],
): readonly Part[] {
  const end = parts.findIndex(({ named }, at) => at > 0 && named.length > 0);
  return (end < 0 ? parts : parts.slice(0, end)).map(({ part }) => part);
}

/** It names rows, and says nothing of them. */
function tellsNothing({ stems }: Part, named: readonly Row[]): boolean {
  const naming = named.flatMap(({ cells, names }) => [cells[0], names[0]]);
  return [...stems].every((stem) => naming.some((cell) => cell?.stems.has(stem) === true));
}

/** Names a part of a sentence a row, and has it what another of its cells says? */
export function tellsOfRow(text: string, evidence: readonly Evidence[]): boolean {
  const part = toPart(text);
  const named = findNamed(evidence.flatMap(listRows), part);
  return named.some(({ cells }) => cells.some((cell, at) => at > 0 && isToldIn(cell, part)));
}

/** The rows under one heading. */
const listTables = oncePer((evidence: Evidence): readonly (readonly Row[])[] => [
  ...Map.groupBy(listRows(evidence), ({ said }) => said.section).values(),
]);

/** No word is longer that names a column. */
const NEXT_CHARS = 64;

/** Does the number count the rows of a table, by the name of its first column? */
export function isCountOfRows(
  { value, end }: Quantity,
  sentence: string,
  evidence: readonly Evidence[],
): boolean {
  const tables = evidence.flatMap(listTables).filter((rows) => String(rows.length) === value);
  if (tables.length === 0) return false;
  const [next] = toWords(sentence.slice(end, end + NEXT_CHARS));
  return next !== undefined && tables.some(([row]) => row?.names[0]?.stems.has(next.stem) === true);
}

/** Of those that it has the keys of, the ones that it has most of the headings of. */
function findNamed(rows: readonly Row[], part: Part): readonly Row[] {
  const named = findKeyed(rows, part);
  const count = ({ said }: Row): number => said.section.content.intersection(part.stems).size;
  const most = Math.max(0, ...named.map(count));
  return named.filter((row) => count(row) === most);
}

/** Those whose first cell is there whole, and not as part of another one's. */
function findKeyed(rows: readonly Row[], { stems }: Part): readonly Row[] {
  const keyOf = ({ cells }: Row): ReadonlySet<string> => cells[0]?.stems ?? new Set();
  const there = rows.filter((row) => keyOf(row).size > 0 && keyOf(row).isSubsetOf(stems));
  if (there.length > NAMED_MAX) return [];
  return there.filter((row) => !there.some((other) => isPartOf(keyOf(row), keyOf(other))));
}

function isPartOf(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size < other.size && one.isSubsetOf(other);
}

function hasOtherRow(part: Part, meant: readonly Row[], rows: readonly Row[]): boolean {
  const tables = new Set(meant.map(({ table }) => table));
  const others = rows.filter((row) => tables.has(row.table) && !meant.includes(row));
  return others.some(({ table, cells }) =>
    cells.some((cell, at) => {
      if (at === 0 || !isToldIn(cell, part)) return false;
      const own = meant.filter((row) => row.table === table);
      return (
        !own.some(({ said }) => isKnownTo(cell, said)) &&
        !own.some((row) => isIn(row.cells[at], part))
      );
    }),
  );
}

/** `Events in 2024` has what stands below 2023, where both are amounts. */
function hasOtherColumn(part: Part, meant: readonly Row[]): boolean {
  return meant.some(({ names, cells }) => {
    const there = names.filter(({ stems }, at) => at > 0 && isNamed(stems, part));
    const columns = there.filter(
      ({ stems }) => !there.some((other) => isPartOf(stems, other.stems)),
    );
    const own = cells.filter((_, at) => columns.includes(names[at] as Cell));
    if (own.length === 0 || own.some((cell) => isIn(cell, part))) return false;
    return cells.some((cell, at) => at > 0 && isToldIn(cell, part) && isAlike(cell, own[0]));
  });
}

function isNamed(stems: ReadonlySet<string>, part: Part): boolean {
  return stems.size > 0 && stems.isSubsetOf(part.stems);
}

/** Both are amounts of the same, and nothing else. */
function isAlike(a: Cell, b: Cell | undefined): boolean {
  const [one, other] = [a.quantities[0], b?.quantities[0]];
  return one !== undefined && other !== undefined && one.unit === other.unit;
}

function isIn(cell: Cell | undefined, { stems, quantities }: Part): boolean {
  return (
    cell !== undefined &&
    cell.stems.size > 0 &&
    cell.words.every((stem) => stems.has(stem)) &&
    cell.quantities.every((one) => holdsQuantity(quantities, one))
  );
}

/** The same of a cell that says something by which it can be told. */
function isToldIn(cell: Cell, part: Part): boolean {
  const isShort = cell.words.length <= CELL_WORDS_MAX;
  return isShort && cell.words.length + cell.quantities.length > 0 && isIn(cell, part);
}

/** Does another row, or what it stands under, say it too? */
function isKnownTo({ words, quantities }: Cell, said: Said): boolean {
  const { stems, heading } = said;
  return (
    words.every((stem) => stems.has(stem) || heading.stems.has(stem)) &&
    quantities.every(
      (one) => holdsQuantity(said.quantities, one) || holdsQuantity(heading.quantities, one),
    )
  );
}
