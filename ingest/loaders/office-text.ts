/** Writes the parsed tree of an office file as Markdown text and notes where headings, slides and sheets begin. */
import type { OfficeContentNode } from "officeparser/slim";
import type { Section } from "../document.ts";
import type { IngestLimits } from "../limits.ts";
import { stripHidden, toTitle } from "./hidden-text.ts";
import { escapeBlock, toFenced } from "./markdown-blocks.ts";
import { toMarkdownTable, toPlain, toRowLines } from "./office-blocks.ts";
import { toGrid, toSheetCells } from "./office-table.ts";

export interface OfficeText {
  readonly text: string;
  readonly sections: readonly Section[];
}

/** The text so far and the place in it. */
interface Writer {
  /** Adds a block: a blank line apart from the last, or a line break between items of a list. */
  block(text: string, isItem?: boolean): void;
  /** Adds a heading and opens its section. */
  heading(text: string, level: number): void;
  /** Adds a note, unless it was added before. */
  note(node: OfficeContentNode): void;
  /** Begins a slide or sheet; without a heading of its own it still is a section. */
  page(number: number | undefined, hasHeading: boolean): void;
}

/** The tree as text with sections. */
export function toOfficeText(
  content: readonly OfficeContentNode[],
  limits: IngestLimits,
): OfficeText {
  const parts: string[] = [];
  const sections: Section[] = [];
  const notes = new Set<OfficeContentNode>();
  let path: readonly { readonly level: number; readonly title: string }[] = [];
  let page: number | undefined;
  let length = 0;
  let wasItem = false;
  const mark = (): void => {
    const start = length === 0 ? 0 : length + 2;
    const headings = path.map(({ title }) => title);
    if (sections.at(-1)?.start === start) sections.pop(); // the page before was empty
    sections.push(page === undefined ? { start, headings } : { start, headings, page });
  };
  const writer: Writer = {
    block(text, isItem = false) {
      const block = stripHidden(text).trimEnd();
      if (block.trim() === "" || length > limits.textCharsMax) return;
      const gap = length === 0 ? "" : isItem && wasItem ? "\n" : "\n\n";
      parts.push(gap, block);
      length += gap.length + block.length;
      wasItem = isItem;
    },
    note(node) {
      if (notes.has(node)) return;
      notes.add(node);
      this.block(escapeBlock(toPlain(node).trim()));
    },
    heading(text, level) {
      const title = toTitle(text, limits.titleCharsMax);
      if (title === "") return;
      // A whole paragraph in a heading's style; as a heading it would be cut.
      if (text.trim().length > limits.titleCharsMax) return this.block(escapeBlock(text));
      path = [...path.filter((outer) => outer.level < level), { level, title }];
      mark();
      this.block(`${"#".repeat(Math.min(Math.max(level, 1), 6))} ${title}`);
    },
    page(number, hasHeading) {
      page = number ?? (page ?? 0) + 1;
      path = [];
      wasItem = false;
      if (!hasHeading) mark();
    },
  };
  for (const node of content) write(node, writer);
  const kept = sections.filter(({ start }) => start < length);
  return { text: parts.join(""), sections: kept };
}

type NodeType = OfficeContentNode["type"];
type NodeOf<Type extends NodeType> = Extract<OfficeContentNode, { readonly type: Type }>;

/** What stands around the content, or is no text. */
const LEFT_OUT: ReadonlySet<NodeType> = new Set([
  "image",
  "break",
  "comment",
  "header",
  "footer",
  "slideMaster",
  "embed",
]);
/** Nodes whose words are one paragraph. */
const PARAGRAPHS: ReadonlySet<NodeType> = new Set([
  "paragraph",
  "text",
  "note",
  "admonition",
  "definitionTerm",
  "definitionDescription",
]);

function write(node: OfficeContentNode, writer: Writer): void {
  const children = node.children ?? [];
  if (LEFT_OUT.has(node.type)) return;
  if (PARAGRAPHS.has(node.type)) writer.block(escapeBlock(toPlain(node)));
  else if (node.type === "heading") writeHeading(node, writer);
  else if (node.type === "slide") writeSlide(node, writer);
  else if (node.type === "sheet") writeSheet(node, writer);
  else if (node.type === "table") writer.block(toMarkdownTable(toGrid(children)));
  else if (node.type === "list") writeItem(node, writer);
  else if (node.type === "code") writer.block(toFenced(toPlain(node)));
  else for (const child of children) write(child, writer);
  writeNotes(node, writer);
}

/** A footnote or endnote follows the block in which it is referred to first; a parser hangs it on any node of that. */
function writeNotes(node: OfficeContentNode, writer: Writer): void {
  for (const note of node.notes ?? []) writer.note(note);
  for (const child of node.children ?? []) writeNotes(child, writer);
}

function writeHeading(node: NodeOf<"heading">, writer: Writer): void {
  writer.heading(toPlain(node), node.metadata?.level ?? 1);
}

function writeSlide(node: NodeOf<"slide">, writer: Writer): void {
  const children = node.children ?? [];
  writer.page(node.metadata?.slideNumber, children[0]?.type === "heading");
  for (const child of children) write(child, writer);
}

function writeSheet(node: NodeOf<"sheet">, writer: Writer): void {
  const name = node.metadata?.sheetName ?? "";
  writer.page(undefined, name !== "");
  writer.heading(name, 1);
  for (const line of toRowLines((node.children ?? []).map(toSheetCells))) writer.block(line);
}

function writeItem(node: NodeOf<"list">, writer: Writer): void {
  const { indentation = 0, listType = "unordered", itemIndex = 0 } = node.metadata ?? {};
  const bullet = listType === "ordered" ? `${itemIndex + 1}.` : "-";
  writer.block(`${"  ".repeat(Math.min(indentation, 8))}${bullet} ${toPlain(node)}`, true);
}
