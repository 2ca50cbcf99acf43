/** The block of `key: value` lines that may open a Markdown file: scalars and flat lists, nothing more of YAML. */
import type { MetadataValue } from "../../src/domain/chunk.ts";

export interface FrontMatter {
  readonly values: ReadonlyMap<string, MetadataValue>;
  /** Offset of the first character behind it; 0 without front matter. */
  readonly end: number;
}

export const NO_FRONT_MATTER: FrontMatter = { values: new Map(), end: 0 };

/** Front matter beyond this is text that happens to begin with a rule. */
const FRONT_MATTER_CHARS_MAX = 20_000;
const OPEN = /^---[ \t]*\r?\n/;
const CLOSE = /^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/m;
const PAIR = /^([A-Za-z_][\w .-]{0,62}?)[ \t]*:(?:[ \t]+(.*))?$/;
const ITEM = /^[ \t]*-[ \t]+(.*)$/;
/** A line that begins a key of YAML, whether we can read it or not: a few words, or quotes, before a colon. */
const KEY =
  /^(?:"[^"]{1,100}"|'[^']{1,100}'|([\p{L}\p{N}_$@<][^\s,;!?"'(){}[\]]*(?: [^\s,;!?"'(){}[\]]+){0,3}))[ \t]*:(?:[ \t]|$)/u;
/** What may stand below a key: something indented, an item of its list, the end of its brackets. */
const BELOW = /^(?:[ \t]+\S|-(?:[ \t]|$)|[\]}],?[ \t]*$)/;

/**
 * Reads front matter at the start of a text. What it cannot read (nested maps, anchors) it leaves out. Words between
 * two rules that are no YAML of keys are text, and so is what has a blank line below the first rule.
 */
export function readFrontMatter(text: string): FrontMatter {
  const none = NO_FRONT_MATTER;
  const open = OPEN.exec(text);
  if (open === null) return none;
  const body = text.slice(open[0].length, FRONT_MATTER_CHARS_MAX);
  const close = CLOSE.exec(body);
  if (close === null) return none;
  const block = body.slice(0, close.index);
  if (!isMap(block)) return none;
  const values = readPairs(block);
  return values.size === 0 ? none : { values, end: open[0].length + close.index + close[0].length };
}

/** Is every line part of a map whose keys occur once? */
function isMap(block: string): boolean {
  const keys = new Set<string>();
  const lines = block.split(/\r?\n/);
  if (lines[0]?.trim() === "") return false;
  for (const line of lines) {
    const key = KEY.exec(line)?.[0].trimEnd();
    if (key !== undefined) {
      if (keys.has(key)) return false;
      keys.add(key);
    } else if (line.trim() !== "" && !line.startsWith("#")) {
      if (keys.size === 0 || !BELOW.test(line)) return false;
    }
  }
  return keys.size > 0;
}

function readPairs(block: string): ReadonlyMap<string, MetadataValue> {
  const values = new Map<string, MetadataValue>();
  let key = "";
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ""] = PAIR.exec(line) ?? [];
    if (name === undefined) {
      key = readBelow(line, key, values);
    } else {
      key = name;
      const scalar = toValue(value);
      if (scalar !== "") values.set(name, scalar);
    }
  }
  return values;
}

/** A line below a key: an item of its list or more of its text. Returns the key that is still open. */
function readBelow(line: string, key: string, values: Map<string, MetadataValue>): string {
  const item = ITEM.exec(line)?.[1];
  const value = values.get(key) ?? [];
  if (key === "" || line.trim() === "" || line.trimStart().startsWith("#")) return key;
  if (item !== undefined && typeof value === "object") {
    values.set(key, [...value, String(toValue(item))]);
  } else if (item === undefined && /^[ \t]/.test(line) && typeof value === "string") {
    values.set(key, `${value} ${line.trim()}`.replace(/^[>|][+-]? /, ""));
  } else if (item === undefined) {
    return ""; // not a line of ours: what hangs below it is not either
  }
  return key;
}

function toValue(raw: string): MetadataValue {
  const value = raw.trim();
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(value);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? "";
  const bare = value.replace(/[ \t]#.*$/, "");
  if (/^\[.*\]$/.test(bare)) {
    const items = bare.slice(1, -1).split(",");
    return items.map((item) => String(toValue(item))).filter((item) => item !== "");
  }
  if (bare === "true" || bare === "false") return bare === "true";
  if (/^-?(0|[1-9]\d{0,14})(\.\d{1,15})?$/.test(bare)) return Number(bare);
  return /^(null|~)$/.test(bare) ? "" : bare;
}
