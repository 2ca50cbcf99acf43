/** Passages that follow one another in their document: what was cut between them belongs together. */
import type { Passage } from "../domain/event.ts";

/** Between chunks are blanks alone. */
const BLANKS_MAX = 4;

/** Does a passage end right where another one begins? */
export function isRightBefore(before: Passage, passage: Passage): boolean {
  const gap = passage.start - before.end;
  return (
    before.documentId === passage.documentId &&
    before.collection === passage.collection &&
    gap >= 0 &&
    gap <= BLANKS_MAX
  );
}
