/** Headings of plain text, as writers set them off: underlined, numbered, in capitals, or further left than all else. */

export interface PlainHeading {
  /** Offsets of what it says, with its number, without blanks around it. */
  readonly start: number;
  readonly end: number;
  /** From 1. */
  readonly level: number;
  readonly title: string;
}

interface Line {
  readonly start: number;
  /** Without blanks around it. */
  readonly text: string;
  readonly indent: number;
}

const TITLE_CHARS_MAX = 80;
/** A longer numbered line with another right below it is the first one of a paragraph. */
const NUMBERED_CHARS_MAX = 60;
const RULE = /^([=\-*~^#+"])\1{2,}$/u;
const NUMBERED = /^(\p{N}{1,2}(?:\.\p{N}{1,2}){0,4})\.?\s+\p{Lu}/u;
const CAPITALS = /^(?=(?:.*\p{Lu}){4})[^\p{Ll}]+$/u;
/** A heading ends without a mark, holds no leader dots of a table of contents, and is no item. */
const NO_TITLE = /[.:;,!?…]$|\.{4}|(?:\. ){3}|^(?:[-*+•|>]|\p{N}+\))|\t|\S {3,}\S/u;
/** Blank lines around a heading, and one more. */
const GAP_MAX = 4;
/** Of the lines of a page, so many stand further in than its headings. */
const INDENTED_SHARE = 0.6;
/** A subheading of a manual page stands so far in at most. */
const HANGING_MAX = 3;

/** The headings in order. One pass over the lines; those of Markdown's own marks are not among them. */
export function findPlainHeadings(text: string): readonly PlainHeading[] {
  const lines = splitLines(text);
  const isPage = standsIn(lines);
  const styles: string[] = [];
  return lines.flatMap((line, at) => {
    if (line.text === "" || (lines[at - 1]?.text ?? "") !== "") return [];
    if (line.text.length > TITLE_CHARS_MAX || !/\p{L}/u.test(line.text)) return [];
    const level =
      readUnderlined(lines, at, styles) ??
      (NO_TITLE.test(line.text) ? undefined : readPlain(lines, at, isPage));
    if (level === undefined) return [];
    const start = line.start + line.indent;
    return [{ start, end: start + line.text.length, level, title: line.text }];
  });
}

/** Its level among the styles met so far, of which each underline is one. */
function readUnderlined(lines: readonly Line[], at: number, styles: string[]): number | undefined {
  const [line, below] = [lines[at], lines[at + 1]];
  const style = RULE.exec(below?.text ?? "")?.[1];
  if (line === undefined || below === undefined || style === undefined) return undefined;
  if (below.indent !== line.indent || below.text.length < line.text.length - 2) return undefined;
  if (!styles.includes(style)) styles.push(style);
  return styles.indexOf(style) + 1;
}

function readPlain(lines: readonly Line[], at: number, isPage: boolean): number | undefined {
  const line = lines[at];
  const next = findBelow(lines, at);
  if (line === undefined || next === undefined) return undefined;
  const isOuter = isPage && line.indent <= HANGING_MAX;
  const hangs = isOuter && next.indent > line.indent;
  const depth = toDepth(line.text);
  if (depth !== undefined) {
    const isIndented = !hangs && next.indent > line.indent;
    return isIndented || isItem(lines, at) ? undefined : 1 + depth;
  }
  if (CAPITALS.test(line.text)) {
    const isApart = isPage ? isOuter : !CAPITALS.test(next.text);
    return isApart ? 1 : undefined;
  }
  return hangs && /^\p{Lu}/u.test(line.text) ? Math.min(2, 1 + line.indent) : undefined;
}

function findBelow(lines: readonly Line[], at: number): Line | undefined {
  return lines.slice(at + 1, at + 1 + GAP_MAX).find(isWritten);
}

/** Is a numbered line one of a list, right before or behind another of its depth, or the first one of a paragraph? */
function isItem(lines: readonly Line[], at: number): boolean {
  const [text, below] = [lines[at]?.text ?? "", lines[at + 1]?.text ?? ""];
  const before = lines.slice(Math.max(0, at - GAP_MAX), at).findLast(isWritten);
  const depth = toDepth(text);
  if ([before, findBelow(lines, at)].some((one) => toDepth(one?.text) === depth)) return true;
  return below !== "" && (text.length > NUMBERED_CHARS_MAX || /^\p{Ll}/u.test(below));
}

/** How many numbers a numbered line begins with. */
function toDepth(text = ""): number | undefined {
  return NUMBERED.exec(text)?.[1]?.split(".").length;
}

function isWritten({ text }: Line): boolean {
  return text !== "";
}

function standsIn(lines: readonly Line[]): boolean {
  const written = lines.filter(isWritten);
  const inner = written.filter(({ indent }) => indent > HANGING_MAX).length;
  return inner > 0 && inner >= INDENTED_SHARE * written.length;
}

function splitLines(text: string): readonly Line[] {
  let start = 0;
  return text.split("\n").map((line) => {
    const own = { start, text: line.trim(), indent: line.length - line.trimStart().length };
    start += line.length + 1;
    return own;
  });
}
