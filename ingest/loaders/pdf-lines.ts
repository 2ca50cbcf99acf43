/** Pieces of text on a PDF page to lines, and lines to paragraphs and headings. */
import { stripHidden } from "./hidden-text.ts";

/** What the PDF engine gives for a piece of text: lengths in points, the origin at the bottom left. */
export interface PdfItem {
  readonly str: string;
  readonly transform: readonly number[];
  readonly width: number;
  readonly height: number;
  readonly hasEOL: boolean;
}

export interface PdfLine {
  readonly text: string;
  /** Baseline, left and right end, and font size. */
  readonly y: number;
  readonly left: number;
  readonly right: number;
  readonly size: number;
  /** The widest gap between two of its pieces. */
  readonly gap: number;
}

export interface PdfParagraph {
  readonly text: string;
  readonly size: number;
  readonly isHeading: boolean;
}

/** A gap between baselines above this many font sizes opens a paragraph. */
export const PARAGRAPH_GAP = 1.65;
/** A line that ends before this share of the column was ended by its author. */
const FULL_LINE_SHARE = 0.8;
/** A heading is this much larger than the text, and short. */
export const HEADING_SCALE = 1.12;
const HEADING_CHARS_MAX = 160;
/** `2. Delivery`, `3.1 Prices`: a heading of its own, even right below one of the same size. */
const NUMBERED = /^(?:\d{1,2}\.|\d{1,2}(?:\.\d{1,2})+\.?)\s+\p{L}/u;

/** The dots between an entry of a table of contents and its page. */
const DOT_LEADER = /(?: ?\.){5,} ?/g;

/** Joins the pieces of each line; pieces apart from each other get a space. */
export function toLines(items: readonly PdfItem[]): readonly PdfLine[] {
  const lines: PdfLine[] = [];
  let open: PdfLine | undefined;
  for (const item of items) {
    const piece = toPiece(item);
    const isSameLine =
      open !== undefined && Math.abs(open.y - piece.y) <= Math.max(piece.size, open.size) * 0.6;
    if (open !== undefined && !isSameLine) lines.push(open);
    open = open !== undefined && isSameLine ? join(open, piece) : piece;
    if (!item.hasEOL) continue;
    lines.push(open);
    open = undefined;
  }
  if (open !== undefined) lines.push(open);
  return lines
    .map((line) => ({ ...line, text: toLineText(line.text) }))
    .filter(({ text }) => text !== "");
}

/** Text that runs up or down the sheet, as on landscape pages, is read along its own direction. */
function toPiece({ str, transform, width, height }: PdfItem): PdfLine {
  const [a = 0, b = 0, c = 0, d = 0, right = 0, up = 0] = transform;
  const turned = Math.abs(b) > Math.abs(a) ? Math.sign(b) : 0;
  const left = turned === 0 ? right : up * turned;
  const y = turned === 0 ? up : -right * turned;
  const size = height > 0 ? height : Math.hypot(c, d);
  // The engine gives a wide gap as a piece of its own that holds a space.
  return { text: str, y, left, right: left + width, size, gap: str.trim() === "" ? width : 0 };
}

function join(line: PdfLine, piece: PdfLine): PdfLine {
  const isApart = piece.left - line.right > piece.size * 0.15;
  const hasSpace = piece.text === "" || /\s$/.test(line.text) || /^\s/.test(piece.text);
  const text = line.text + (isApart && !hasSpace ? " " : "") + piece.text;
  const size = piece.text.trim() === "" ? line.size : Math.max(line.size, piece.size);
  const gap = Math.max(line.gap, piece.gap, piece.left - line.right);
  return { ...line, text, right: piece.right, size, gap };
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

/** Lines that belong together, words broken at line ends joined; headings stand alone. */
export function toParagraphs(lines: readonly PdfLine[], bodySize: number): readonly PdfParagraph[] {
  const paragraphs: PdfParagraph[] = [];
  const edge = lines.reduce((most, { right }) => Math.max(most, right), Number.NEGATIVE_INFINITY);
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
      const isFull = before.right >= before.left + (edge - before.left) * FULL_LINE_SHARE;
      paragraphs[paragraphs.length - 1] = {
        ...last,
        text: joinLines(last.text, line.text, isFull || isHeading),
      };
    }
    before = line;
  }
  return paragraphs;
}

function isNear(before: PdfLine, line: PdfLine): boolean {
  const gap = before.y - line.y;
  const size = Math.max(before.size, line.size);
  return Math.abs(before.size - line.size) < 0.1 * size && gap > 0 && gap <= size * PARAGRAPH_GAP;
}

/** `exam-` + `ple` is one word; `2024-` + `05` and `anti-` + `American` keep the hyphen. */
function joinLines(text: string, next: string, isFull: boolean): string {
  if (/\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(next)) return text.slice(0, -1) + next;
  if (/[\p{L}\p{N}]-$/u.test(text)) return text + next;
  return text + (isFull ? " " : "\n") + next;
}
