/** Is what a question asks about unknown to the passage: what is counted or told, a column or row that a table lacks? */
import { findChosen, listAsked } from "../../text/asked-thing.ts";
import { listAskedNouns } from "../../text/asked-noun.ts";
import { readKinds } from "../../text/kinds.ts";
import { readMeasure } from "../../text/measures.ts";
import { asksWhether } from "../../text/question-words.ts";
import { isRecord } from "../../text/record.ts";
import { toStems } from "../../text/stems.ts";
import type { Candidate } from "../sentence-features.ts";
import { KNOWN_LIKENESS_MIN, type Likeness } from "./likeness.ts";

/** The same for any word of a question that asks whether: its answer has to speak of all. */
const WHETHER_LIKENESS_MIN = 0.4;

/** Asks for whatever there is. */
const CAN_YOU = /^\W*(?:can|could|will|would|do) you\b/iu;
/** Said of anything, whatever is asked. */
const IDLE: ReadonlySet<string> = new Set(
  toStems(
    "need make made get got have take bring use want like go come give every any all also still ever already possible allow permit really please one people",
  ),
);

/** The same of a question in German, French or Spanish, by what it counts, prices or wants told; a word is known by its spelling alone. */
export function isAskedNounUnknown(question: string, likeness: Likeness): boolean {
  return listAskedNouns(question).some((thing) => isLikeNothing(thing, likeness));
}

/**
 * Of a question in English: true where the passage has nothing like what is counted, priced or told; like a word of a question that asks whether;
 * where a row or a record answers, like the column that is asked for; and where a whole table does, like what its row
 * would be named by.
 */
export function isAskedUnknown(question: string, best: Candidate, likeness: Likeness): boolean {
  const isUnknown = (thing: string): boolean => isLikeNothing(thing, likeness);
  if (listAsked(question).some(isUnknown) || lacksAnyWord(question, likeness)) return true;
  const { header, lead, text } = best;
  if (header === undefined && !isRecord(text)) return false;
  const chosen = findChosen(question);
  if (chosen !== undefined && isUnknown(chosen)) return true;
  return lead !== undefined && asksForRow(question) && listThings(question).some(isUnknown);
}

function isLikeNothing(thing: string, likeness: Likeness): boolean {
  const known = toStems(thing).flatMap((stem) => likeness.get(stem) ?? []);
  return known.length > 0 && Math.max(...known) < KNOWN_LIKENESS_MIN;
}

function lacksAnyWord(question: string, likeness: Likeness): boolean {
  if (!asksWhether(question) || CAN_YOU.test(question)) return false;
  return [...likeness].some(([stem, like]) => like < WHETHER_LIKENESS_MIN && !IDLE.has(stem));
}

/** One of several that have a row each, not which there are. */
function asksForRow(question: string): boolean {
  return readKinds(question) === undefined && !/^\W*(?:which|list)\b/iu.test(question);
}

const THING =
  /(?<![\p{L}\p{N}])(?:for|of|in|to|on|at|with|an?|the|my)\s+(?=(?<thing>(?:\p{Ll}[\p{Ll}-]*\s?){1,3}))/gu;

/** What stands behind an article or a preposition, but for the measure asked. */
function listThings(question: string): readonly string[] {
  const measure = readMeasure(question);
  return [...question.matchAll(THING)].map(({ groups }) =>
    (groups?.["thing"] ?? "")
      .split(/\s/u)
      .filter((word) => toStems(word).every((stem) => measure?.words.has(stem) !== true))
      .join(" "),
  );
}
