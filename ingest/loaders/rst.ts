/** reStructuredText as Markdown: headings, notes, code, entries and tables, without what only a program reads. */
import type { IngestLimits } from "../limits.ts";
import type { FileReference, LoadEvent } from "./load-event.ts";
import { blankHidden } from "./hidden-text.ts";
import { toMarkdownDocument } from "./markdown.ts";
import { writeDirective } from "./rst-directives.ts";
import { toPlainInline } from "./rst-inline.ts";
import { joinBlocks, toEntry, toFence, toItem } from "./rst-write.ts";
import { countTableLines, toTable } from "./rst-tables.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

const RULE = /^([!-/:-@[-`{-~])\1{2,}\s*$/;
const DIRECTIVE = /^\.\. +(?:\|([^|]+)\| +)?([\w:.+-]+)::(?: +(.*))?$/;
const FOOTNOTE = /^\.\. +\[(#?[\w-]*|\*)\] +(.*)$/;
const BULLET = /^(?:[-*+•]|(?:\d{1,4}|#|[a-z])[.)])(?: +|$)/i;
const FIELD = /^:([^:\s](?:[^:]*[^:\s])?):(?: +(.*))?$/;
/** Blocks within each other; what is deeper stays as it is written. */
const DEPTH_MAX = 12;
const HEADING_LEVEL_MAX = 6;
const UNDERLINE_CHARS_MIN = 4;

/** What all blocks of a document share. */
interface RstContext {
  /** Styles of headings in the order in which they came, e.g. `=` or, with a line above, `==`. */
  readonly styles: string[];
  readonly names: ReadonlyMap<string, string>;
  readonly depth: number;
}

export const loadRst = createTextLoader(readRst);

/** Does a text without a telling name look like it: headings underlined, and directives or roles? */
export function isRst(given: string): boolean {
  // A line ends in one way only, or these expressions look at all of the text again from each line's start.
  const text = given.replace(/\r\n?|[\u2028\u2029]/g, "\n");
  const marks = /^\.\. (?:[\w:-]+::|_[^\n:]+:)|:[a-z]+:`[^`\n]+`|``[^`\n]+``/gm;
  const hasHeading = /^(?=\S)[^\n]{3,}\n([=~*^#"-])\1{2,}[ \t]*\n/m.test(text);
  return (
    hasHeading && /^\.\. [\w:_-]+|:[a-z]+:`/m.test(text) && [...text.matchAll(marks)].length > 2
  );
}

/** The events of a text of this kind. */
export function readRst(raw: string, file: FileReference, limits: IngestLimits): LoadEvent[] {
  const lines = blankHidden(raw)
    .replaceAll("\t", "        ")
    .split(/\r\n|\r|\n/);
  const text = joinBlocks(writeBlocks(lines, { styles: [], names: readNames(lines), depth: 0 }));
  const loaded = toMarkdownDocument(text, file, limits);
  const title = loaded.sections.length === 0 ? toFileTitle(file.id) : loaded.title;
  return [{ type: "document", document: { ...loaded, title, metadata: {} } }];
}

/** The substitutions: `.. |name| replace:: words`. */
function readNames(lines: readonly string[]): ReadonlyMap<string, string> {
  const names = lines.flatMap((line) => {
    const [, name, kind, words = ""] = DIRECTIVE.exec(line) ?? [];
    return name !== undefined && kind === "replace" ? [[name, words.trim()] as const] : [];
  });
  return new Map(names);
}

/** The blocks of lines that stand at the margin, each as Markdown. */
function writeBlocks(lines: readonly string[], context: RstContext): readonly string[] {
  if (context.depth > DEPTH_MAX) return [lines.join("\n").trim()].filter((text) => text !== "");
  const blocks: string[] = [];
  for (let at = 0; at < lines.length;) {
    if ((lines[at] ?? "").trim() === "") {
      at += 1;
      continue;
    }
    const block = readBlock(lines, at, context);
    for (const text of block.written) if (text.trim() !== "") blocks.push(text);
    at = Math.max(at + 1, block.end);
  }
  return blocks;
}

interface Read {
  readonly written: readonly string[];
  readonly end: number;
}

function readBlock(lines: readonly string[], at: number, context: RstContext): Read {
  const line = lines[at] ?? "";
  const inner = { ...context, depth: context.depth + 1 };
  if (/^\s/.test(line)) {
    const end = findEnd(lines, at, toIndent(line) - 1);
    return { written: writeBlocks(dedent(lines.slice(at, end)), inner), end };
  }
  if (/^\.\.(?:\s|$)/.test(line)) return readMarkup(lines, at, inner);
  const heading = readHeading(lines, at, context);
  if (heading !== undefined) return heading;
  const table = countTableLines(lines, at);
  if (table > 0) {
    const rows = lines.slice(at, at + table);
    return { written: [toPlainInline(toTable(rows), context.names)], end: at + table };
  }
  if (line.startsWith(">>>")) {
    const end = findBlank(lines, at);
    return { written: [toFence(lines.slice(at, end), "python")], end };
  }
  const bullet = BULLET.exec(line)?.[0];
  if (bullet !== undefined && !RULE.test(line)) return readItem(lines, at, bullet, inner);
  const field = FIELD.exec(line);
  if (field !== null) return readField(lines, at, field, inner);
  return readParagraph(lines, at, inner);
}

function readHeading(lines: readonly string[], at: number, context: RstContext): Read | undefined {
  const [line = "", second = "", third = ""] = lines.slice(at, at + 3).map((one) => one.trimEnd());
  const over = RULE.exec(line)?.[1];
  if (over !== undefined) {
    const isTitle = second !== "" && third === line;
    // A rule between paragraphs says nothing.
    return isTitle
      ? toHeading(second, `${over}${over}`, context, at + 3)
      : { written: [], end: at + 1 };
  }
  const under = RULE.exec(second)?.[1];
  const isTitle =
    under !== undefined && second.length >= Math.min(line.length, UNDERLINE_CHARS_MIN);
  return isTitle ? toHeading(line, under, context, at + 2) : undefined;
}

function toHeading(line: string, style: string, { styles, names }: RstContext, end: number): Read {
  if (!styles.includes(style)) styles.push(style);
  const level = Math.min(HEADING_LEVEL_MAX, styles.indexOf(style) + 1);
  return { written: [`${"#".repeat(level)} ${toPlainInline(line.trim(), names)}`], end };
}

/** Directives, notes, targets and comments. */
function readMarkup(lines: readonly string[], at: number, context: RstContext): Read {
  const line = lines[at] ?? "";
  const end = findEnd(lines, at + 1, 0);
  const body = dedent(lines.slice(at + 1, end));
  const [, note, words = ""] = FOOTNOTE.exec(line) ?? [];
  if (note !== undefined) return { written: writeBlocks([words, ...body], context), end };
  const [, substitution, name, argument = ""] = DIRECTIVE.exec(line) ?? [];
  if (name === undefined || substitution !== undefined) return { written: [], end };
  return {
    written: writeDirective({ name, argument, body }, context.names, (inner) =>
      writeBlocks(inner, context),
    ),
    end,
  };
}

function readItem(lines: readonly string[], at: number, bullet: string, context: RstContext): Read {
  const end = findEnd(lines, at + 1, 0);
  const first = (lines[at] ?? "").slice(bullet.length);
  const blocks = writeBlocks([first, ...dedent(lines.slice(at + 1, end))], context);
  const mark = /^\d/.test(bullet) ? bullet.trim() : "-";
  return { written: [toItem(mark, blocks)], end };
}

function readField(
  lines: readonly string[],
  at: number,
  [, name = "", words = ""]: RegExpExecArray,
  context: RstContext,
): Read {
  const end = findEnd(lines, at + 1, 0);
  const blocks = writeBlocks([words, ...dedent(lines.slice(at + 1, end))], context);
  return { written: blocks.length === 0 ? [] : [toEntry(name, blocks)], end };
}

/** A paragraph, with the code that it introduces by `::`; or a term, with what stands further in below it. */
function readParagraph(lines: readonly string[], at: number, context: RstContext): Read {
  const [term = "", below = ""] = lines.slice(at, at + 2);
  if (/^\s+\S/.test(below)) {
    const end = findEnd(lines, at + 1, 0);
    const blocks = writeBlocks(dedent(lines.slice(at + 1, end)), context);
    return { written: [toEntry(toPlainInline(term.trim(), context.names), blocks)], end };
  }
  const end = findBlank(lines, at);
  const text = lines.slice(at, end).join("\n").trimEnd();
  const isIntroduction = text.endsWith("::");
  const shown = isIntroduction ? `${text.slice(0, -2).trimEnd()}${text === "::" ? "" : ":"}` : text;
  const written = [toPlainInline(shown, context.names)];
  if (!isIntroduction) return { written, end };
  let start = end;
  while (start < lines.length && lines[start]?.trim() === "") start += 1;
  if (start === lines.length || toIndent(lines[start] ?? "") === 0) return { written, end };
  const codeEnd = findEnd(lines, start, 0);
  return { written: [...written, toFence(dedent(lines.slice(start, codeEnd)))], end: codeEnd };
}

function toIndent(line: string): number {
  return line.length - line.trimStart().length;
}

/** Where the lines from `at` on end that are blank or further in than `indent`. */
function findEnd(lines: readonly string[], at: number, indent: number): number {
  let end = at;
  for (let next = at; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    if (line.trim() === "") continue;
    if (toIndent(line) <= indent) break;
    end = next + 1;
  }
  return end;
}

function findBlank(lines: readonly string[], at: number): number {
  let end = at + 1;
  while (end < lines.length && lines[end]?.trim() !== "") end += 1;
  return end;
}

function dedent(lines: readonly string[]): readonly string[] {
  const least = lines.reduce(
    (least, line) => (line.trim() === "" ? least : Math.min(least, toIndent(line))),
    Number.MAX_SAFE_INTEGER,
  );
  return lines.map((line) => line.slice(least));
}
