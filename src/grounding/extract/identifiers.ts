/** Identifiers as programs have them, `RUNS_MAX` or `--dry-run`: what has only the words of one is about something else. */
import { toQuestionWords } from "../../text/question-words.ts";
import { toStems } from "../../text/stems.ts";
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

/**
 * Tells candidates that have no word of the question but those of its identifiers, where others that have an identifier,
 * in their own words or above them, have another one: asked for the default of a setting, a sentence that merely names it.
 */
export function createNamingTest(
  question: string,
  candidates: readonly Candidate[],
): (candidate: Candidate) => boolean {
  const asked = new Set(toIdentifiers(question));
  const named = listIdentifierStems(question);
  const others = new Set(
    toQuestionWords(question).flatMap(({ stem }) => (named.has(stem) ? [] : stem)),
  );
  const isMore = ({ words }: Candidate): boolean => words.some(({ stem }) => others.has(stem));
  const isBoth = (candidate: Candidate): boolean =>
    isMore(candidate) &&
    toIdentifiers(`${toPlace(candidate)}\n${candidate.text}`).some((one) => asked.has(one));
  if (asked.size === 0 || !candidates.some(isBoth)) return () => false;
  return (candidate) => !isMore(candidate);
}

/** Stems of the words that the identifiers of a text are made of. */
export function listIdentifierStems(text: string): ReadonlySet<string> {
  return new Set(toIdentifiers(text).flatMap((one) => toStems(one)));
}

function toIdentifiers(text: string): readonly string[] {
  return (text.match(IDENTIFIER) ?? []).map((one) => one.toLowerCase());
}
