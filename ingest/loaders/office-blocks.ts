/** Blocks of an office file as text: plain words, tables, rows of a sheet. */
import type { OfficeContentNode } from "officeparser/slim";

/** The words of a node and all below it; blocks within it on lines of their own. */
export function toPlain(node: OfficeContentNode): string {
  const children = node.children ?? [];
  if (node.type === "break") return "\n";
  if (children.length === 0) return node.text ?? "";
  const isInline = children.every(({ type }) => type === "text" || type === "break");
  return children.map(toPlain).join(isInline ? "" : "\n");
}

/** Rows as a Markdown table under their first. */
export function toTable(rows: readonly OfficeContentNode[]): string {
  return toMarkdownTable(rows.map(toCells));
}

/** Cells as a Markdown table; empty rows go, and the first that is not empty is the header. */
export function toMarkdownTable(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  const [header, ...body] = escaped.filter((cells) => cells.some((cell) => cell !== ""));
  if (header === undefined) return "";
  const toLine = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [toLine(header), toLine(header.map(() => "---")), ...body.map(toLine)].join("\n");
}

/** Rows of a sheet as `column: value; column: value`, so that a row found alone still says what it holds. */
export function toRowLines(rows: readonly OfficeContentNode[]): readonly string[] {
  const lines = rows.map(toCells).filter((cells) => cells.some((cell) => cell !== ""));
  const [header, ...body] = lines;
  if (header === undefined) return [];
  const isHeader =
    header.length > 1 &&
    body.length > 0 &&
    header.every((cell) => cell !== "" && Number.isNaN(Number(cell)));
  if (!isHeader) return lines.map((cells) => cells.filter((cell) => cell !== "").join("; "));
  return body.map((cells) =>
    cells
      .map((cell, column) => [header[column] ?? "", cell] as const)
      .filter(([, cell]) => cell !== "")
      .map(([name, cell]) => (name === "" ? cell : `${name}: ${cell}`))
      .join("; "),
  );
}

function toCells(row: OfficeContentNode): readonly string[] {
  return (row.children ?? []).map((cell) => toPlain(cell).replace(/\s+/g, " ").trim());
}
