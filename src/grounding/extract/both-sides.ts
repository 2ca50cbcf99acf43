/** Answers to a question that compares two things: what is told of each, for the asker to compare. */
import { splitComparison } from "../../text/comparison.ts";
import type { Chosen, Extract } from "./extractive.ts";

/**
 * The best of what answers for either side; undefined where nothing is compared, or neither has an answer. What there
 * is of one alone is no answer, and of use all the same.
 */
export async function chooseSides(
  question: string,
  choose: (side: string) => Promise<Extract>,
): Promise<Extract | undefined> {
  const sides = splitComparison(question);
  if (sides === undefined) return undefined;
  const [one, other] = [await choose(sides[0]), await choose(sides[1])];
  const [first, second] = [toBest(one), toBest(other)];
  if (first === undefined && second === undefined) return undefined;
  if (first === undefined || second === undefined) {
    return { chosen: [first ?? second].flatMap((best) => best ?? []), answerable: 0 };
  }
  const answerable = Math.min(one.answerable, other.answerable);
  if (!meets(first, second)) return { chosen: [first, second], answerable };
  const [longer = first] = [first, second].toSorted((a, b) => toLength(b) - toLength(a));
  return { chosen: [longer], answerable };
}

function toBest({ chosen }: Extract): Chosen | undefined {
  return chosen.toSorted((a, b) => b.score - a.score)[0];
}

function toLength({ candidate: { start, end } }: Chosen): number {
  return end - start;
}

/** A list and one of its items, or the same. */
export function meets({ candidate: a }: Chosen, { candidate: b }: Chosen): boolean {
  const isSamePassage =
    a.passage.documentId === b.passage.documentId && a.passage.label === b.passage.label;
  return isSamePassage && a.start < b.end && b.start < a.end;
}
