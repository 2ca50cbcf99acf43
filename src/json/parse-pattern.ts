/** The structure of an ECMAScript pattern (flag `u`); what needs memory of what was matched is refused. */

export type Node =
  /** One character: a literal, an escape, a class or the dot, as it is written. */
  | { readonly kind: "take"; readonly source: string }
  | { readonly kind: "assert"; readonly place: "start" | "end" | "word" | "no-word" }
  | { readonly kind: "look"; readonly node: Node; readonly isNegated: boolean }
  | { readonly kind: "sequence"; readonly parts: readonly Node[] }
  | { readonly kind: "choice"; readonly options: readonly Node[] }
  | { readonly kind: "repeat"; readonly node: Node; readonly min: number; readonly max: number };

const PATTERN_CHARS_MAX = 2_000;

const CLASS = /\[(?:\\.|[^\]\\])*\]/suy;
const ESCAPE =
  /\\(?:u\{[\da-f]+\}|u[Dd][89ABab][\da-f]{2}\\u[Dd][C-Fc-f][\da-f]{2}|u[\da-f]{4}|x[\da-f]{2}|c[a-z]|p\{[^}]*\}|.)/isuy;
const CHARACTER = /[^]/uy;
const QUANTIFIER = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/uy;
const GROUP = /\((?:\?(:|=|!|<=|<!|<[^>]*>|[^:]*:))?/uy;

interface Cursor {
  readonly source: string;
  at: number;
  fault?: string;
}

/** The parsed pattern, or why it is none that can be taken. */
export function parsePattern(source: string): Node | string {
  if (source.length > PATTERN_CHARS_MAX) {
    return `may have at most ${PATTERN_CHARS_MAX} characters`;
  }
  if (!isPattern(source)) return "is not a regular expression (ECMAScript, flag u)";
  const cursor: Cursor = { source, at: 0 };
  const node = parseChoice(cursor);
  return cursor.fault ?? node;
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, "u").source !== "";
  } catch {
    return false; // its message would not be our own
  }
}

function parseChoice(cursor: Cursor): Node {
  const options = [parseSequence(cursor)];
  while (cursor.source[cursor.at] === "|") {
    cursor.at += 1;
    options.push(parseSequence(cursor));
  }
  const [only] = options;
  return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
}

function parseSequence(cursor: Cursor): Node {
  const parts: Node[] = [];
  while (cursor.at < cursor.source.length && !/[|)]/.test(cursor.source[cursor.at] ?? "")) {
    parts.push(parseQuantified(cursor));
  }
  return { kind: "sequence", parts };
}

function parseQuantified(cursor: Cursor): Node {
  const node = parseAtom(cursor);
  const match = take(cursor, QUANTIFIER);
  if (match === undefined) return node;
  const [whole, least, comma, most = ""] = match;
  if (least === undefined) {
    const min = whole.startsWith("+") ? 1 : 0;
    return { kind: "repeat", node, min, max: whole.startsWith("?") ? 1 : Number.POSITIVE_INFINITY };
  }
  const min = Number(least);
  const open = most === "" ? Number.POSITIVE_INFINITY : Number(most);
  return { kind: "repeat", node, min, max: comma === "" ? min : open };
}

function parseAtom(cursor: Cursor): Node {
  const { source, at } = cursor;
  const sign = source[at];
  if (sign === "(") return parseGroup(cursor);
  if (sign === "^" || sign === "$") {
    cursor.at += 1;
    return { kind: "assert", place: sign === "^" ? "start" : "end" };
  }
  if (sign === "\\") return parseEscape(cursor);
  const match = take(cursor, sign === "[" ? CLASS : CHARACTER);
  return { kind: "take", source: match?.[0] ?? "" };
}

function parseEscape(cursor: Cursor): Node {
  const whole = take(cursor, ESCAPE)?.[0] ?? "";
  if (whole === "\\b") return { kind: "assert", place: "word" };
  if (whole === "\\B") return { kind: "assert", place: "no-word" };
  if (/^\\[1-9k]/.test(whole)) cursor.fault ??= "may not refer back to a group";
  return { kind: "take", source: whole };
}

function parseGroup(cursor: Cursor): Node {
  const kind = take(cursor, GROUP)?.[1] ?? "";
  const node = parseChoice(cursor);
  cursor.at += 1; // the bracket that closes it
  if (kind === "<=" || kind === "<!") cursor.fault ??= "may not look behind";
  if (/^[a-z-]+:/.test(kind)) cursor.fault ??= "may not change its flags";
  if (kind === "=" || kind === "!") return { kind: "look", node, isNegated: kind === "!" };
  return node;
}

function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | undefined {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.source) ?? undefined;
  cursor.at += match?.[0].length ?? 0;
  return match;
}
