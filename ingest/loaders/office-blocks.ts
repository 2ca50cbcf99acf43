/** Blocks of an office file as text: plain words, tables, rows of a sheet. */
import type { OfficeContentNode } from "officeparser/slim";
import { isPower } from "./raised-number.ts";

const ISO_DATE = /^\d{4}-\d{2}-\d{2}\b/;

/** The words of a node and all below it; blocks within it on lines of their own. */
export function toPlain(node: OfficeContentNode): string {
  const children = node.children ?? [];
  if (node.type === "break") return "\n";
  if (children.length === 0) return node.text ?? "";
  const isInline = children.every(({ type }) => type === "text" || type === "break");
  if (!isInline) return children.map(toPlain).join("\n");
  return children.reduce(
    (before, child, at) => before + toInline(child, isRaised(children[at - 1]) ? "" : before),
    "",
  );
}

function isRaised(node: OfficeContentNode | undefined): boolean {
  return node?.type === "text" && node.formatting?.superscript === true;
}

function toInline(node: OfficeContentNode, before: string): string {
  const text = toPlain(node);
  return isRaised(node) && isPower(text, before) ? `^${text}` : text;
}

/** Cells as a Markdown table; empty rows go, and the first that is not empty is the header. */
export function toMarkdownTable(rows: readonly (readonly string[])[]): string {
  const [header, ...body] = rows.filter((cells) => cells.some((cell) => cell !== ""));
  if (header === undefined) return "";
  const frame = header.map(() => "---");
  return toMarkdownRows([header, frame, ...body]);
}

/** Cells as rows of a Markdown table of which nobody knows the header. */
export function toMarkdownRows(rows: readonly (readonly string[])[]): string {
  return rows
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

type SheetRow = ReadonlyMap<number, string>;

/**
 * Rows of a sheet, their cells by column, as `column: value; column: value`, so that a row found alone still
 * says what it holds. Lines of one cell above the header are titles. The header has names only, each another, or
 * years in their order; a row of dates or other numbers is none.
 */
export function toRowLines(sheet: readonly SheetRow[]): readonly string[] {
  const rows = sheet.filter((cells) => cells.size > 0);
  const titles = Math.max(
    0,
    rows.findIndex((cells) => cells.size > 1),
  );
  const [header, ...body] = rows.slice(titles);
  const isHeaded = header !== undefined && body.length > 0 && isHeader([...header.values()]);
  if (!isHeaded) return rows.map(toLine);
  return [
    ...rows.slice(0, titles).map(toLine),
    ...body.map((cells) =>
      [...cells]
        .map(([column, cell]) => {
          const name = header.get(column);
          return name === undefined ? cell : `${name}: ${cell}`;
        })
        .join("; "),
    ),
  ];
}

function toLine(cells: SheetRow): string {
  return [...cells.values()].join("; ");
}

/** Are these names, each another, or names and years in their order? */
export function isHeader(cells: readonly string[]): boolean {
  if (cells.length < 2 || new Set(cells).size < cells.length) return false;
  const numbers = cells.filter((cell) => !Number.isNaN(Number(cell))).map(Number);
  const areYears = numbers.every((year, at) => isYear(year) && year === (numbers[0] ?? 0) + at);
  const hasNames = numbers.length < cells.length && !cells.some((cell) => ISO_DATE.test(cell));
  return hasNames && (numbers.length === 0 || (numbers.length > 1 && areYears));
}

function isYear(number: number): boolean {
  return number >= 1900 && number <= 2100;
}
