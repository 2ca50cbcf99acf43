/** Makes a true sentence false in one place: another number, another name, the opposite. */
import { toQuantities } from "../../src/text/numbers.ts";
import { isFunctionStem, toWords } from "../../src/text/words.ts";
import type { EvalDocument } from "./beir.ts";

export const SWAPS = [
  "number",
  "near-number",
  "name",
  "near-name",
  "opening",
  "negation",
  "passage",
] as const;
export type Swap = (typeof SWAPS)[number];

/** Swaps take numbers and names of the other documents; `near` ones those of the same document. */
export function createSwaps(documents: readonly EvalDocument[]) {
  const names = documents.flatMap(({ text }) => toNames(text));
  let turn = 0;
  const pick = (from: readonly string[], not: string): string | undefined => {
    for (let tries = 0; tries < from.length; tries += 1) {
      turn += 7919;
      const one = from[turn % from.length];
      if (one !== undefined && !not.toLowerCase().includes(one.toLowerCase())) return one;
    }
    return undefined;
  };
  return {
    /** Undefined where the sentence has nothing of the kind. */
    swap: (
      kind: Exclude<Swap, "passage">,
      sentence: string,
      document: EvalDocument,
    ): string | undefined => {
      if (kind === "negation") return negate(sentence);
      if (kind === "number") {
        const digits = /(?<![\p{L}\p{N}.,])\d+(?![\p{L}\p{N}.,]\d)/u.exec(sentence);
        if (digits === null) return undefined;
        turn += 1;
        return replace(
          sentence,
          digits.index,
          digits[0],
          String(Number(digits[0]) + 1 + (turn % 9)),
        );
      }
      if (kind === "near-number") {
        const own = toQuantities(sentence).map(({ value }) => value);
        const others = toQuantities(document.text).map(({ value }) => value);
        const digits = /(?<![\p{L}\p{N}.,])\d+(?![\p{L}\p{N}.,]\d)/u.exec(sentence);
        const other = others.find((value) => !own.includes(value));
        return digits === null || other === undefined
          ? undefined
          : replace(sentence, digits.index, digits[0], other);
      }
      if (kind === "opening") {
        const other = pick(names, `${document.title} ${document.text}`);
        return other === undefined ? undefined : replaceOpening(sentence, other);
      }
      const [name] = toNames(sentence);
      if (name === undefined) return undefined;
      const from = kind === "name" ? names : toNames(document.text);
      const other = pick(from, kind === "name" ? `${document.title} ${document.text}` : sentence);
      return other === undefined
        ? undefined
        : replace(sentence, sentence.indexOf(name, 1), name, other);
    },
  };
}

/** The first word, where it has a capital and a meaning and no name follows it. */
function replaceOpening(sentence: string, other: string): string | undefined {
  const first = /^\p{Lu}\p{L}{2,}(?=\s\p{Ll})/u.exec(sentence)?.[0];
  if (first === undefined || isFunctionStem(toWords(first)[0]?.stem ?? "")) return undefined;
  return replace(sentence, 0, first, other);
}

function replace(text: string, at: number, old: string, fresh: string): string {
  return text.slice(0, at) + fresh + text.slice(at + old.length);
}

/** Words with a capital that do not begin a sentence. */
function toNames(text: string): readonly string[] {
  const words = toWords(text);
  return words.flatMap(({ surface, stem, start }, index) => {
    const isInside = index > 0 && /[\p{L},]\s+$/u.test(text.slice(Math.max(0, start - 3), start));
    return isInside && /^\p{Lu}\p{L}{2,}$/u.test(surface) && !isFunctionStem(stem) ? [surface] : [];
  });
}

/** Puts in a "not", or takes one out. */
function negate(sentence: string): string | undefined {
  if (/\bnot\s/.test(sentence)) return sentence.replace(/\bnot\s/, "");
  const verb = /\b(?:is|are|was|were|can|could|will|would|has|had|have|does|did|may|must|should)\b/;
  return verb.test(sentence) ? sentence.replace(verb, "$& not") : undefined;
}
