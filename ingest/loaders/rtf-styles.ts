/** The table of styles of an RTF file: which of them are headings. */

const STYLES = "{\\stylesheet";
/** A table of styles is shorter; beyond it, its names are not looked for. */
const STYLES_CHARS_MAX = 1_000_000;
/** The number of a style in the table, its level in the outline from 0, and its name, which ends it. */
const STYLE_PART =
  /\\s(\d{1,5})(?!\d)|\\outlinelevel([0-8])(?!\d)|(?:^|[ }\n])([^\\{};\r\n]{1,100});/g;
/** The names of the built-in styles are English in every language. */
const HEADING_NAME = /^heading ([1-9])$/i;

export interface RtfStyles {
  /** Where the table ends; 0: there is none. */
  readonly end: number;
  /** Levels from 1 of the styles that are headings, by their numbers. */
  readonly levels: ReadonlyMap<string, number>;
}

/** Reads the table, wherever it stands in the file. */
export function readStyles(text: string): RtfStyles {
  const start = text.indexOf(STYLES);
  const end = start === -1 ? 0 : findEnd(text, start);
  return { end, levels: readLevels(text.slice(Math.max(0, start), end)) };
}

/** Where the group that begins here ends. */
function findEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < Math.min(text.length, start + STYLES_CHARS_MAX); at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "{") depth += 1;
    else if (text[at] === "}") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return start;
}

function readLevels(table: string): ReadonlyMap<string, number> {
  const levels = new Map<string, number>();
  let [style, outline]: (string | undefined)[] = [];
  for (const [, number, level, name] of table.matchAll(STYLE_PART)) {
    if (number !== undefined) [style, outline] = [number, undefined];
    if (level !== undefined) outline = level;
    if (name === undefined || style === undefined) continue;
    const found = toLevel(name.trim(), outline);
    if (found !== undefined) levels.set(style, found);
    style = undefined;
  }
  return levels;
}

function toLevel(name: string, outline: string | undefined): number | undefined {
  const [, level] = HEADING_NAME.exec(name) ?? [];
  if (level !== undefined) return Number(level);
  if (/^title$/i.test(name)) return 1;
  return outline === undefined ? undefined : Number(outline) + 1;
}
