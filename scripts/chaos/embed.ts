/** Deterministic vectors: equal texts get equal ones, and texts that share words get similar ones. */
import { createRandom, hashText } from "./random.ts";

/** Unit vectors of words, kept: a bench sends the same words again and again. */
const known = new Map<string, Float64Array>();
const KNOWN_MAX = 20_000;

/** The text's vector of unit length: the mean of its words' own directions. A text without words has one too. */
export function embedText(text: string, dimensions: number): readonly number[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text];
  const sum = new Float64Array(dimensions);
  for (const word of new Set(words)) {
    const direction = toDirection(word.slice(0, 8), dimensions);
    for (let at = 0; at < dimensions; at += 1) sum[at] = (sum[at] ?? 0) + (direction[at] ?? 0);
  }
  const norm = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
  return Array.from(sum, (value) => Math.round((value / norm) * 1e7) / 1e7);
}

function toDirection(word: string, dimensions: number): Float64Array {
  const key = `${dimensions} ${word}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const random = createRandom(hashText(word));
  const direction = Float64Array.from({ length: dimensions }, () => random() * 2 - 1);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, direction);
  return direction;
}
