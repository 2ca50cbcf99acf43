/**
 * Headings of Markdown with exact offsets, in one linear pass over the lines: ATX, setext and HTML headings outside
 * of fences, lists, quotes, comments and HTML blocks. A full parser normalises line ends and so loses the offsets of
 * a file with CRLF, and takes quadratic time on hostile input; a test compares this scanner with one.
 */
import type { Section } from "../document.ts";
import { toTitle } from "./hidden-text.ts";

export interface Heading {
  /** Offset of the first character of its line. */
  readonly start: number;
  /** From 1. */
  readonly level: number;
  readonly title: string;
}

export interface MarkdownOutline {
  readonly headings: readonly Heading[];
  /** Ranges of HTML comments that stand on their own lines. */
  readonly comments: readonly (readonly [number, number])[];
}

const ATX = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/;
const FENCE = /^[ \t]*(`{3,}(?=[^`]*$)|~{3,})/;
const SETEXT = /^ {0,3}(=+|-+)[ \t]*$/;
const LIST = /^[ \t]*(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)[ \t]{0,4}/;
const HTML_HEADING = /^ {0,3}<h([1-6])(?:\s[^<>]*)?>([^]*?)<\/h\1>[ \t]*$/i;
const HTML_BLOCK = /^ {0,3}<(?:[/?!]?[a-z][a-z0-9-]*(?:[\s/>]|$))/i;
/** Tags within a line; `Map<K, V>` in a title is no tag. */
const TAG =
  /<\/?(?:a|abbr|b|br|code|del|em|i|img|ins|kbd|mark|s|small|span|strong|sub|sup|u)(?:[\s/][^<>]*)?>/gi;
const RAW_BLOCK = /^ {0,3}<(script|pre|style|textarea)(?:[\s>]|$)/i;

/** State of the scan. `paragraph` is where the open paragraph at the top level starts, or -1. */
interface Scan {
  fence: { readonly mark: string; readonly indent: number } | undefined;
  /** Ends the open HTML block: a closing tag, or "" for a blank line. */
  html: string | undefined;
  paragraph: number;
  /** The open paragraph belongs to a list or a quote. */
  contained: boolean;
  /** Where the content of the open list item begins; 0 outside lists. */
  listIndent: number;
  blank: boolean;
}

/** Finds the headings of a Markdown text from `from` on. */
export function findHeadings(text: string, titleCharsMax: number, from = 0): MarkdownOutline {
  const headings: Heading[] = [];
  const comments: (readonly [number, number])[] = [];
  const scan: Scan = {
    fence: undefined,
    html: undefined,
    paragraph: -1,
    contained: false,
    listIndent: 0,
    blank: true,
  };
  let commentsEnd = false;
  for (let start = from; start < text.length;) {
    const newline = text.indexOf("\n", start);
    const next = newline === -1 ? text.length : newline + 1;
    const line = text.slice(start, newline === -1 ? text.length : newline).replace(/\r$/, "");
    if (!commentsEnd && isCommentStart(line, scan)) {
      const end = text.indexOf("-->", start);
      commentsEnd = end === -1;
      if (!commentsEnd) {
        comments.push([text.indexOf("<", start), end + 3]);
        scan.blank = true;
        scan.paragraph = -1;
        start = end + 3;
        continue;
      }
    }
    const heading = readLine(line, start, scan, text);
    if (heading !== undefined) {
      const title = toTitle(toPlain(heading.title.slice(0, titleCharsMax * 4)), titleCharsMax);
      if (title !== "") headings.push({ ...heading, title });
    }
    start = next;
  }
  return { headings, comments };
}

/** Sections of a heading tree: each heading with the titles of those around it. */
export function toSections(headings: readonly Heading[]): readonly Section[] {
  const path: Heading[] = [];
  return headings.map((heading) => {
    while ((path.at(-1)?.level ?? 0) >= heading.level) path.pop();
    path.push(heading);
    return { start: heading.start, headings: path.map(({ title }) => title) };
  });
}

function isCommentStart(line: string, scan: Scan): boolean {
  return scan.fence === undefined && scan.html === undefined && /^ {0,3}<!--/.test(line);
}

/** Takes one line into the state; returns the heading that it is or that it underlines. */
function readLine(line: string, start: number, scan: Scan, text: string): Heading | undefined {
  const indent = toIndent(line);
  const isBlank = indent === line.length;
  if (scan.fence !== undefined && (isBlank || indent >= scan.fence.indent)) {
    if (isFenceEnd(line, scan.fence.mark)) scan.fence = undefined;
    return undefined;
  }
  scan.fence = undefined;
  if (scan.html !== undefined) {
    const ended = scan.html === "" ? isBlank : line.toLowerCase().includes(scan.html);
    if (ended) scan.html = undefined;
    scan.blank = isBlank;
    return undefined;
  }
  if (isBlank) {
    scan.paragraph = -1;
    scan.contained = false;
    scan.blank = true;
    return undefined;
  }
  return readBlock(line, start, scan, text);
}

function readBlock(line: string, start: number, scan: Scan, text: string): Heading | undefined {
  const indent = toIndent(line);
  const wasBlank = scan.blank;
  scan.blank = false;
  if (scan.listIndent > 0 && indent >= scan.listIndent) {
    openInside(line, indent, scan);
    return undefined;
  }
  const heading = readUnderline(line, start, scan, text) ?? readOneLine(line, start);
  if (heading !== undefined) {
    leaveContainers(scan);
    return heading;
  }
  if (openInside(line, indent, scan)) return undefined;
  if (wasBlank) leaveContainers(scan);
  if (line.trimStart().startsWith(">")) scan.contained = true;
  else if (indent <= 3 && scan.paragraph === -1) openParagraph(line, start, scan);
  return undefined;
}

function toIndent(line: string): number {
  return line.length - line.trimStart().length;
}

/** The heading that the line makes of the open paragraph. */
function readUnderline(line: string, start: number, scan: Scan, text: string): Heading | undefined {
  const mark = SETEXT.exec(line)?.[1];
  if (mark === undefined || scan.paragraph === -1 || scan.contained) return undefined;
  const title = text.slice(scan.paragraph, start);
  return { start: scan.paragraph, level: mark.startsWith("=") ? 1 : 2, title };
}

function readOneLine(line: string, start: number): Heading | undefined {
  const [, marks, title = ""] = ATX.exec(line) ?? [];
  if (marks !== undefined) return { start, level: marks.length, title };
  const [, level, inner = ""] = HTML_HEADING.exec(line) ?? [];
  return level === undefined ? undefined : { start, level: Number(level), title: inner };
}

function openParagraph(line: string, start: number, scan: Scan): void {
  if (HTML_BLOCK.test(line)) openHtml(line, scan);
  else scan.paragraph = start;
}

/** Fences and list items, at the top level or within a list. */
function openInside(line: string, indent: number, scan: Scan): boolean {
  const mark = FENCE.exec(line)?.[1];
  if (mark !== undefined && indent < scan.listIndent + 4) {
    const inList = indent >= scan.listIndent ? scan.listIndent : 0;
    scan.listIndent = inList;
    scan.fence = { mark, indent: inList };
    scan.paragraph = -1;
    return true;
  }
  const item = LIST.exec(line)?.[0];
  if (
    item !== undefined &&
    indent < scan.listIndent + 4 &&
    !/^ {0,3}([-*])([ \t]*\1){2,}[ \t]*$/.test(line)
  ) {
    scan.listIndent = Math.max(2, item.length);
    scan.contained = true;
    scan.paragraph = -1;
    return true;
  }
  return false;
}

function leaveContainers(scan: Scan): void {
  scan.listIndent = 0;
  scan.contained = false;
  scan.paragraph = -1;
}

function openHtml(line: string, scan: Scan): void {
  const raw = RAW_BLOCK.exec(line)?.[1];
  const end = raw === undefined ? "" : `</${raw.toLowerCase()}>`;
  if (end === "" || !line.toLowerCase().includes(end)) scan.html = end;
}

function isFenceEnd(line: string, mark: string): boolean {
  const body = line.trim();
  return body.length >= mark.length && body === (mark[0] ?? "").repeat(body.length);
}

/** A picture that is a link, such as the state of a build beside a project's name. */
const BADGE = /\[!\[([^[\]]*)\](?:\([^()]*\)|\[[^[\]]*\])\](?:\([^()]*\)|\[[^[\]]*\])/g;

/** Heading text without its Markdown: marks, links, tags, escapes, a trailing `{#id}` or `##`. */
function toPlain(raw: string): string {
  const heading = raw.replace(/[ \t]+#+[ \t]*$/, "").replace(/[ \t]*\{[#.][^{}]*\}[ \t]*$/, "");
  const words = heading.replace(BADGE, "");
  return (words.trim() === "" ? heading.replace(BADGE, "$1 ") : words)
    .replace(/!?\[([^[\]]*)\](?:\([^()]*\)|\[[^[\]]*\])/g, "$1")
    .replace(TAG, "")
    .replace(/(?<!\\)(?:\*+|`+|~~)/g, "")
    .replace(/(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, "")
    .replace(/\\([!-/:-@[-`{-~])/g, "$1");
}
