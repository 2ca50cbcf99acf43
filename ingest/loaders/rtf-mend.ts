/** What a parser of RTF loses, shows or takes for something else, mended in the file's own words. */
import { readStyles } from "./rtf-styles.ts";

/** A bracket, a sign, or a word with its number; the blank behind a word belongs to it. */
const TOKEN = /[{}]|\\(?:([a-z]{1,32})(-?\d{1,10})? ?|[^a-z])/g;
/** Signs by their words: left out, 10 to 20 would be 1020. */
const SIGNS: Readonly<Record<string, number>> = {
  emdash: 0x2014,
  endash: 0x2013,
  bullet: 0x2022,
  emspace: 0x20,
  enspace: 0x20,
};
/** In the place of a word that goes: else the word before it would go on with the text behind it. */
const NOTHING = "{}";
/** They end a paragraph too, often without its own word; a parser joins what stands on both sides. */
const BREAKS: ReadonlySet<string> = new Set(["page", "sect", "column"]);
/** What is not shown as text: hidden, deleted with its traces kept, an entry of an index, the bytes of pictures and objects. */
const HIDDEN: ReadonlySet<string> = new Set(["v", "deleted", "xe", "tc", "pict", "objdata"]);

/**
 * The file with signs written out, without what is hidden, and with the level of its heading as the number of each
 * paragraph's style: the parser takes a paragraph of style 3 for a heading of level 3, which is so in templates of
 * Word only.
 */
export function mendRtf(text: string): string {
  const { end, levels } = readStyles(text);
  const mended = withoutHidden(text.slice(end)).replace(
    TOKEN,
    (whole, word?: string, number?: string) => mendToken(whole, word, levels.get(number ?? "")),
  );
  return text.slice(0, end) + mended;
}

/** Hidden text ends with the group that it began in, or where a word says so. */
function withoutHidden(text: string): string {
  const parts: string[] = [];
  /** How many brackets are open, and at which of them what is hidden began. */
  let [depth, hiddenAt] = [0, SHOWN];
  let at = 0;
  const token = new RegExp(TOKEN);
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [whole, word = "", number] = match;
    if (depth < hiddenAt) parts.push(text.slice(at, match.index));
    depth += DEPTHS[whole] ?? 0;
    hiddenAt = findHidden(depth, hiddenAt, word, number);
    if (word === "bin") token.lastIndex += Math.max(0, Number(number ?? 0)); // bytes, no text
    at = token.lastIndex;
    if (word === "bin" || HIDDEN.has(word)) parts.push(NOTHING);
    else if (depth < hiddenAt || whole in DEPTHS) parts.push(whole);
  }
  if (depth < hiddenAt) parts.push(text.slice(at));
  return parts.join("");
}

const SHOWN = Number.POSITIVE_INFINITY;

/** Where what is hidden began, after this word. */
function findHidden(depth: number, before: number, word: string, number?: string): number {
  const hiddenAt = depth < before || word === "plain" ? SHOWN : before;
  if (!HIDDEN.has(word)) return hiddenAt;
  return number === "0" ? SHOWN : Math.min(hiddenAt, depth);
}
const DEPTHS: Readonly<Record<string, number>> = { "{": 1, "}": -1 };

/** `level`: of the heading, were the word that of a style. */
function mendToken(whole: string, word: string | undefined, level: number | undefined): string {
  if (whole === "\\~") return `${NOTHING} `;
  if (whole === "\\_") return `${NOTHING}-`;
  if (word === "s") return level === undefined ? NOTHING : `\\s${level} `;
  if (word !== undefined && BREAKS.has(word)) return "\\par ";
  const sign = word === undefined ? undefined : SIGNS[word];
  return sign === undefined ? whole : `{\\uc0\\u${sign} }`;
}
