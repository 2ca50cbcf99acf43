/** The block of `key: value` lines that may open a Markdown file: scalars and flat lists, nothing more of YAML. */
import type { MetadataValue } from "../../src/domain/chunk.ts";

export interface FrontMatter {
  readonly values: ReadonlyMap<string, MetadataValue>;
  /** Offset of the first character behind it; 0 without front matter. */
  readonly end: number;
}

/** Front matter beyond this is text that happens to begin with a rule. */
const FRONT_MATTER_CHARS_MAX = 20_000;
const OPEN = /^---[ \t]*\r?\n/;
const CLOSE = /^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/m;
const PAIR = /^([A-Za-z_][\w .-]{0,62}?)[ \t]*:(?:[ \t]+(.*))?$/;
const ITEM = /^[ \t]*-[ \t]+(.*)$/;

/** Reads front matter at the start of a text. What it cannot read (nested maps, anchors) it leaves out. */
export function readFrontMatter(text: string): FrontMatter {
  const none: FrontMatter = { values: new Map(), end: 0 };
  const open = OPEN.exec(text);
  if (open === null) return none;
  const body = text.slice(open[0].length, FRONT_MATTER_CHARS_MAX);
  const close = CLOSE.exec(body);
  if (close === null) return none;
  const values = readPairs(body.slice(0, close.index));
  return values.size === 0 ? none : { values, end: open[0].length + close.index + close[0].length };
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
