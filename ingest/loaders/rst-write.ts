/** Blocks of Markdown put together: code, items, entries. */
import { toFenced } from "./markdown-blocks.ts";

/** As they are written here. */
const ITEM = /^(?:-|\d{1,4}[.)]) /;

/** Lines as code; blank ones around it go. */
export function toFence(lines: readonly string[], language = ""): string {
  const first = Math.max(
    0,
    lines.findIndex((line) => line.trim() !== ""),
  );
  return toFenced(lines.slice(first).join("\n").trimEnd(), language);
}

/** `- term: meaning`, further blocks below it. */
export function toEntry(term: string, [first, ...others]: readonly string[]): string {
  const joins = first !== undefined && !/^(?:```|#|\||- )/.test(first);
  const head = first === undefined ? term : joins ? `${term}: ${first}` : `${term}:`;
  return toItem("-", [head, ...(joins || first === undefined ? [] : [first]), ...others]);
}

/** An item of a list: its first block behind the mark, the others below it. */
export function toItem(mark: string, blocks: readonly string[]): string {
  return `${mark} ${joinBlocks(blocks).replace(/\n(?=[^\n])/g, "\n  ")}`;
}

/** A blank line between blocks, none between the items of a list. */
export function joinBlocks(blocks: readonly string[]): string {
  const gaps = blocks.map((block, at) => {
    const before = blocks[at - 1];
    if (before === undefined) return block;
    return ITEM.test(block) && ITEM.test(before) ? `\n${block}` : `\n\n${block}`;
  });
  return gaps.join("");
}
