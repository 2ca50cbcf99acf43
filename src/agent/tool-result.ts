/** What a tool gave, as text for the model: whatever it is, bounded. */
import type { Passage } from "../domain/event.ts";
import type { ToolCall } from "../models/model.ts";
import type { ToolContext } from "./tool.ts";

const SEEN_AGAIN = "[seen above]";
const SUMMARY_CHARS_MAX = 120;

/**
 * JSON of the value; cycles, functions and numbers that JSON does not know are named, and what is longer
 * than `charsMax` is cut, with a note that says so. Texts stay as they are. Never throws.
 */
export function toToolResult(value: unknown, charsMax: number): string {
  const { text, isCut } =
    typeof value === "string" ? { text: value, isCut: false } : toJson(value, charsMax);
  if (!isCut && text.length <= charsMax) return text;
  return `${text.slice(0, charsMax).toWellFormed()}\n[cut: the result has more than ${charsMax} characters]`;
}

/** From a copy of as much as the text can hold: JSON.stringify itself would walk through all the rest, while everybody waits. */
function toJson(value: unknown, charsMax: number): { text: string; isCut: boolean } {
  const parents = new Set<unknown>();
  let chars = 0;
  const isFull = (): boolean => chars > charsMax;
  const copy = (given: unknown, key = ""): unknown => {
    const inner = toPlain(given, key);
    chars += key.length + (typeof inner === "string" ? inner.length : 8);
    if (typeof inner === "string") return inner.slice(0, charsMax);
    if (typeof inner === "bigint") return inner.toString();
    if (typeof inner === "function" || typeof inner === "symbol") return `[${typeof inner}]`;
    if (typeof inner !== "object" || inner === null) return inner;
    if (parents.has(inner)) return SEEN_AGAIN;
    parents.add(inner);
    const copied = isList(inner) ? copyList(inner) : copyObject(inner);
    parents.delete(inner);
    return copied;
  };
  const copyList = (list: ArrayLike<unknown>): unknown[] => {
    const copied: unknown[] = [];
    for (let at = 0; at < list.length && !isFull(); at += 1) copied.push(copy(list[at]));
    return copied;
  };
  const copyObject = (object: object): object => {
    const copied: [string, unknown][] = [];
    for (const key of Object.keys(object)) {
      if (isFull()) break;
      copied.push([key, copy(Reflect.get(object, key), key)]);
    }
    return Object.fromEntries(copied);
  };
  try {
    const text = JSON.stringify(copy(value)) ?? String(value);
    return { text, isCut: isFull() };
  } catch {
    return { text: "[a result that cannot be written down]", isCut: false };
  }
}

/** Is it a list, of bytes or numbers too? */
function isList(value: object): value is ArrayLike<unknown> & object {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value);
}

/** What a value wants to be in JSON, as a date its text. A list is taken as it is: a Buffer would make another of it. */
function toPlain(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || isList(value)) return value;
  if (!("toJSON" in value)) return value;
  return typeof value.toJSON === "function" ? (value.toJSON(key) as unknown) : value;
}

/** One line for people: what a tool found, or else the beginning of what it gave. */
export function toSummary(text: string, found: readonly Passage[]): string {
  const whole =
    found.length === 0 ? text : found.map(({ label, title }) => `[${label}] ${title}`).join(", ");
  const line = whole
    .slice(0, 4 * SUMMARY_CHARS_MAX)
    .replaceAll(/\s+/gu, " ")
    .trim();
  const isCut = line.length > SUMMARY_CHARS_MAX || whole.length > 4 * SUMMARY_CHARS_MAX;
  return `${line.slice(0, SUMMARY_CHARS_MAX).toWellFormed()}${isCut ? "…" : ""}`;
}

/** What stands in the place of a collection for passages that tools gave. No collection can be called so. */
const TOOL_COLLECTION = "tool:";

/**
 * The result as a passage of the run, so that an answer can cite it, and what the model is told of it.
 * Its document is the call, its text the result as it was; the run's record keeps both.
 */
export async function toEvidence(
  text: string,
  { id: callId, name, arguments: args }: ToolCall,
  addPassages: ToolContext["addPassages"],
): Promise<string> {
  const [passage] = await addPassages([
    {
      label: 1,
      chunkId: `${args}\n${text}`,
      collection: `${TOOL_COLLECTION}${name}`,
      documentId: callId,
      title: name,
      location: { headings: [] },
      start: 0,
      end: text.length,
      text,
      score: 0,
      trail: { [`${TOOL_COLLECTION}${name}`]: 1 },
      metadata: {},
    },
  ]);
  if (passage === undefined) return text;
  return JSON.stringify({ label: passage.label, text });
}
