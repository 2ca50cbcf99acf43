/** What the parser leaves out of the sheets of a workbook: how numbers are shown, and which cells are merged. */
import type { OfficeContentNode } from "officeparser/slim";
import { countOf } from "../../src/text/count-of.ts";
import { type FileReference, type Problem, toProblem } from "./load-event.ts";
import { createDateWriter } from "./sheet-dates.ts";
import { repeatMerged } from "./sheet-merges.ts";
import { countUncomputed, withShownNumbers } from "./sheet-numbers.ts";
import { readTags } from "./xml-tags.ts";
import type { ZipParts } from "./zip-parts.ts";

/** The parts that the parser takes for sheets. */
const SHEET = /^xl\/worksheets\/(sheet\d+\.xml)$/;

/** The content with numbers and dates as they are shown, and the value of a merged cell in each of its rows. */
export function withSheetFacts(
  content: readonly OfficeContentNode[],
  parts: ZipParts,
): readonly OfficeContentNode[] {
  const workbook = parts.read("xl/workbook.xml") ?? "";
  const writeDates = createDateWriter(workbook, parts.read("xl/styles.xml") ?? "");
  const titles = readSheetNames(workbook, parts.read("xl/_rels/workbook.xml.rels") ?? "");
  const partOf = new Map<string, string>();
  for (const part of parts.names) {
    const [, file] = SHEET.exec(part) ?? [];
    if (file !== undefined) partOf.set(titles.get(file) ?? file, part);
  }
  return content.map((sheet) => {
    const part = sheet.type === "sheet" ? partOf.get(sheet.metadata?.sheetName ?? "") : undefined;
    const xml = part === undefined ? undefined : parts.read(part);
    if (xml === undefined) return sheet;
    const rows = withShownNumbers(writeDates(sheet.children ?? [], xml), xml);
    return { ...sheet, children: [...repeatMerged(rows, xml)] };
  });
}

/** What is to be said of formulas without results: what they would show is in no row. */
export function findMissingResults(parts: ZipParts, file: FileReference): Problem | undefined {
  const sheets = parts.names.filter((name) => SHEET.test(name));
  const count = sheets.reduce((sum, name) => sum + countUncomputed(parts.read(name) ?? ""), 0);
  if (count === 0) return undefined;
  const text = `holds ${countOf(count, "formula")} without a result, which no text shows; open it in Excel or LibreOffice, and save it`;
  return toProblem(file.id, "no-text", text, { severity: "warning" });
}

/** Names of sheets by the file that holds them. */
function readSheetNames(workbook: string, relations: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { name, attributes } of readTags(relations)) {
    const target = attributes.get("Target") ?? "";
    if (name === "Relationship")
      files.set(attributes.get("Id") ?? "", target.split("/").at(-1) ?? "");
  }
  const titles = new Map<string, string>();
  for (const { name, attributes } of readTags(workbook)) {
    const file = name === "sheet" ? files.get(attributes.get("id") ?? "") : undefined;
    if (file !== undefined) titles.set(file, attributes.get("name") ?? "");
  }
  return titles;
}
