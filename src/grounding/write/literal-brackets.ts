/** Which numbers in brackets are no citation: an index, a list in code or data, a year. */

/** No label is larger, unless there is a passage of that very label. */
const LABEL_MAX = 999;
/** So much of the line before a bracket is read. */
const LEAD_CHARS = 64;
/** `max_retries[1]`, `$rows[1][2]`: no word of a sentence has these signs. */
const INDEXED = /[\w$]*[_$][\w$]*(?:\[\d+\])*$/;
/** `sizes = [10, 20]`, `"sizes": [10, 20]`. */
const ASSIGNED = /(?:=|["']\s*:)\s*$/;
/** The next ones of `[[1, 2], [3, 4]]`. */
const LISTED = /\[\[\s*\d+\s*,[\d\s,]*\](?:,\s*\[[\d\s,]*\])*,\s*$/;

/** The end of the line that comes before `end` of a text, or of what was `before` it. */
export function readLead(before: string, text: string, end = text.length): string {
  const near = (before + text.slice(Math.max(0, end - LEAD_CHARS), end)).slice(-LEAD_CHARS);
  return near.slice(near.lastIndexOf("\n") + 1);
}

/** Does what stands before a bracket, up to it, make it a part of code or data? */
export function isLiteralBehind(lead: string): boolean {
  return INDEXED.test(lead) || ASSIGNED.test(lead) || LISTED.test(lead);
}

/** Right before `[0]` these make it an index: `argv[0]`. */
const BEFORE_INDEX = /[\w$)]$/;

/**
 * Labels begin at 1 and are small: `[0, 50]` and `[2019]` can be none. `[0]` alone is the marker of a model that
 * counts from 0, unless what stands before it, up to it, makes it an index.
 */
export function canBeLabels(
  numbers: readonly number[],
  lead: string,
  hasLabel: (label: number) => boolean,
): boolean {
  if (numbers.length === 1 && numbers[0] === 0) return !BEFORE_INDEX.test(lead);
  return numbers.every((one) => one >= 1 && (one <= LABEL_MAX || hasLabel(one)));
}
