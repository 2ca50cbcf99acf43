/** Finds headings and lists of a Word file by what its styles are, whatever they are called in the language of its Word. */
import type { OfficeContentNode } from "officeparser/slim";
import { readTags } from "./xml-tags.ts";
import type { ZipParts } from "./zip-parts.ts";

/** `w:outlineLvl` counts from 0; this says that a style is body text. */
const BODY_LEVEL = 9;
/** The names of the built-in styles are English in every language; their ids are not. */
const HEADING_NAME = /^heading ([1-9])$/i;

/** `List Bullet 2` is a list in a list. */
const LIST_LEVEL = /^list (?:bullet|number) ([2-5])$/i;

/** Of a style that takes the numbers away from the one that it is based on. */
const NOT_NUMBERED = "0";

type Styled = Extract<OfficeContentNode, { readonly type: "paragraph" | "list" }>;

interface WordStyle {
  name: string;
  basedOn?: string;
  /** What numbers its paragraphs, as in `word/numbering.xml`. */
  numbering?: string;
  /** From 0, as in the file. */
  outline?: number;
}

/** The content with each paragraph of a heading's style as a heading of that level, and of a list's as an item. */
export function withStyles(
  content: readonly OfficeContentNode[],
  parts: ZipParts,
): readonly OfficeContentNode[] {
  const styles = readStyles(parts.read("word/styles.xml") ?? "");
  const ordered = readOrdered(parts.read("word/numbering.xml") ?? "");
  const items = new Map<string, number>();
  const toItem = (node: Styled, [style, ...bases]: readonly WordStyle[]): OfficeContentNode => {
    const numbering = [style, ...bases].find((one) => one?.numbering !== undefined)?.numbering;
    if (node.type === "list" || numbering === undefined || numbering === NOT_NUMBERED) return node;
    const itemIndex = items.get(numbering) ?? 0;
    items.set(numbering, itemIndex + 1);
    const [, depth = "1"] = LIST_LEVEL.exec(style?.name ?? "") ?? [];
    const listType = ordered.has(numbering) ? "ordered" : "unordered";
    const metadata = { listType, indentation: Number(depth) - 1, itemIndex, listId: numbering };
    return { ...node, type: "list", metadata } as OfficeContentNode;
  };
  return content.map((node) => {
    if (node.type !== "paragraph" && node.type !== "list") return node;
    const chain = toChain(node.metadata?.style ?? "", styles);
    const level = findLevel(chain);
    if (level === undefined) return toItem(node, chain);
    const { type: _, metadata: __, ...rest } = node;
    return { ...rest, type: "heading", metadata: { level } };
  });
}

/** A style, the one that it is based on, and so on. */
function toChain(id: string, styles: ReadonlyMap<string, WordStyle>): readonly WordStyle[] {
  const chain: WordStyle[] = [];
  for (let style = styles.get(id); style !== undefined && !chain.includes(style);) {
    chain.push(style);
    style = styles.get(style.basedOn ?? "");
  }
  return chain;
}

/** Level of a style's headings, from 1; undefined: it is none. It takes after the style that it is based on. */
function findLevel(chain: readonly WordStyle[]): number | undefined {
  for (const { name, outline } of chain) {
    const [, level] = HEADING_NAME.exec(name) ?? [];
    if (level !== undefined) return Number(level);
    if (/^title$/i.test(name)) return 1;
    if (outline !== undefined) return outline < BODY_LEVEL ? outline + 1 : undefined;
  }
  return undefined;
}

/** The numberings whose first level counts; the others have bullets. */
function readOrdered(xml: string): ReadonlySet<string> {
  const counting = new Set<string>();
  const ordered = new Set<string>();
  /** What the tags before have opened: the value of each of their attributes. */
  const open = new Map<string, string>();
  for (const { name, isClosing, attributes } of readTags(xml)) {
    if (isClosing) continue;
    const value = attributes.get("val") ?? "";
    for (const [key, id] of attributes) if (key !== "val") open.set(key, id);
    const isFirst = open.get("ilvl") === "0";
    if (name === "numFmt" && isFirst && !/^(?:bullet|none)$/.test(value)) {
      counting.add(open.get("abstractNumId") ?? "");
    }
    if (name === "abstractNumId" && counting.has(value)) ordered.add(open.get("numId") ?? "");
  }
  return ordered;
}

function readStyles(xml: string): ReadonlyMap<string, WordStyle> {
  const styles = new Map<string, WordStyle>();
  let style: WordStyle = { name: "" };
  for (const { name, isClosing, attributes } of readTags(xml)) {
    if (isClosing) continue;
    const value = attributes.get("val") ?? "";
    if (name === "style") {
      style = { name: "" };
      styles.set(attributes.get("styleId") ?? "", style);
    } else if (name === "name") style.name = value;
    else if (name === "basedOn") style.basedOn = value;
    else if (name === "numId") style.numbering = value;
    else if (name === "outlineLvl") style.outline = Number(value);
  }
  return styles;
}
