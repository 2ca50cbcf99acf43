/** A list or table that was cut between passages is quoted in all its parts, where they were found: one of them would look like all of it. */
import type { Passage } from "../../domain/event.ts";
import type { Candidate } from "../sentence-features.ts";

/** Between chunks are blanks alone. */
const BLANKS_MAX = 4;

/** The chosen ones in order, each list with those of `all` that carry it on before and behind it. */
export function joinCutLists<T extends { readonly candidate: Candidate }>(
  chosen: readonly T[],
  all: readonly T[],
): readonly T[] {
  const lists = all.filter(({ candidate }) => isList(candidate));
  const joined: T[] = [];
  for (const one of chosen) {
    for (const part of isList(one.candidate) ? toParts(one, lists) : [one]) {
      if (!joined.some(({ candidate }) => candidate === part.candidate)) joined.push(part);
    }
  }
  return joined;
}

function toParts<T extends { readonly candidate: Candidate }>(
  one: T,
  lists: readonly T[],
): readonly T[] {
  const parts = [one];
  for (;;) {
    const [first = one, last = one] = [parts[0], parts.at(-1)];
    const before = lists.find(({ candidate }) => goesOn(candidate, first.candidate));
    const behind = lists.find(({ candidate }) => goesOn(last.candidate, candidate));
    if (before !== undefined) parts.unshift(before);
    if (behind !== undefined) parts.push(behind);
    if (before === undefined && behind === undefined) return parts;
  }
}

function isList({ lead, code, isPassedOver }: Candidate): boolean {
  return lead !== undefined && code === undefined && isPassedOver !== true;
}

/** Does a list end its passage, and another one begin the next? A table goes on below the same names alone. */
function goesOn(before: Candidate, behind: Candidate): boolean {
  if (!isRightBefore(before.passage, behind.passage) || before.passage === behind.passage) {
    return false;
  }
  if (behind.passage.location.columns !== before.header?.text) return false;
  const rest = before.passage.text.slice(before.end - before.passage.start);
  const start = behind.passage.text.slice(0, behind.start - behind.passage.start);
  return rest.trim() === "" && start.trim() === "";
}

/** Does a passage end right where another one begins? */
function isRightBefore(before: Passage, passage: Passage): boolean {
  const gap = passage.start - before.end;
  return (
    before.documentId === passage.documentId &&
    before.collection === passage.collection &&
    gap >= 0 &&
    gap <= BLANKS_MAX
  );
}
