/** Which of the question's words a text holds, or comes close to: in meaning, or in spelling. */
import type { Embedder } from "../../models/model.ts";
import { dot } from "../../text/dot.ts";
import { compareSpelling, SPELT_ALIKE_MIN, toSpelling } from "../../text/spelling.ts";
import { isFunctionStem, type Word } from "../../text/words.ts";
import { embedTexts } from "./embed-texts.ts";

/** The likeness of a stem of the question to the closest word of a text: 1 where it is that word. */
export type Likeness = ReadonlyMap<string, number>;
/** Below, the closest word is another thing: of `rooms` nothing is said beside `places`. */
export const KNOWN_LIKENESS_MIN = 0.5;

/** A text's words, and the stems that are known by them. */
export interface There {
  readonly words: readonly Word[];
  readonly known: ReadonlySet<string>;
}

/**
 * For each stem asked, how close the closest word there comes, from 0 to 1. `embedder` must be local; without one
 * words are close in spelling alone.
 */
export async function compareWords(
  asked: readonly Word[],
  there: There,
  embedder: Embedder | undefined,
  signal: AbortSignal,
): Promise<Likeness> {
  const { known } = there;
  const likeness = new Map(asked.map(({ stem }) => [stem, known.has(stem) ? 1 : 0]));
  const open = distinct(asked.filter(({ stem }) => !known.has(stem)));
  if (open.length === 0) return likeness;
  const others = distinct(there.words.filter(({ stem }) => !isFunctionStem(stem)));
  const texts = [...open, ...others].map(({ surface }) => surface.toLowerCase());
  const vectors = embedder === undefined ? [] : await embedTexts(embedder, texts, signal);
  const spellings = others.map(({ stem }) => toSpelling(stem));
  for (const [index, { stem }] of open.entries()) {
    const spelling = toSpelling(stem);
    let closest = 0;
    for (const [other, its] of spellings.entries()) {
      const spelt = compareSpelling(spelling, its);
      const meant = dot(vectors[index], vectors[open.length + other]);
      closest = Math.max(closest, meant, spelt >= SPELT_ALIKE_MIN ? spelt : 0);
    }
    likeness.set(stem, closest);
  }
  return likeness;
}

/** Of more words than that, each says little. */
const WEIGHED_WORDS_MAX = 40;

/**
 * How much of a question's meaning each of its stems carries: what the other words alone are further from. `come` and
 * `located` carry little, `prokaryotic` a lot. All the same where that cannot be told.
 */
export async function weighStems(
  asked: readonly Word[],
  embedder: Embedder | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const words = distinct(asked);
  const even = new Map(words.map(({ stem }) => [stem, 1]));
  const isTold = words.length > 1 && words.length <= WEIGHED_WORDS_MAX;
  if (embedder === undefined || !isTold) return even;
  const without = (left: number): string =>
    words.flatMap(({ surface }, at) => (at === left ? [] : surface.toLowerCase())).join(" ");
  const texts = [without(-1), ...words.map((_, at) => without(at))];
  const [whole, ...rest] = await embedTexts(embedder, texts, signal);
  const weights = words.map((_, at) => Math.max(0, 1 - dot(whole, rest[at])));
  if (whole === undefined || weights.every((weight) => weight === 0)) return even;
  return new Map(words.map(({ stem }, at) => [stem, weights[at] ?? 0]));
}

/** Each stem once: other forms of a word add nothing. */
function distinct(words: readonly Word[]): readonly Word[] {
  return [...new Map(words.map((word) => [word.stem, word])).values()];
}
