/** Identifiers as programs have them, `RUNS_MAX` or `--dry-run`: what has only the words of one is about something else. */
import { type Candidate, toPlace } from "../sentence-features.ts";

const IDENTIFIER =
  /(?<![\p{L}\p{N}_-])(?:[\p{L}\p{N}]+(?:_[\p{L}\p{N}]+)+|--\p{L}[\p{L}\p{N}]*(?:-[\p{L}\p{N}]+)*)/gu;

/**
 * Tells candidates that have no identifier of the question, neither in their own words nor above them, where others
 * have one; none where the question has none, or no candidate has it.
 */
export function createOtherTest(
  question: string,
  candidates: readonly Candidate[],
): (candidate: Candidate) => boolean {
  const asked = new Set(toIdentifiers(question));
  const isMeant = (candidate: Candidate): boolean =>
    toIdentifiers(`${toPlace(candidate)}\n${candidate.text}`).some((one) => asked.has(one));
  if (asked.size === 0 || !candidates.some(isMeant)) return () => false;
  return (candidate) => !isMeant(candidate);
}

function toIdentifiers(text: string): readonly string[] {
  return (text.match(IDENTIFIER) ?? []).map((one) => one.toLowerCase());
}
