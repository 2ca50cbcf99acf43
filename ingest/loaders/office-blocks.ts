/** Blocks of an office file as text: plain words, tables, rows of a sheet. */
import type { OfficeContentNode } from "officeparser/slim";

const ISO_DATE = /^\d{4}-\d{2}-\d{2}\b/;

/** The words of a node and all below it; blocks within it on lines of their own. */
export function toPlain(node: OfficeContentNode): string {
  const children = node.children ?? [];
  if (node.type === "break") return "\n";
  if (children.length === 0) return node.text ?? "";
  const isInline = children.every(({ type }) => type === "text" || type === "break");
  return children.map(toPlain).join(isInline ? "" : "\n");
}

/** Cells as a Markdown table; empty rows go, and the first that is not empty is the header. */
export function toMarkdownTable(rows: readonly (readonly string[])[]): string {
  const escaped = rows.map((cells) => cells.map((cell) => cell.replaceAll("|", "\\|")));
  const [header, ...body] = escaped.filter((cells) => cells.some((cell) => cell !== ""));
  if (header === undefined) return "";
  const toLine = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [toLine(header), toLine(header.map(() => "---")), ...body.map(toLine)].join("\n");
}

/**
 * Rows of a sheet, their cells by column, as `column: value; column: value`, so that a row found alone still
 * says what it holds. The first is the header when it has names only; a row of dates or numbers is none.
 */
export function toRowLines(rows: readonly ReadonlyMap<number, string>[]): readonly string[] {
  const [header, ...body] = rows.filter((cells) => cells.size > 0);
  if (header === undefined) return [];
  const isHeader = header.size > 1 && body.length > 0 && [...header.values()].every(isName);
  if (!isHeader) return [header, ...body].map((cells) => [...cells.values()].join("; "));
  return body.map((cells) =>
    [...cells]
      .map(([column, cell]) => {
        const name = header.get(column);
        return name === undefined ? cell : `${name}: ${cell}`;
      })
      .join("; "),
  );
}

function isName(cell: string): boolean {
  return Number.isNaN(Number(cell)) && !ISO_DATE.test(cell);
}
