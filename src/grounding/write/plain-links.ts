/** A link of Markdown as what it says: a quotation may not link anywhere, and broken up it is hard to read. */

/** Code first, in which nothing is a link; then `[words](address "title")`, `![words](address)` and `[words][name]`. */
const LINK =
  /((?<!`)`+(?!`)|(?<!~)~{3,}(?!~))[^]*?\1|!?(?<![\p{L}\p{N}_\])])\[([^[\]\n]*(?:\n[^[\]\n]+)*)\](?:\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)?)(?:\s+(?:"[^"]*"|'[^']*'))?\)|\[(?!\d+\])[^[\]\n]*\])/gu;
/** A picture may be a link, and its words may be a link again. */
const DEPTH_MAX = 3;

/** The words of each link and picture, whose address `isShown` does not want; all else as it is. */
export function toPlainLinks(text: string, isShown: (address: string) => boolean): string {
  let plain = text;
  for (let depth = 0; depth < DEPTH_MAX; depth += 1) {
    const next = plain.replace(LINK, (whole: string, _code, words?: string, address?: string) => {
      if (words === undefined) return whole;
      return address !== undefined && !whole.startsWith("!") && isShown(address) ? whole : words;
    });
    if (next === plain) break;
    plain = next;
  }
  return plain;
}
