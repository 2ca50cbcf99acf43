/** Finds the paragraphs, list items, tables and code of a text. */
import type { Span } from "../../src/text/sentences.ts";
import type { LoadedDocument } from "../document.ts";

/** `code` is fenced and whole; a `codeBlock` is what lies between two blank lines of source code. */
export type BlockKind = "heading" | "paragraph" | "listItem" | "table" | "code" | "codeBlock";

export interface Block extends Span {
  readonly kind: BlockKind;
}

/** With its line break, if it has one. */
const LINE = /[^\n\r]*(?:\r\n|[\n\r])|[^\n\r]+/g;
const FENCE = /^ {0,3}(```+|~~~+)/;
const TABLE_ROW = /^\s*\|/;
const LIST_ITEM = /^\s*(?:[-*+•]|\d{1,4}[.)])\s/;
const INDENTED = /^(?: {2}|\t)/;
const HEADING = /^ {0,3}#{1,6}\s/;

/** The blocks of a text in order, their offsets counted from `offset`; every non-blank character is in exactly one. */
export function* splitBlocks(
  text: string,
  offset: number,
  kind: LoadedDocument["kind"],
): Generator<Block> {
  let open: Block | undefined;
  for (const line of classifyLines(text, kind)) {
    const [start, end] = [offset + line.start, offset + line.end];
    if (open !== undefined && open.kind === line.kind && !line.begins) {
      open = { ...open, end: Math.max(open.end, end) };
      continue;
    }
    if (open !== undefined) yield open;
    open = line.kind === "blank" ? undefined : { kind: line.kind, start, end };
  }
  if (open !== undefined) yield open;
}

interface Line extends Span {
  readonly kind: BlockKind | "blank";
  /** It does not go on with the line above, even if that one is of its kind. */
  readonly begins: boolean;
}

function* classifyLines(text: string, kind: LoadedDocument["kind"]): Generator<Line> {
  let above: Line["kind"] = "blank";
  /** The last line above that is not blank. */
  let before: Line["kind"] = "blank";
  /** The mark that closes the fenced code we are in. */
  let fence: string | undefined;
  for (const { 0: line, index: at } of text.matchAll(LINE)) {
    const start = at + (kind === "code" ? 0 : line.length - line.trimStart().length);
    const end = at + line.trimEnd().length;
    const mark = kind === "code" ? undefined : FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      yield { kind: "code", begins: false, start, end };
      if (mark?.startsWith(fence) === true && line.trim() === mark) fence = undefined;
      continue;
    }
    fence = mark;
    above = mark === undefined ? classify(line, kind, { above, before }) : "code";
    if (above !== "blank") before = above;
    const begins = above === "code" || above === "heading" || LIST_ITEM.test(line);
    yield { kind: above, begins: begins && kind !== "code", start, end };
  }
}

function classify(
  line: string,
  kind: LoadedDocument["kind"],
  { above, before }: { readonly above: Line["kind"]; readonly before: Line["kind"] },
): Line["kind"] {
  if (line.trim() === "") return "blank";
  if (kind === "code") return "codeBlock";
  if (HEADING.test(line)) return "heading";
  if (TABLE_ROW.test(line)) return "table";
  if (LIST_ITEM.test(line)) return "listItem";
  // A further paragraph of an item stands as far in as its text.
  const goesOn = above === "listItem" || (before === "listItem" && INDENTED.test(line));
  return goesOn ? "listItem" : "paragraph";
}
