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
