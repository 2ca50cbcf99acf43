/**
 * Markdown to elements, block by block. A kept parser (micromark) gives a tree with offsets, and elements are made of
 * the few kinds of node named here: no HTML is ever written or parsed, so there is nothing to sanitise, and every piece
 * of text knows its place in the answer, which is what citations and checks speak of.
 */
import type { Nodes, Parents, Root, RootContent, Table } from "mdast";
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

/** Kinds of node that are an element around their children, and nothing more. */
const TAGS = {
  paragraph: "p",
  strong: "strong",
  emphasis: "em",
  listItem: "li",
  blockquote: "blockquote",
} as const;

type Renderer<T> = (context: Context, node: T) => readonly (Node | string)[];

/** Kinds that are more than an element around their children. */
const RENDERERS: { readonly [K in Nodes["type"]]?: Renderer<Extract<Nodes, { type: K }>> } = {
  text: ({ annotate }, { value, position }) => annotate(value, position?.start.offset ?? 0),
  heading: (context, node) => [
    make(node.depth <= 2 ? "h3" : "h4", {}, ...renderAll(context, node)),
  ],
  inlineCode: (_context, { value }) => [make("code", {}, value)],
  code: (_context, { value }) => [
    make("pre", { tabIndex: 0, role: "group", ariaLabel: "Code" }, make("code", {}, value)),
  ],
  list: (context, node) => [
    node.ordered === true
      ? make("ol", { start: node.start ?? 1 }, ...renderAll(context, node))
      : make("ul", {}, ...renderAll(context, node)),
  ],
  break: () => [make("br")],
  thematicBreak: () => [make("hr")],
  table: (context, node) => [renderTable(context, node)],
  // Answers lead to their sources and nowhere else.
  link: renderAll,
};

function render(context: Context, node: Nodes): readonly (Node | string)[] {
  if (node.type in TAGS && "children" in node) {
    return [make(TAGS[node.type as keyof typeof TAGS], {}, ...renderAll(context, node))];
  }
  const renderer = (RENDERERS[node.type] ?? renderSource) as Renderer<Nodes>;
  return renderer(context, node);
}

/** What has no element here (HTML, images, references) is shown as it was written. */
function renderSource(
  { source, annotate }: Context,
  { position }: Nodes,
): readonly (Node | string)[] {
  const start = position?.start.offset ?? 0;
  return annotate(source.slice(start, position?.end.offset ?? start), start);
}

function renderTable(context: Context, { children, align }: Table): HTMLElement {
  const [head, ...rows] = children;
  const toRow = (tag: "th" | "td", row: typeof head): HTMLElement => {
    const cells = (row?.children ?? []).map((cell, column) =>
      make(tag, { className: align?.[column] ?? "" }, ...renderAll(context, cell)),
    );
    return make("tr", {}, ...cells);
  };
  const table = make(
    "table",
    {},
    make("thead", {}, toRow("th", head)),
    make("tbody", {}, ...rows.map((row) => toRow("td", row))),
  );
  return make("div", { className: "wide", tabIndex: 0, role: "group", ariaLabel: "Table" }, table);
}
