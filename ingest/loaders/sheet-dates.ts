/** Writes the dates of sheets as dates: the parser of sheets gives the numbers of days that stand for them. */
import type { OfficeContentNode } from "officeparser/slim";
import { type DateFormat, findBuiltInFormat, parseDateFormat, toIso } from "./excel-date.ts";
import { readCells, toCellKey } from "./sheet-cells.ts";
import { readTags } from "./xml-tags.ts";

/** Writes the date cells of one sheet, given its rows and its XML. */
export type DateWriter = (
  rows: readonly OfficeContentNode[],
  xml: string,
) => readonly OfficeContentNode[];

/** A writer for the sheets of a workbook, from its parts `xl/workbook.xml` and `xl/styles.xml`. */
export function createDateWriter(workbook: string, styles: string): DateWriter {
  const formats = readFormats(styles);
  const is1904 = [...readTags(workbook)].some(
    ({ name, attributes }) =>
      name === "workbookPr" && /^(?:1|true|on)$/.test(attributes.get("date1904") ?? ""),
  );
  return (rows, xml) => {
    const found = formats.size === 0 ? new Map<number, DateFormat>() : findDateCells(xml, formats);
    if (found.size === 0) return rows;
    const toCell = (cell: OfficeContentNode): OfficeContentNode => {
      if (cell.type !== "cell" || cell.metadata === undefined) return cell;
      const format = found.get(toCellKey(cell.metadata.row, cell.metadata.col));
      const text = format && cell.text ? toIso(Number(cell.text), format, is1904) : undefined;
      return text === undefined ? cell : { ...cell, text, children: [] };
    };
    return rows.map((row) => ({ ...row, children: (row.children ?? []).map(toCell) }));
  };
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

/** Numbers in a format for dates. */
function findDateCells(
  sheet: string,
  formats: ReadonlyMap<number, DateFormat>,
): ReadonlyMap<number, DateFormat> {
  const found = new Map<number, DateFormat>();
  for (const { row, column, type, style } of readCells(sheet)) {
    const format = type === "n" && style !== undefined ? formats.get(style) : undefined;
    if (format !== undefined) found.set(toCellKey(row, column), format);
  }
  return found;
}
