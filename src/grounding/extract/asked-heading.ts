/** Passages that stand under the very question: then what they begin with is the answer, whatever words it has. */
import { toContentStems } from "../../text/words.ts";
import type { Candidate } from "../sentence-features.ts";

/** So much of the content words of both must be common to them: "How do I reset my grinder?" asks the same. */
const SHARE_MIN = 0.7;
/** `Yes.` says nothing alone, and belongs to what follows it. */
const PARTICLE_CHARS_MAX = 12;

/**
 * What stands right below the question, where a heading asks it, as an entry of a list of questions has it; else
 * nothing. `all`: what can be quoted, in order; of what stands under such headings, the first by `all`.
 */
export function answerBelow<T extends { readonly candidate: Candidate }>(
  question: string,
  all: readonly T[],
): readonly T[] {
  const sections = [...Map.groupBy(all, ({ candidate }) => candidate.section).values()];
  const [first, ...rest] =
    sections.find(([one]) => one !== undefined && isAsked(question, one.candidate)) ?? [];
  if (first === undefined) return [];
  return [{ ...first, candidate: withParticle(first.candidate) }, ...rest];
}

function isAsked(question: string, { passage: { title, location }, section }: Candidate): boolean {
  const heading = section.at(-1) ?? location.headings.at(-1) ?? title;
  return /[?？]\s*$/u.test(heading) && isSame(question, heading);
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
