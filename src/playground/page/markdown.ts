/**
 * Markdown to elements, block by block. A kept parser (micromark) gives a tree with offsets, and elements are made of
 * the few kinds of node named here: no HTML is ever written or parsed, so there is nothing to sanitise, and every piece
 * of text knows its place in the answer, which is what citations and checks speak of.
 */
import type { Nodes, Parents, Root, RootContent, Table, Text } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmTableFromMarkdown } from "mdast-util-gfm-table";
import { gfmTable } from "micromark-extension-gfm-table";
import { make } from "./dom.ts";

/** Makes nodes of a piece of text that begins at this offset of the source. */
export type Annotate = (text: string, start: number) => readonly (Node | string)[];

/** A part of the source at the top level. */
export interface Block {
  readonly start: number;
  readonly end: number;
  /** Makes its element. */
  readonly render: (annotate: Annotate) => HTMLElement;
}

/** The blocks of a source, in order. */
export function toBlocks(source: string): readonly Block[] {
  const root: Root = fromMarkdown(source, {
    extensions: [gfmTable()],
    mdastExtensions: [gfmTableFromMarkdown()],
  });
  return root.children.map((node) => ({
    start: node.position?.start.offset ?? 0,
    end: node.position?.end.offset ?? source.length,
    render: (annotate) => renderBlock({ source, annotate }, node),
  }));
}

interface Context {
  readonly source: string;
  readonly annotate: Annotate;
}

function renderBlock(context: Context, node: RootContent): HTMLElement {
  const rendered = render(context, node);
  const [only] = rendered;
  if (rendered.length === 1 && only instanceof HTMLElement) return only;
  return make("p", {}, ...rendered);
}

function renderAll(context: Context, { children }: Parents): (Node | string)[] {
  return children.flatMap((child) => render(context, child));
}

function render(context: Context, node: Nodes): readonly (Node | string)[] {
  const inner = (): (Node | string)[] => ("children" in node ? renderAll(context, node) : []);
  switch (node.type) {
    case "text":
      return renderText(context, node);
    case "paragraph":
      return [make("p", {}, ...inner())];
    case "heading":
      return [make(node.depth <= 2 ? "h3" : "h4", {}, ...inner())];
    case "strong":
      return [make("strong", {}, ...inner())];
    case "emphasis":
      return [make("em", {}, ...inner())];
    case "inlineCode":
      return [make("code", {}, node.value)];
    case "code":
      return [make("pre", { tabIndex: 0 }, make("code", {}, node.value))];
    case "list":
      return [node.ordered === true ? make("ol", { start: node.start ?? 1 }, ...inner()) : make("ul", {}, ...inner())];
    case "listItem":
      return [make("li", {}, ...inner())];
    case "blockquote":
      return [make("blockquote", {}, ...inner())];
    case "break":
      return [make("br")];
    case "thematicBreak":
      return [make("hr")];
    case "table":
      return [renderTable(context, node)];
    case "link":
      return inner(); // answers lead to their sources and nowhere else
    default:
      return renderSource(context, node);
  }
}

/** What has no element here (HTML, images, references) is shown as it was written. */
function renderSource({ source, annotate }: Context, { position }: Nodes): readonly (Node | string)[] {
  const start = position?.start.offset ?? 0;
  return annotate(source.slice(start, position?.end.offset ?? start), start);
}

function renderText({ annotate }: Context, { value, position }: Text): readonly (Node | string)[] {
  return annotate(value, position?.start.offset ?? 0);
}

function renderTable(context: Context, { children }: Table): HTMLElement {
  const [head, ...rows] = children;
  const toRow = (tag: "th" | "td", row: typeof head): HTMLElement =>
    make("tr", {}, ...(row?.children ?? []).map((cell) => make(tag, {}, ...renderAll(context, cell))));
  const table = make(
    "table",
    {},
    make("thead", {}, toRow("th", head)),
    make("tbody", {}, ...rows.map((row) => toRow("td", row))),
  );
  return make("div", { className: "wide", tabIndex: 0 }, table);
}
