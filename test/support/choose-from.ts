/** What the extractive answerer quotes. */
import { expect } from "vitest";
import type { Passage } from "../../src/domain/event.ts";
import { extract } from "../../src/grounding/extract/extractive.ts";
import { wordEmbedder } from "./collections.ts";

const { signal } = new AbortController();

/** The texts chosen, in order; each stands where its candidate says. */
export async function chooseFrom(
  question: string,
  ...passages: readonly Passage[]
): Promise<readonly string[]> {
  const { chosen } = await extract(question, passages, wordEmbedder, signal);
  for (const { candidate } of chosen) {
    const { text, start } = candidate.passage;
    expect(text.slice(candidate.start - start, candidate.end - start)).toBe(candidate.text);
  }
  return chosen.map(({ candidate }) => candidate.text);
}
