/** What is particular to ODT, ODP and ODS files: how they say that they are locked, which lists count, what a cell's date is. */
import type { OfficeContentNode } from "officeparser/slim";
import { readTags } from "./xml-tags.ts";
import { openZip, type ZipParts } from "./zip-parts.ts";
import { replacePart } from "./zip-replace.ts";

const CONTENT = "content.xml";
/** A cell with the date that it holds and the words that show it, in the form of some country. */
const DATED =
  /(<table:table-cell\b[^<>]{0,2000}?\boffice:date-value="([-\dT:]{10,19})[^"<>]{0,20}"[^<>]{0,2000}>\s{0,20}<text:p\b[^<>]{0,500}>)[^<>]{0,100}(?=<\/text:p>)/g;

/** Is the content readable with a password only? The zip itself is not encrypted then. */
export function isLocked(parts: ZipParts): boolean {
  return /<(?:[\w.-]+:)?encryption-data\b/.test(parts.read("META-INF/manifest.xml") ?? "");
}

/** Dates as in every other table: `04.03.25` and `3/4/2025` are `2025-03-04`. */
export function withExactDates(bytes: Uint8Array): Uint8Array {
  const xml = openZip(bytes).read(CONTENT) ?? "";
  const exact = xml.replace(DATED, (_, cell: string, date: string) => cell + toShown(date));
  return exact === xml ? bytes : replacePart(bytes, CONTENT, exact);
}

/** Raised and lowered letters by their height in percent, and the numbers of pages. */
const HEIGHT = /\bstyle:text-position="(-?)[1-9]\d{0,2}%/g;
const PAGE_NUMBER = /<text:page-number\b[^<>]*(?:\/>|>[^<]*<\/text:page-number>)/g;

/** Raised letters as the parser knows them, which looks for the word `super` only; and no numbers of pages. */
export function withPowers(bytes: Uint8Array): Uint8Array {
  const xml = openZip(bytes).read(CONTENT) ?? "";
  const mended = xml
    .replace(HEIGHT, (_, below: string) => `style:text-position="${below === "" ? "super" : "sub"}`)
    .replace(PAGE_NUMBER, "");
  return mended === xml ? bytes : replacePart(bytes, CONTENT, mended);
}

/** `2025-03-04T15:30:00` as it is written for Excel. */
function toShown(date: string): string {
  const [day = "", time = ""] = date.split("T");
  return /^[0:]*$/.test(time) ? day : `${day} ${time.replace(/:00$/, "")}`;
}

/**
 * Items with a number or a bullet as the level of their list has it: a parser looks at all levels at once, and in
 * every list that came from Word some level that nobody uses has numbers.
 */
export function withLists(
  content: readonly OfficeContentNode[],
  parts: ZipParts,
): readonly OfficeContentNode[] {
  const counting = new Map(
    ["styles.xml", CONTENT].flatMap((name) => [...readLevels(parts.read(name) ?? "")]),
  );
  const mend = (node: OfficeContentNode): OfficeContentNode => {
    if (node.type !== "list") {
      return node.children === undefined ? node : { ...node, children: node.children.map(mend) };
    }
    const { listId = "", indentation = 0 } = node.metadata ?? {};
    const counts = counting.get(`${listId} ${indentation + 1}`);
    if (counts === undefined || node.metadata === undefined) return node;
    return { ...node, metadata: { ...node.metadata, listType: counts ? "ordered" : "unordered" } };
  };
  return content.map(mend);
}

/** Of each list style and level, as `name level`: does it count? */
function readLevels(xml: string): ReadonlyMap<string, boolean> {
  const levels = new Map<string, boolean>();
  let style = "";
  for (const { name, isClosing, attributes } of readTags(xml)) {
    if (isClosing) continue;
    if (name === "list-style") style = attributes.get("name") ?? "";
    const [, kind] = /^list-level-style-(number|bullet|image)$/.exec(name) ?? [];
    if (kind === undefined) continue;
    const counts = kind === "number" && (attributes.get("num-format") ?? "") !== "";
    levels.set(`${style} ${attributes.get("level") ?? ""}`, counts);
  }
  return levels;
}
