/** Numbers of a sheet as Excel shows them: the file has the digits of a double, 1.1 is 1.1000000000000001 there. */
import type { OfficeContentNode } from "officeparser/slim";
import { readCells, toCellKey } from "./sheet-cells.ts";

/** Excel knows no more of a number, and shows no more. */
const DIGITS_MAX = 15;
const NUMBER = /^-?(?=[\d.]{17})\d+\.?\d*(?:e[-+]?\d{1,3})?$/i;

/** The rows with numbers of at most 15 digits; a text of digits is left as it is. */
export function withShownNumbers(
  rows: readonly OfficeContentNode[],
  xml: string,
): readonly OfficeContentNode[] {
  const isLong = ({ text }: OfficeContentNode): boolean => NUMBER.test(text ?? "");
  if (!rows.some(({ children }) => children?.some(isLong))) return rows;
  const numbers = new Set<number>();
  for (const { row, column, type } of readCells(xml)) {
    if (type === "n") numbers.add(toCellKey(row, column));
  }
  const toCell = (cell: OfficeContentNode): OfficeContentNode => {
    if (cell.type !== "cell" || cell.metadata === undefined || !isLong(cell)) return cell;
    if (!numbers.has(toCellKey(cell.metadata.row, cell.metadata.col))) return cell;
    const text = String(Number(Number(cell.text).toPrecision(DIGITS_MAX)));
    return { ...cell, text, children: [] };
  };
  return rows.map((row) => ({ ...row, children: (row.children ?? []).map(toCell) }));
}

const FORMULA =
  /<c((?:\s[^<>]*)?)>\s*<f(?:\s[^<>]*)?(?:\/>|>[^<]*<\/f>)\s*(?:(?:<v\s*\/>|<v><\/v>)\s*)?<\/c>/g;

/** How many formulas have no result in the file, as programs write it that do not calculate. */
export function countUncomputed(xml: string): number {
  // A formula may give a text of no letters.
  return [...xml.matchAll(FORMULA)].filter(([, type = ""]) => !/\st="str"/.test(type)).length;
}
