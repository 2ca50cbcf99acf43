/** Passages that stand under the very question: then what they begin with is the answer, whatever words it has. */
import { toContentStems } from "../text/words.ts";
import type { Candidate } from "./sentence-features.ts";

/** So much of the content words of both must be common to them: "How do I reset my grinder?" asks the same. */
const SHARE_MIN = 0.7;
/** `Yes.` says nothing alone, and belongs to what follows it. */
const PARTICLE_CHARS_MAX = 12;

/**
 * What the passage begins with, if that stands under the question, as an entry of a list of questions has it; else
 * nothing. `beginning`: the first of what can be quoted of the passage, in order.
 */
export function answerBelow<T extends { readonly candidate: Candidate }>(
  question: string,
  beginning: readonly T[],
): readonly T[] {
  const [first, ...rest] = beginning;
  if (first === undefined) return [];
  const { title, location } = first.candidate.passage;
  const heading = location.headings.at(-1) ?? title;
  if (!/[?？]\s*$/u.test(heading) || !isSame(question, heading)) return [];
  return [{ ...first, candidate: withParticle(first.candidate) }, ...rest];
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
