/** Takes running heads, feet and page numbers off the pages of a PDF, and nothing that only looks like them. */
import { findBodySize, HEADING_SCALE, PARAGRAPH_GAP, type PdfLine } from "./pdf-lines.ts";

export interface PdfPage {
  /** From 1. */
  readonly number: number;
  /** In the order in which they were drawn: a foot may be the first. */
  readonly lines: readonly PdfLine[];
  /** Ends of the sheet in the same points as the lines. */
  readonly bottom: number;
  readonly top: number;
}

/** A line at the edge of this many pages is a running one. */
const RUNNING_PAGES_MIN = 3;
/** Lines of a head or foot. */
const DEPTH_MAX = 3;
/** Running text stands in this share of the sheet at its upper and lower end. */
const MARGIN_SHARE = 0.15;
/** Lines that stand as far from the edge on two pages, give or take this many points, have the same place. */
const PLACE_POINTS = 3;
/** The head is this much further from the text than its lines are from each other. */
const APART_SCALE = 1.2;
/** A number this many font sizes apart from the words of its line is not part of a sentence. */
const WIDE_GAP = 2;
/** Front matter and covers shift printed page numbers against the sheets; more is another count. */
const SHIFT_PAGES_MAX = 50;

/** A count of pages after the number: `3 of 12`, `3/12`. */
const TOTAL = /^\s*(?:\/|of|von|de|sur|di|van|av|af|z|из|共)\s*\d+/iu;
const PAGE_WORD =
  /(?:^|[^\p{L}])(?:page|pages|pg|pp?|seite|blatt|s|página|páginas|pagina|pág|pag|side|sida|sivu|strona|str|strana|oldal|sayfa|стр|страница|第|ページ|쪽|페이지|頁|页)[.:]?\s*$/iu;
const CJK_PAGE = /^\s*(?:頁|页|ページ|쪽|페이지)/u;
const NUMBER = /(?<![\p{L}\p{N}.,])(?:\d{1,5}|[ivxlc]{1,8})(?![\p{L}\p{N}]|[.,]\d)/gu;

/** What states something, as `Valid from 2025` and a sentence do, and a name does not. */
const FACT = /\p{N}|[.!?\u3002\uFF01\uFF1F]$/u;

type Edge = "head" | "foot";

/**
 * The pages without their running lines. A line is one when it comes again on three pages, one of them close by, at
 * the same distance from the edge: to the letter, or with a page number in it that rises with the pages. A number
 * that changes otherwise is a fact, and so is one in a sentence (`Machine 3`). Heads and feet stand apart from the
 * text, at the edge; a page that would lose all of its lines keeps them. A running line that
 * states something, a sentence or a line with a number, stays on the first page that has it.
 */
export function dropRunningLines(pages: readonly PdfPage[]): readonly PdfPage[] {
  const bodySize = findBodySize(pages.flatMap(({ lines }) => lines));
  const heads = findRunning(pages, "head", bodySize);
  const feet = findRunning(pages, "foot", bodySize);
  const running = pages.map((_, at) => new Set([...(heads[at] ?? []), ...(feet[at] ?? [])]));
  keepFacts(running);
  return pages.map((page, at) => {
    const lines = page.lines.filter((line) => running[at]?.has(line) !== true);
    return lines.length === 0 ? page : { ...page, lines };
  });
}

/** Leaves out of the running lines where each stands first that says something: a sentence, or a line with a number. */
function keepFacts(running: readonly Set<PdfLine>[]): void {
  const counts = new Map<string, number>();
  for (const { text } of running.flatMap((lines) => [...lines])) {
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const kept = new Set<string>();
  for (const lines of running) {
    for (const line of lines) {
      const { text } = line;
      const comesAgain = (counts.get(text) ?? 0) > 1; // else its number is that of the page
      if (!comesAgain || kept.has(text) || !FACT.test(text)) continue;
      kept.add(text);
      lines.delete(line);
    }
  }
}

/** A line at an edge, with what it has in common with those of other pages. */
interface Candidate {
  readonly page: number;
  /** Distance from the edge of the sheet, in steps. */
  readonly place: number;
  readonly keys: readonly string[];
}

/** The running lines at an edge of each page. */
function findRunning(
  pages: readonly PdfPage[],
  edge: Edge,
  bodySize: number,
): readonly (readonly PdfLine[])[] {
  const candidates = pages.map((page) => findCandidates(page, edge, bodySize));
  const seen = new Map<string, number[]>();
  for (const { keys, place, page } of candidates.flat()) {
    for (const key of keys) {
      for (const near of [place - 1, place, place + 1]) {
        const name = `${near} ${key}`;
        const numbers = seen.get(name) ?? [];
        numbers.push(page);
        seen.set(name, numbers);
      }
    }
  }
  const isRunning = ({ keys, place, page }: Candidate): boolean =>
    keys.some((key) => {
      const numbers = seen.get(`${place} ${key}`) ?? [];
      if (numbers.length < RUNNING_PAGES_MIN) return false;
      return numbers.some((other) => other !== page && Math.abs(other - page) <= 2);
    });
  return pages.map((page, at) => {
    const ofPage = candidates[at] ?? [];
    const running = ofPage.findIndex((candidate) => !isRunning(candidate));
    const lines = fromEdge(page, edge);
    return lines.slice(0, cutApart(lines, running === -1 ? ofPage.length : running));
  });
}

/** The first lines from an edge of the page, with the one after the longest head or foot. */
function fromEdge({ lines }: PdfPage, edge: Edge): readonly PdfLine[] {
  const sorted = lines.toSorted((one, other) =>
    edge === "head" ? other.y - one.y : one.y - other.y,
  );
  return sorted.slice(0, DEPTH_MAX + 1);
}

/** The most of the first `count` lines that stand apart from the line after them. */
function cutApart(lines: readonly PdfLine[], count: number): number {
  for (let cut = count; cut > 0; cut -= 1) {
    const [before, last, next] = [lines[cut - 2], lines[cut - 1], lines[cut]];
    if (last === undefined || next === undefined) continue;
    const gap = Math.abs(last.y - next.y);
    const isApart = gap > Math.max(last.size, next.size) * PARAGRAPH_GAP;
    const within = before === undefined ? 0 : Math.abs(before.y - last.y);
    if (isApart && gap > within * APART_SCALE) return cut;
  }
  return 0;
}

function findCandidates(page: PdfPage, edge: Edge, bodySize: number): readonly Candidate[] {
  const { number, top, bottom } = page;
  return fromEdge(page, edge)
    .slice(0, DEPTH_MAX)
    .map((line) => {
      const distance = edge === "head" ? top - line.y : line.y - bottom;
      const isInMargin = distance <= (top - bottom) * MARGIN_SHARE;
      // A large line must come again to the letter: `Step 2` is a heading.
      const isLarge = line.size > bodySize * HEADING_SCALE;
      const place = Math.round(distance / PLACE_POINTS);
      const numbered = isLarge ? [] : toNumberedKeys(line, number, isInMargin);
      return { page: number, place, keys: isInMargin ? [line.text, ...numbered] : numbered };
    });
}

/** The line with each number that may be that of the page replaced by its distance from the page's own. */
function toNumberedKeys(line: PdfLine, page: number, isInMargin: boolean): readonly string[] {
  const keys: string[] = [];
  for (const match of line.text.matchAll(NUMBER)) {
    const [number] = match;
    const shift = toValue(number) - page;
    const [before, after] = [
      line.text.slice(0, match.index),
      line.text.slice(match.index + number.length),
    ];
    if (
      Math.abs(shift) > SHIFT_PAGES_MAX ||
      !isPageNumber(before, after, isInMargin ? line : undefined)
    )
      continue;
    keys.push(`${before}\0${shift}\0${after}`);
  }
  return keys;
}

/** A number alone, beside a word for page, or at an end of its line and set apart from the words there. */
function isPageNumber(before: string, after: string, line: PdfLine | undefined): boolean {
  const rest = after.replace(TOTAL, "");
  const hasWords = /[\p{L}\p{N}]/u.test(before + rest);
  if (!hasWords || PAGE_WORD.test(before) || CJK_PAGE.test(rest)) return true;
  if (line === undefined) return false;
  const isAtEnd = rest.trim() === "" || before.trim() === "";
  const isSetApart =
    line.gap > line.size * WIDE_GAP || /[|·•]\s*$/.test(before) || /^\s*[|·•]/.test(rest);
  return isAtEnd && isSetApart;
}

const ROMAN: Readonly<Record<string, number>> = { i: 1, v: 5, x: 10, l: 50, c: 100 };

function toValue(number: string): number {
  if (/^\d/.test(number)) return Number(number);
  const digits = Array.from(number, (letter) => ROMAN[letter] ?? 0);
  return digits.reduce(
    (sum, digit, at) => sum + (digit < (digits[at + 1] ?? 0) ? -digit : digit),
    0,
  );
}
