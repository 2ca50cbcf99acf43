/** What a tool gave, as text for the model: whatever it is, bounded. */

const SEEN_AGAIN = "[seen above]";

/**
 * JSON of the value; cycles, functions and numbers that JSON does not know are named, and what is longer
 * than `charsMax` is cut, with a note that says so. Texts stay as they are. Never throws.
 */
export function toToolResult(value: unknown, charsMax: number): string {
  const { text, isCut } =
    typeof value === "string" ? { text: value, isCut: false } : toJson(value, charsMax);
  if (!isCut && text.length <= charsMax) return text;
  return `${text.slice(0, charsMax)}\n[cut: the result has more than ${charsMax} characters]`;
}

function toJson(value: unknown, charsMax: number): { text: string; isCut: boolean } {
  const parents: unknown[] = [];
  let chars = 0;
  function replace(this: unknown, key: string, inner: unknown): unknown {
    if (chars > charsMax) return undefined; // all that follows is cut anyway
    chars += key.length + (typeof inner === "string" ? inner.length : 8);
    if (typeof inner === "string") return inner.slice(0, charsMax);
    if (typeof inner === "bigint") return inner.toString();
    if (typeof inner === "function" || typeof inner === "symbol") return `[${typeof inner}]`;
    if (typeof inner !== "object" || inner === null) return inner;
    while (parents.length > 0 && parents.at(-1) !== this) parents.pop();
    if (parents.includes(inner)) return SEEN_AGAIN;
    parents.push(inner);
    return inner;
  }
  try {
    const text = JSON.stringify(value, replace) ?? String(value);
    return { text, isCut: chars > charsMax };
  } catch {
    return { text: "[a result that cannot be written down]", isCut: false };
  }
}
