/** What a text document hides, which the parser shows: words and paragraphs by their styles, and whole sections. */
import { readTags } from "./xml-tags.ts";
import { openZip } from "./zip-parts.ts";
import { replacePart } from "./zip-replace.ts";

const CONTENT = "content.xml";
const TAG = /<(\/?)([\w:.-]+)(?=[\s/>])([^<>]*)>/g;
/** What has a style that may hide it, by the family of the style. */
const FAMILIES: Readonly<Record<string, string>> = {
  "text:span": "text",
  "text:p": "paragraph",
  "text:h": "paragraph",
};
const STYLE_NAME = /\btext:style-name="([^"]*)"/;
const NOT_SHOWN = /\btext:display="none"/;

/** The file without its hidden words; the same bytes where it has none. */
export function withoutHidden(bytes: Uint8Array): Uint8Array {
  const parts = openZip(bytes);
  const xml = parts.read(CONTENT) ?? "";
  const styles = [parts.read("styles.xml") ?? "", xml].flatMap(readHiding);
  const seen = dropHidden(xml, new Set(styles));
  return seen === xml ? bytes : replacePart(bytes, CONTENT, seen);
}

/** Styles that hide, as `family name`. */
function readHiding(xml: string): readonly string[] {
  if (!NOT_SHOWN.test(xml)) return [];
  const hiding: string[] = [];
  let style = "";
  for (const { name, attributes } of readTags(xml)) {
    if (name === "style")
      style = `${attributes.get("family") ?? ""} ${attributes.get("name") ?? ""}`;
    if (name === "text-properties" && attributes.get("display") === "none") hiding.push(style);
  }
  return hiding;
}

function dropHidden(xml: string, hiding: ReadonlySet<string>): string {
  if (hiding.size === 0 && !NOT_SHOWN.test(xml)) return xml;
  const isHidden = (name: string, rest: string): boolean => {
    if (name === "text:section") return NOT_SHOWN.test(rest);
    const family = FAMILIES[name];
    return family !== undefined && hiding.has(`${family} ${STYLE_NAME.exec(rest)?.[1] ?? ""}`);
  };
  const kept: string[] = [];
  /** How many elements are open within the hidden one; 0: nothing is hidden. */
  let [depth, from] = [0, 0];
  for (const { 0: whole, 1: slash, 2: name = "", 3: rest = "", index } of xml.matchAll(TAG)) {
    if (rest.endsWith("/")) continue;
    if (depth > 0) {
      depth += slash === "/" ? -1 : 1;
      if (depth === 0) from = index + whole.length;
    } else if (slash === "" && isHidden(name, rest)) {
      kept.push(xml.slice(from, index));
      depth = 1;
    }
  }
  return depth > 0 ? xml : [...kept, xml.slice(from)].join("");
}
