/** Finds the headings of a Word file by what its styles are, whatever they are called in the language of its Word. */
import type { OfficeContentNode } from "officeparser/slim";
import { readTags } from "./xml-tags.ts";
import type { ZipParts } from "./zip-parts.ts";

/** `w:outlineLvl` counts from 0; this says that a style is body text. */
const BODY_LEVEL = 9;
/** The names of the built-in styles are English in every language; their ids are not. */
const HEADING_NAME = /^heading ([1-9])$/i;

interface WordStyle {
  name: string;
  basedOn?: string;
  /** From 0, as in the file. */
  outline?: number;
}

/** The content with each paragraph of a heading's style as a heading of that level. */
export function withHeadings(
  content: readonly OfficeContentNode[],
  parts: ZipParts,
): readonly OfficeContentNode[] {
  const styles = readStyles(parts.read("word/styles.xml") ?? "");
  return content.map((node) => {
    if (node.type !== "paragraph" && node.type !== "list") return node;
    const level = findLevel(node.metadata?.style ?? "", styles);
    if (level === undefined) return node;
    const { type: _, metadata: __, ...rest } = node;
    return { ...rest, type: "heading", metadata: { level } };
  });
}

/** Level of a style's headings, from 1; undefined: it is none. It takes after the style that it is based on. */
function findLevel(id: string, styles: ReadonlyMap<string, WordStyle>): number | undefined {
  const seen = new Set<string>();
  let style = styles.get(id);
  while (style !== undefined) {
    const [, level] = HEADING_NAME.exec(style.name) ?? [];
    if (level !== undefined) return Number(level);
    if (/^title$/i.test(style.name)) return 1;
    if (style.outline !== undefined) {
      return style.outline < BODY_LEVEL ? style.outline + 1 : undefined;
    }
    const { basedOn } = style;
    if (basedOn === undefined || seen.has(basedOn)) return undefined;
    seen.add(basedOn);
    style = styles.get(basedOn);
  }
  return undefined;
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
    else if (name === "outlineLvl") style.outline = Number(value);
  }
  return styles;
}
