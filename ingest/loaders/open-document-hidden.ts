/** What a text document hides, which the parser shows: words and paragraphs by their styles, and whole sections. */
import { findSaid } from "./style-bases.ts";
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
  const sources = [parts.read("styles.xml") ?? "", xml];
  const hiding = sources.some((source) => NOT_SHOWN.test(source)) ? readHiding(sources) : NONE;
  const seen = dropHidden(xml, hiding);
  return seen === xml ? bytes : replacePart(bytes, CONTENT, seen);
}

const NONE: ReadonlySet<string> = new Set();

/** Styles that hide, as `family name`: by what they say, or by those that they are based on. */
function readHiding(sources: readonly string[]): ReadonlySet<string> {
  const said = new Map<string, boolean>();
  const bases = new Map<string, string>();
  let style = "";
  for (const { name, attributes } of sources.flatMap((xml) => [...readTags(xml)])) {
    const [family = "", base] = [attributes.get("family"), attributes.get("parent-style-name")];
    if (name === "style") {
      style = `${family} ${attributes.get("name") ?? ""}`;
      if (base !== undefined) bases.set(style, `${family} ${base}`);
    }
    const display = name === "text-properties" ? attributes.get("display") : undefined;
    if (display !== undefined) said.set(style, display === "none");
  }
  const names = [...said.keys(), ...bases.keys()];
  return new Set(names.filter((name) => findSaid(name, said, bases) === true));
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
