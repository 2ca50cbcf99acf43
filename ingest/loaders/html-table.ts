/** A table of a page as Markdown: what spans rows or columns is said in each of them, so that a row found alone is true. */
import { toMarkdownTable } from "./office-blocks.ts";

/** Characters that all spans of a page may add; beyond it, a cell is where it was written only. */
const COPIED_CHARS_MAX = 1_000_000;
/** What a cell costs beside its text: the marks around it. */
const CELL_CHARS = 3;
const COLUMNS_SPANNED_MAX = 1_000;
const APART =
  /^(address|article|aside|blockquote|br|dd|details|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|ol|p|pre|section|summary|ul)$/i;

/** A cell that goes on in the rows below. */
interface Hanging {
  readonly text: string;
  readonly rows: number;
}

/** May a span repeat this text once more? */
type CanCopy = (text: string) => boolean;

/** Writes the tables of one page, which share a bound for what spans add. */
export function createTableWriter(): (table: Element) => string {
  let left = COPIED_CHARS_MAX;
  const canCopy: CanCopy = (text) => {
    left -= text.length + CELL_CHARS;
    return left > 0;
  };
  return (table) => {
    const caption = [...table.children].find(({ tagName }) => /^caption$/i.test(tagName));
    const title = caption === undefined ? "" : toCellText(caption);
    const rows = toMarkdownTable(toRows(table, canCopy));
    return [title, rows].filter((part) => part !== "").join("\n\n");
  };
}

/** Has no row a second cell? Then it frames what is in it, as mails do, and says nothing by its columns. */
export function isOneColumn(table: Element): boolean {
  return [...table.querySelectorAll("tr")].every(({ children }) => children.length < 2);
}

function toRows(table: Element, canCopy: CanCopy): readonly (readonly string[])[] {
  let group: Element | null = null;
  let hanging = new Map<number, Hanging>();
  return [...table.querySelectorAll("tr")].map((row) => {
    // A span ends with its head, body or foot.
    if (row.parentElement !== group) hanging = new Map();
    group = row.parentElement;
    return toCells(row, hanging, canCopy);
  });
}

/** The cells of a row with those that hang into it; leaves in `hanging` what hangs into the next one. */
function toCells(row: Element, hanging: Map<number, Hanging>, canCopy: CanCopy): readonly string[] {
  const cells: string[] = [];
  const nodes = [...row.children].filter(({ tagName }) => /^t[dh]$/i.test(tagName));
  const above = new Map(hanging);
  hanging.clear();
  const takeHanging = (): void => {
    for (let cell = above.get(cells.length); cell !== undefined; cell = above.get(cells.length)) {
      above.delete(cells.length);
      if (!canCopy(cell.text)) return above.clear();
      if (cell.rows > 1) hanging.set(cells.length, { ...cell, rows: cell.rows - 1 });
      cells.push(cell.text);
    }
  };
  for (const node of nodes) {
    takeHanging();
    const text = toCellText(node);
    const [rows, columns] = [toRowSpan(node), toColumnSpan(node)];
    for (let at = 0; at < columns && (at === 0 || canCopy(text)); at += 1) {
      // The only cell of a row is a line of its own: once is enough.
      const shown = at > 0 && nodes.length === 1 ? "" : text;
      above.delete(cells.length);
      if (rows > 1) hanging.set(cells.length, { text: shown, rows: rows - 1 });
      cells.push(shown);
    }
  }
  takeHanging();
  while (above.size > 0 && canCopy("")) {
    cells.push("");
    takeHanging();
  }
  return cells;
}

/** 0 is the rest of its group. */
function toRowSpan(cell: Element): number {
  const span = Number.parseInt(cell.getAttribute("rowspan") ?? "1", 10);
  return span === 0 ? Number.POSITIVE_INFINITY : Math.max(1, span || 1);
}

function toColumnSpan(cell: Element): number {
  const span = Number.parseInt(cell.getAttribute("colspan") ?? "1", 10);
  return Math.min(Math.max(1, span || 1), COLUMNS_SPANNED_MAX);
}

/** One line; a blank where the page shows a new one. */
function toCellText(cell: Element): string {
  return toWords(cell).replace(/\s+/g, " ").trim();
}

function toWords(node: Node): string {
  if (node.nodeType === node.TEXT_NODE) return node.nodeValue ?? "";
  if (/^img$/i.test(node.nodeName)) return (node as Element).getAttribute("alt") ?? "";
  const words = [...node.childNodes].map(toWords).join("");
  return APART.test(node.nodeName) ? ` ${words} ` : words;
}
