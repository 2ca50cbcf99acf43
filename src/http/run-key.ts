/** When two asks are the same question: same caller and rights, same words, same settings. */
import type { Ask } from "../domain/ask.ts";

/**
 * Equal for asks that one run can answer. The words count as they are, but for blanks and the form of
 * their letters (Unicode NFC); the deadline does not count.
 */
export function toRunKey(ask: Ask): string {
  const { question, caller, deadlineMs: _deadlineMs, collections, ...settings } = ask;
  return JSON.stringify([
    caller.id,
    [...caller.scopes].toSorted(),
    caller.collections === undefined ? null : [...caller.collections].toSorted(),
    question.normalize("NFC").replace(/\s+/g, " ").trim(),
    collections.toSorted(),
    sortKeys(settings),
  ]);
}

/** Objects that hold the same are written the same. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}
