/** Takes a stretch of text apart into atoms: the smallest pieces a chunk is put together from. */
import { splitSentences, type Span } from "../../src/text/sentences.ts";
import { isTableFrame } from "../../src/text/table-frame.ts";
import { type Block, splitBlocks } from "./blocks.ts";
import type { LoadedDocument } from "../document.ts";

/** A piece that is never cut, and what a cut before it costs: next to nothing at a paragraph, more inside one. */
export interface Atom extends Span {
  readonly cutCost: number;
  /** Of a table's rows: the row above them all that names the columns. */
  readonly columns?: string;
}

/** What a cut costs, in units of an empty chunk: how much worse a size is put up with to avoid it. */
const CUT_COST = {
  paragraph: 0.02,
  listItem: 0.1,
  /** Of a list that fits a chunk. */
  shortListItem: 0.6,
  indented: 0.25,
  sentence: 0.35,
  tableRow: 0.5,
  codeLine: 0.6,
  /** Between a heading, or a line that ends with a colon, and what it introduces. */
  introduced: 0.5,
  word: 1.5,
} as const;

/** A row of names that is longer is not repeated: it would drown the rows. */
const COLUMNS_CHARS_MAX = 400;

/** Neighbours below this share of a chunk are one atom: hardly any chunk is better for a cut between them. */
const SMALL_SHARE = 1 / 18;

/** The atoms of `text.slice(start, end)` in order: none longer than `charsMax`, every non-blank character in one. */
export function splitAtoms(
  text: string,
  { start, end }: Span,
  kind: LoadedDocument["kind"],
  charsMax: number,
): readonly Atom[] {
  const atoms: Atom[] = [];
  const blocks = [...splitBlocks(text.slice(start, end), start, kind)];
  const inShortList = findShortLists(blocks, charsMax);
  let before: Block | undefined;
  for (const block of blocks) {
    const [first, ...others] = joinSmall(splitBlock(text, block, charsMax), charsMax);
    if (first === undefined) continue;
    const last = atoms.at(-1);
    const cutCost = inShortList.has(block)
      ? CUT_COST.shortListItem
      : costBefore(text, block, before);
    const isSmall = last !== undefined && last.end - last.start < charsMax * SMALL_SHARE;
    if (isSmall && cutCost > 0 && first.end - last.start <= charsMax) {
      atoms[atoms.length - 1] = { ...last, end: first.end };
    } else {
      atoms.push({ ...first, cutCost });
    }
    atoms.push(...others);
    before = block;
  }
  return atoms;
}

/** Items, but for the first, of the lists that fit a chunk. */
function findShortLists(blocks: readonly Block[], charsMax: number): ReadonlySet<Block> {
  const found = new Set<Block>();
  let list: Block[] = [];
  for (const [index, block] of blocks.entries()) {
    if (block.kind !== "listItem") continue;
    if (blocks[index - 1]?.kind !== "listItem") list = [];
    list.push(block);
    if (blocks[index + 1]?.kind === "listItem") continue;
    const [first = block, ...others] = list;
    if (block.end - first.start <= charsMax) for (const item of others) found.add(item);
  }
  return found;
}

function costBefore(text: string, block: Block, before: Block | undefined): number {
  if (block.kind === "codeBlock") {
    return /\s/.test(text[block.start] ?? "") ? CUT_COST.indented : 0;
  }
  const colon = before !== undefined && block.kind !== "paragraph" && text[before.end - 1] === ":";
  if (colon || before?.kind === "heading") return CUT_COST.introduced;
  return before?.kind === "listItem" && block.kind === "listItem"
    ? CUT_COST.listItem
    : CUT_COST.paragraph;
}

/** A block as atoms: code, tables and list items whole where they fit, prose by sentences. */
function splitBlock(text: string, block: Block, charsMax: number): readonly Atom[] {
  const { start, end, kind } = block;
  const whole = kind !== "paragraph" && end - start <= charsMax;
  if (whole) return [{ start, end, cutCost: CUT_COST.paragraph }];
  const isLines = kind === "table" || kind === "code" || kind === "codeBlock";
  const lineCost = kind === "table" ? CUT_COST.tableRow : CUT_COST.codeLine;
  const cutCost = isLines ? lineCost : CUT_COST.sentence;
  const pieces = isLines ? splitLines(text, block) : splitProse(text, block, charsMax);
  const columns = kind === "table" ? findColumns(text, pieces) : undefined;
  return pieces.flatMap((piece, index) => {
    const isBelow = columns !== undefined && index > 1;
    return splitLong(text, { ...piece, cutCost, ...(isBelow ? { columns } : {}) }, charsMax);
  });
}

/** Sentences; what is too long for one, as a log is, by its lines. */
function splitProse(text: string, { start, end }: Span, charsMax: number): readonly Span[] {
  return splitSentences(text.slice(start, end)).flatMap((sentence) => {
    const span = { start: start + sentence.start, end: start + sentence.end };
    return span.end - span.start <= charsMax ? [span] : splitLines(text, span);
  });
}

/** The row above the frame of a table. */
function findColumns(text: string, [names, frame]: readonly Span[]): string | undefined {
  if (names === undefined || frame === undefined) return undefined;
  if (!isTableFrame(text.slice(frame.start, frame.end))) return undefined;
  const columns = text.slice(names.start, names.end);
  return columns.length <= COLUMNS_CHARS_MAX ? columns : undefined;
}

function splitLines(text: string, { start, end }: Span): readonly Span[] {
  return [...text.slice(start, end).matchAll(/[^\n\r]+/g)]
    .filter(([line]) => line.trim() !== "")
    .map(({ 0: line, index }) => {
      const at = start + index;
      return { start: at, end: at + line.trimEnd().length };
    });
}

/** A sentence or line beyond the maximum is cut at blanks, without any within a word, never within a character. */
function splitLong(text: string, atom: Atom, charsMax: number): readonly Atom[] {
  const pieces: Atom[] = [];
  let { start, cutCost } = atom;
  const { columns } = atom;
  const add = (end: number): void => {
    const piece = { start, end, cutCost };
    if (end > start) pieces.push(columns === undefined ? piece : { ...piece, columns });
  };
  while (atom.end - start > charsMax) {
    const window = text.slice(start, start + charsMax + 1);
    const blank = window.search(/\s\S*$/);
    let length = blank > charsMax / 2 ? blank : charsMax;
    if (/[\ud800-\udbff]/.test(text[start + length - 1] ?? "")) length -= 1;
    add(start + text.slice(start, start + length).trimEnd().length);
    const rest = text.slice(start + length, atom.end);
    start = atom.end - rest.trimStart().length;
    cutCost = CUT_COST.word;
  }
  add(atom.end);
  return pieces;
}

/** Joins the small neighbours within one block. */
function joinSmall(pieces: readonly Atom[], charsMax: number): readonly Atom[] {
  const smallChars = charsMax * SMALL_SHARE;
  const joined: Atom[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    const lastChars = last === undefined ? 0 : last.end - last.start;
    const isSmall = Math.min(lastChars, piece.end - piece.start) < smallChars;
    if (last !== undefined && isSmall && piece.end - last.start <= 3 * smallChars) {
      joined[joined.length - 1] = { ...last, end: piece.end };
    } else {
      joined.push(piece);
    }
  }
  return joined;
}
