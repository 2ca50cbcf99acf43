/** The heading that a quotation cannot be understood without: which of several versions, offices or quarters it is about. */
import { holdsAnswerType, toAnswerType } from "../../text/answer-type.ts";
import { isExact } from "../../text/names.ts";
import { toQuestionWords } from "../../text/question-words.ts";
import type { Span } from "../../text/sentences.ts";
import { toWords, type Word } from "../../text/words.ts";
import { listHeadings } from "../sections.ts";
import type { Candidate } from "../sentence-features.ts";
import { listIdentifierStems } from "./identifiers.ts";

export interface ShownHeading {
  readonly text: string;
  /** Where it stands in the document, if in the candidate's passage. */
  readonly place: Span | undefined;
}

/**
 * The last heading above the candidate, where it and neither the candidate nor the title has what is asked for: a name
 * or number of the question, the time, or what stands behind "which". None where it is the question. Where the candidate
 * goes on with an entry of a list, the entry's term for any word of the question, or else that heading. A term with a line
 * of its own is shown at all times: what stands below `-m, --create-home` tells what it does, and not what it is called.
 */
export function toShownHeading(question: string, candidate: Candidate): ShownHeading | undefined {
  const { passage, section, term } = candidate;
  if (term !== undefined) {
    const { fresh } = readHeading(term, candidate);
    const isAsked = toQuestionWords(question).some(({ stem }) => fresh.has(stem));
    const place = findPlace(term, candidate);
    if (isAsked || isOwnLine(place, candidate)) return { text: term, place };
  }
  const heading = listHeadings(passage, section).at(term === undefined ? -1 : -2);
  if (heading === undefined || heading === passage.title || /[?？]\s*$/u.test(heading)) {
    return undefined;
  }
  return isTold(question, heading, candidate)
    ? { text: heading, place: findPlace(heading, candidate) }
    : undefined;
}

/** Has the heading alone what is asked for? */
function isTold(question: string, heading: string, candidate: Candidate): boolean {
  const { text, words } = candidate;
  const read = readHeading(heading, candidate);
  const identifiers = listIdentifierStems(question);
  const [which] = toWords(WHICH.exec(question)?.[1] ?? "");
  const isNamed = toQuestionWords(question).some(
    (word) =>
      read.fresh.has(word.stem) &&
      (isExact(word, question) || identifiers.has(word.stem) || word.stem === which?.stem),
  );
  return (
    isNamed ||
    (["time", "condition"].includes(toAnswerType(question)) &&
      holdsAnswerType("time", { text: heading, words: read.words }, read.fresh) &&
      !holdsAnswerType("time", { text, words }, read.fresh))
  );
}

/** The words of a heading, and the stems that neither the candidate nor the title has. */
function readHeading(
  heading: string,
  { passage, text, header }: Candidate,
): { readonly words: readonly Word[]; readonly fresh: ReadonlySet<string> } {
  const own = new Set(
    toWords(`${passage.title}\n${header?.text ?? ""}\n${text}`).map(({ stem }) => stem),
  );
  const words = toWords(heading);
  return {
    words,
    fresh: new Set(words.map(({ stem }) => stem).filter((stem) => !own.has(stem))),
  };
}

const WHICH = /(?:^|\s)(?:which|what)\s+(\p{L}+)/iu;

function isOwnLine(place: Span | undefined, { passage }: Candidate): boolean {
  if (place === undefined) return false;
  return /^[^\S\n]*\n/u.test(passage.text.slice(place.end - passage.start));
}

function findPlace(heading: string, { passage, start }: Candidate): Span | undefined {
  const above = passage.text.slice(0, start - passage.start);
  const at = above.lastIndexOf(heading);
  const from = passage.start + at;
  return at < 0 ? undefined : { start: from, end: from + heading.length };
}
