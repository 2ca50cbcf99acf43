/** When two asks are the same question: same caller and rights, same words, same settings. */
import type { Ask } from "../../domain/ask.ts";
import { toKey } from "../../json/to-key.ts";

/**
 * Equal for asks that one run can answer. The words count as they are, but for blanks and the form of
 * their letters (Unicode NFC); the deadline does not count.
 */
export function toRunKey(ask: Ask): string {
  const { question, caller, deadlineMs: _deadlineMs, collections, ...settings } = ask;
  return toKey([
    caller.id,
    [...caller.scopes].toSorted(),
    caller.collections === undefined ? null : [...caller.collections].toSorted(),
    question.normalize("NFC").replace(/\s+/g, " ").trim(),
    collections.toSorted(),
    settings,
  ]);
}
