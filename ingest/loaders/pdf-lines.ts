/** Pieces of text on a PDF page to lines, and lines to paragraphs and headings. */
import { stripHidden } from "./hidden-text.ts";
import { isPower } from "./raised-number.ts";

/** What the PDF engine gives for a piece of text: lengths in points, the origin at the bottom left. */
export interface PdfItem {
  readonly str: string;
  readonly transform: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly hasEOL: boolean;
  readonly fontName: string;
}

/** Words of a line that stand apart from the others: of a column of text, or of a table. */
export interface PdfCell {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly size: number;
}

export interface PdfLine {
  readonly text: string;
  /** Baseline, left and right end, and font size. */
  readonly y: number;
  readonly left: number;
  readonly right: number;
  readonly size: number;
  /** The font that it begins with. */
  readonly font: string;
  /** The widest gap between two of its pieces. */
  readonly gap: number;
  /** From left to right as they were drawn; at least one. */
  readonly cells: readonly PdfCell[];
  /** Where the lines of its column end at most; absent: those of the page. */
  readonly edge?: number;
}

export interface PdfParagraph {
  readonly text: string;
  readonly size: number;
  readonly isHeading: boolean;
}

/**
 * Words this many font sizes apart may belong to two columns; whether they do, the lines around them say. A blank of
 * a typewriter font is a little narrower.
 */
const CELL_GAP = 0.62;
/** A gap between baselines above this many font sizes opens a paragraph. */
export const PARAGRAPH_GAP = 1.65;
/** A line that ends before this share of the column was ended by its author. */
const FULL_LINE_SHARE = 0.8;
/** A raised number is this much smaller than what it stands behind, and by so many of its sizes higher. */
const RAISED_SCALE = 0.85;
const RAISED_HEIGHT = 0.2;
/** A heading is this much larger than the text, and short. */
export const HEADING_SCALE = 1.12;
const HEADING_CHARS_MAX = 160;
/** The large letter that a paragraph begins with, and an ornament, have no such. */
const NAME = /\p{L}{2}|\p{Lo}|\p{N}/u;
/** A word, its full stop and another sentence, or the full stop at the end of several words: `No. 5` and `St. Gallen` are none. */
const SENTENCE = /\p{Ll}{4,}[.!?] \p{Lu}|^(?:\S+ ){7,}\S*\p{Ll}{2,}\.$/u;
/** `2. Delivery`, `3.1 Prices`: a heading of its own, even right below one of the same size. */
const NUMBERED = /^(?:\d{1,2}\.|\d{1,2}(?:\.\d{1,2})+\.?)\s+\p{L}/u;

/** An entry of a table of contents or an index. */
const ENTRY = / … \S{1,8}$/u;
/** The dots between such an entry and its page. */
const DOT_LEADER = /(?: ?\.){5,} ?/g;

type Piece = Omit<PdfLine, "cells" | "edge">;
type Pieces = [Piece, ...Piece[]];

/** Joins the pieces of each line; pieces apart from each other get a space. */
export function toLines(items: readonly PdfItem[]): readonly PdfLine[] {
  const lines: Pieces[] = [];
  let open: Pieces | undefined;
  let size = 0;
  for (const item of items) {
    const piece = toPiece(item);
    if (open === undefined || Math.abs(open[0].y - piece.y) > Math.max(piece.size, size) * 0.6) {
      open = [piece];
      size = piece.size;
      lines.push(open);
    } else {
      open.push(isRaised(piece, open.at(-1)) ? { ...piece, text: `^${piece.text}` } : piece);
      if (!isBlank(piece.text)) size = Math.max(size, piece.size);
    }
    if (item.hasEOL) open = undefined;
  }
  return lines.map(toLine).filter(({ text }) => text !== "");
}

/** Text that runs up or down the sheet, as on landscape pages, is read along its own direction. */
function toPiece({ str, transform, width, height, fontName: font }: PdfItem): Piece {
  const [a = 0, b = 0, c = 0, d = 0, along = 0, up = 0] = transform;
  const turned = Math.abs(b) > Math.abs(a) ? Math.sign(b) : 0;
  const left = turned === 0 ? along : up * turned;
  const y = turned === 0 ? up : -along * turned;
  const size = height > 0 ? height : Math.hypot(c, d);
  // The engine gives a wide gap as a piece of its own that holds a space.
  const gap = isBlank(str) ? width : 0;
  return { text: str, y, left, right: left + width, size, font, gap };
}

function isRaised(piece: Piece, before: Piece | undefined): boolean {
  if (before === undefined || !isPower(piece.text, before.text)) return false;
  const isSmall = piece.size < before.size * RAISED_SCALE;
  const isHigh = piece.y - before.y > before.size * RAISED_HEIGHT;
  return isSmall && isHigh && !isGap(piece.left - before.right, before.size);
}

function isBlank(text: string): boolean {
  return text.trim() === "";
}

/** Words are gathered and joined at the end: the lines of some drawings have tens of thousands of pieces. */
function toLine([first, ...rest]: Pieces): PdfLine {
  const words = [first.text];
  const cells = [toOpenCell(first)];
  let { right, size, gap } = first;
  for (const piece of rest) {
    const between = piece.left - right;
    addWords(words, piece.text, isGap(between, piece.size));
    addToCells(cells, piece);
    gap = Math.max(gap, piece.gap, between);
    right = piece.right;
    if (!isBlank(piece.text)) size = Math.max(size, piece.size);
  }
  const cleaned = cells
    .map(({ words: own, ...span }) => ({ ...span, text: toLineText(own.join("")) }))
    .filter(({ text }) => text !== "");
  return { ...first, text: toLineText(words.join("")), right, size, gap, cells: cleaned };
}

/** So much between two pieces, or one that lies back before the other, is no part of a word. */
function isGap(width: number, size: number): boolean {
  return width > size * 0.15 || width < -size;
}

function addWords(words: string[], next: string, isApart: boolean): void {
  if (next === "") return;
  const hasSpace = /\s$/.test(words.at(-1) ?? "") || /^\s/.test(next);
  if (isApart && !hasSpace) words.push(" ");
  words.push(next);
}

interface OpenCell {
  readonly words: string[];
  readonly left: number;
  right: number;
  size: number;
}

function toOpenCell({ text, left, right, size }: Piece): OpenCell {
  return { words: [text], left, right, size };
}

function addToCells(cells: OpenCell[], piece: Piece): void {
  const last = cells.at(-1);
  if (last === undefined) return;
  if (isBlank(piece.text)) {
    // The words go on, and no gap of their cell is wider for it.
    last.words.push(" ");
    return;
  }
  const gap = piece.left - last.right;
  const most = Math.max(last.size, piece.size);
  if (isBlank(last.words[0] ?? "")) cells[cells.length - 1] = toOpenCell(piece);
  else if (gap > most * CELL_GAP || gap < -most) cells.push(toOpenCell(piece));
  else {
    addWords(last.words, piece.text, isGap(gap, piece.size));
    last.right = Math.max(last.right, piece.right);
    last.size = most;
  }
}

function toLineText(text: string): string {
  return stripHidden(text).replace(/\s+/g, " ").replace(DOT_LEADER, " … ").trim();
}

/** The font size most characters have. */
export function findBodySize(lines: readonly PdfLine[]): number {
  const chars = new Map<number, number>();
  for (const { size, text } of lines) {
    const rounded = Math.round(size * 2) / 2;
    chars.set(rounded, (chars.get(rounded) ?? 0) + text.length);
  }
  return [...chars].reduce((best, next) => (next[1] > best[1] ? next : best), [0, 0])[0];
}

/** Lines that belong together, words broken at line ends joined; headings stand alone. `edge`: where lines of the page end at most. */
export function toParagraphs(
  lines: readonly PdfLine[],
  bodySize: number,
  edge = findEdge(lines),
): readonly PdfParagraph[] {
  const paragraphs: PdfParagraph[] = [];
  let before: PdfLine | undefined;
  for (const line of lines) {
    const last = paragraphs.at(-1);
    const isLarge = line.size > bodySize * HEADING_SCALE;
    const isHeading =
      isLarge && line.text.length <= HEADING_CHARS_MAX && !line.text.includes(" … ");
    const isSame = last?.isHeading === isHeading && !(isHeading && NUMBERED.test(line.text));
    const goesOn = before !== undefined && isSame && isNear(before, line);
    if (last === undefined || before === undefined || !goesOn) {
      paragraphs.push({ text: line.text, size: line.size, isHeading });
    } else {
      paragraphs[paragraphs.length - 1] = {
        ...last,
        text: joinLines(last.text, line.text, isHeading || isFull(before, edge)),
      };
    }
    before = line;
  }
  // Where small print is most of a file, its text is larger than what most characters have.
  return paragraphs.map((one) =>
    one.isHeading && (SENTENCE.test(one.text) || !NAME.test(one.text))
      ? { ...one, isHeading: false }
      : one,
  );
}

/** Did the line end where its column does, and not where its author ended it? */
function isFull({ text, left, right, edge: ofColumn }: PdfLine, ofPage: number): boolean {
  const edge = ofColumn ?? ofPage;
  return right >= left + (edge - left) * FULL_LINE_SHARE && !ENTRY.test(text);
}

/** Where the lines end at most. */
export function findEdge(lines: readonly PdfLine[]): number {
  return lines.reduce((most, { right }) => Math.max(most, right), Number.NEGATIVE_INFINITY);
}

function isNear(before: PdfLine, line: PdfLine): boolean {
  const gap = before.y - line.y;
  const size = Math.max(before.size, line.size);
  return Math.abs(before.size - line.size) < 0.1 * size && gap > 0 && gap <= size * PARAGRAPH_GAP;
}

/** `exam-` + `ple` is one word; `2024-` + `05` and `anti-` + `American` keep the hyphen. */
export function joinLines(text: string, next: string, isFull: boolean): string {
  if (/\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(next)) return text.slice(0, -1) + next;
  if (/[\p{L}\p{N}]-$/u.test(text)) return text + next;
  return text + (isFull ? " " : "\n") + next;
}
