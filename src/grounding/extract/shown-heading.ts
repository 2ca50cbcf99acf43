/** The heading that a quotation cannot be understood without: which of several versions, offices or quarters it is about. */
import { holdsAnswerType, toAnswerType } from "../../text/answer-type.ts";
import { isExact } from "../../text/names.ts";
import { toQuestionWords } from "../../text/question-words.ts";
import type { Span } from "../../text/sentences.ts";
import { toWords } from "../../text/words.ts";
import { listHeadings } from "../sections.ts";
import type { Candidate } from "../sentence-features.ts";

export interface ShownHeading {
  readonly text: string;
  /** Where it stands in the document, if in the candidate's passage. */
  readonly place: Span | undefined;
}

/**
 * The last heading above the candidate, where it and neither the candidate nor the title has what is asked for: a name
 * or number of the question, the time, or what stands behind "which". None where it is the question.
 */
export function toShownHeading(question: string, candidate: Candidate): ShownHeading | undefined {
  const { passage, section, text, header } = candidate;
  const heading = listHeadings(passage, section).at(-1);
  if (heading === undefined || heading === passage.title || /[?？]\s*$/u.test(heading)) {
    return undefined;
  }
  const said = `${passage.title}\n${header?.text ?? ""}\n${text}`;
  const own = new Set(toWords(said).map(({ stem }) => stem));
  const words = toWords(heading);
  const fresh = new Set(words.map(({ stem }) => stem).filter((stem) => !own.has(stem)));
  const [which] = toWords(WHICH.exec(question)?.[1] ?? "");
  const isNamed = toQuestionWords(question).some(
    (word) => fresh.has(word.stem) && (isExact(word, question) || word.stem === which?.stem),
  );
  const isTime =
    ["time", "condition"].includes(toAnswerType(question)) &&
    holdsAnswerType("time", { text: heading, words }, fresh) &&
    !holdsAnswerType("time", { text, words: candidate.words }, fresh);
  return isNamed || isTime ? { text: heading, place: findPlace(heading, candidate) } : undefined;
}

const WHICH = /(?:^|\s)(?:which|what)\s+(\p{L}+)/iu;

function findPlace(heading: string, { passage, start }: Candidate): Span | undefined {
  const above = passage.text.slice(0, start - passage.start);
  const at = above.lastIndexOf(heading);
  const from = passage.start + at;
  return at < 0 ? undefined : { start: from, end: from + heading.length };
}
