/** Writes the dates of a workbook as dates: the parser of sheets gives the numbers of days that stand for them. */
import type { OfficeContentNode } from "officeparser/slim";
import { type DateFormat, findBuiltInFormat, parseDateFormat, toIso } from "./excel-date.ts";
import { readTags } from "./xml-tags.ts";
import type { ZipParts } from "./zip-parts.ts";

/** The parts that the parser takes for sheets. */
const SHEET = /^xl\/worksheets\/(sheet\d+\.xml)$/;
const COLUMNS_MAX = 16_384;

/** Formats of date cells by sheet name and {@link toCellKey}. */
type DateCells = ReadonlyMap<string, ReadonlyMap<number, DateFormat>>;

/** The content with each number in a format for dates or times as an ISO date or a time. */
export function withDates(
  content: readonly OfficeContentNode[],
  parts: ZipParts,
): readonly OfficeContentNode[] {
  const workbook = parts.read("xl/workbook.xml") ?? "";
  const cells = readDateCells(parts, workbook);
  const is1904 = [...readTags(workbook)].some(
    ({ name, attributes }) =>
      name === "workbookPr" && /^(?:1|true|on)$/.test(attributes.get("date1904") ?? ""),
  );
  const toCell = (cell: OfficeContentNode, formats: ReadonlyMap<number, DateFormat>) => {
    if (cell.type !== "cell" || cell.metadata === undefined) return cell;
    const format = formats.get(toCellKey(cell.metadata.row, cell.metadata.col));
    const text = format && cell.text ? toIso(Number(cell.text), format, is1904) : undefined;
    return text === undefined ? cell : { ...cell, text, children: [] };
  };
  return content.map((sheet) => {
    if (sheet.type !== "sheet") return sheet;
    const formats = cells.get(sheet.metadata?.sheetName ?? "");
    if (formats === undefined) return sheet;
    const rows = (sheet.children ?? []).map((row) => ({
      ...row,
      children: (row.children ?? []).map((cell) => toCell(cell, formats)),
    }));
    return { ...sheet, children: rows };
  });
}

function toCellKey(row: number, column: number): number {
  return row * COLUMNS_MAX + column;
}

function readDateCells(parts: ZipParts, workbook: string): DateCells {
  const formats = readFormats(parts.read("xl/styles.xml") ?? "");
  const cells = new Map<string, ReadonlyMap<number, DateFormat>>();
  if (formats.size === 0) return cells;
  const titles = readSheetNames(workbook, parts.read("xl/_rels/workbook.xml.rels") ?? "");
  for (const part of parts.names) {
    const [, file] = SHEET.exec(part) ?? [];
    if (file === undefined) continue;
    const found = findDateCells(parts.read(part) ?? "", formats);
    if (found.size > 0) cells.set(titles.get(file) ?? file, found);
  }
  return cells;
}

/** Formats for dates by index of the cell style that has them. */
function readFormats(styles: string): ReadonlyMap<number, DateFormat> {
  const own = new Map<number, DateFormat | undefined>();
  const formats = new Map<number, DateFormat>();
  let index = 0;
  let isOfCells = false;
  for (const { name, isClosing, attributes } of readTags(styles)) {
    if (name === "cellXfs") isOfCells = !isClosing;
    if (isClosing) continue;
    const id = Number(attributes.get("numFmtId") ?? 0);
    if (name === "numFmt") own.set(id, parseDateFormat(attributes.get("formatCode") ?? ""));
    if (name !== "xf" || !isOfCells) continue;
    const format = own.has(id) ? own.get(id) : findBuiltInFormat(id);
    if (format !== undefined) formats.set(index, format);
    index += 1;
  }
  return formats;
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

/** Rows and cells of a sheet, of which there may be a million: no more is read of them than where they are. */
const ROW_OR_CELL = /<(row|c)((?:\s[^<>]*)?)>/g;

/** Numbers in a format for dates. A row or cell that does not say where it is follows the one before. */
function findDateCells(
  sheet: string,
  formats: ReadonlyMap<number, DateFormat>,
): ReadonlyMap<number, DateFormat> {
  const found = new Map<number, DateFormat>();
  let row = -1;
  let column = -1;
  for (const [, name, attributes = ""] of sheet.matchAll(ROW_OR_CELL)) {
    if (name === "row") {
      const [, number] = /\sr="(\d+)"/.exec(attributes) ?? [];
      row = number === undefined ? row + 1 : Number(number) - 1;
      column = -1;
      continue;
    }
    const [, letters] = /\sr="([A-Z]+)\d+"/.exec(attributes) ?? [];
    column = letters === undefined ? column + 1 : toColumn(letters);
    const [, type = "n"] = /\st="(\w+)"/.exec(attributes) ?? [];
    const [, style] = /\ss="(\d+)"/.exec(attributes) ?? [];
    const format = type === "n" && style !== undefined ? formats.get(Number(style)) : undefined;
    if (format !== undefined) found.set(toCellKey(row, column), format);
  }
  return found;
}

/** `A` is 0, `AA` is 26. */
function toColumn(letters: string): number {
  return Array.from(letters).reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}
