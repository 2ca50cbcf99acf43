/** Passages that stand under the very question, or what its keywords name: then what they begin with is the answer, whatever words it has. */
import { isFunctionStem, toContentStems, toWords } from "../../text/words.ts";
import type { Candidate } from "../sentence-features.ts";

/** So much of the content words of both must be common to them: "How do I reset my grinder?" asks the same. */
const SHARE_MIN = 0.7;
/** `Yes.` says nothing alone, and belongs to what follows it. */
const PARTICLE_CHARS_MAX = 12;
/** More words are a sentence. */
const KEYWORDS_MAX = 5;

/**
 * What stands right below the question, where a heading asks it, as an entry of a list of questions has it, or below the
 * heading that keywords are; else nothing. `all`: what can be quoted, in order; of what stands under such headings, the first by `all`.
 */
export function answerBelow<T extends { readonly candidate: Candidate }>(
  question: string,
  all: readonly T[],
): readonly T[] {
  const sections = [...Map.groupBy(all, ({ candidate }) => candidate.section).values()];
  const headed = sections.flatMap((section) => {
    const heading = section[0] === undefined ? "" : toHeading(section[0].candidate);
    return heading === "" ? [] : { section, heading };
  });
  const [first, ...rest] = (isKeywords(question) ? findNamed : findAsked)(question, headed) ?? [];
  if (first === undefined) return [];
  return [{ ...first, candidate: withParticle(first.candidate) }, ...rest];
}

interface Headed<T> {
  readonly section: readonly T[];
  readonly heading: string;
}

function toHeading({ passage: { title, location }, section }: Candidate): string {
  return section.at(-1) ?? location.headings.at(-1) ?? title;
}

const QUESTION = /[?？]\s*$/u;

function findAsked<T>(question: string, headed: readonly Headed<T>[]): readonly T[] | undefined {
  return headed.find(({ heading }) => QUESTION.test(heading) && isSame(question, heading))?.section;
}

/** The heading that is the keywords; else the only one that asks about them all: `E12` below "What does error E12 mean?". */
function findNamed<T>(keywords: string, headed: readonly Headed<T>[]): readonly T[] | undefined {
  const asked = toContentStems(keywords);
  const same = headed.find(({ heading }) => isSame(keywords, heading));
  const about = headed.filter(
    ({ heading }) => QUESTION.test(heading) && asked.isSubsetOf(toContentStems(heading)),
  );
  return (same ?? (about.length === 1 ? about[0] : undefined))?.section;
}

/** As one types into a search box: it begins with what it is about, and asks nothing in words. */
function isKeywords(question: string): boolean {
  const words = toWords(question);
  return (
    words.length > 0 &&
    words.length <= KEYWORDS_MAX &&
    !QUESTION.test(question) &&
    words.every(({ stem }) => !isFunctionStem(stem))
  );
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [toContentStems(one), toContentStems(other)];
  const all = a.union(b).size;
  return all > 0 && a.intersection(b).size / all >= SHARE_MIN;
}

/** With the `Yes.` or `No.` that the passage begins with. */
function withParticle(candidate: Candidate): Candidate {
  const { passage, start, end } = candidate;
  const before = passage.text.slice(0, start - passage.start);
  const particle = /(?:^|\n)([^\n]*\S)[^\S\n]*$/u.exec(before)?.[1]?.trimStart() ?? "";
  if (particle === "" || particle.length > PARTICLE_CHARS_MAX || particle.startsWith("#")) {
    return candidate;
  }
  const from = before.lastIndexOf(particle);
  const text = passage.text.slice(from, end - passage.start);
  return { ...candidate, text, start: passage.start + from };
}
