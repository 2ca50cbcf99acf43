/** How a collection's text becomes terms in an object: folded, without stop words, English stems. */
import { stemmer } from "stemmer";
import type { CollectionSpec } from "../../domain/collection.ts";
import { splitWords, STOPPED } from "../../stores/lance/split-words.ts";
import { toHex } from "../../text/hex.ts";

export type Analyser = Pick<CollectionSpec, "language" | "tokenizer">;

const MARKS = /\p{M}+/gu;
const PLAIN = /^[a-z]+$/;
/** The rest of a longer word says nothing more. */
const TERM_CHARS_MAX = 64;

/** Terms in order, with repetitions. Languages other than English are folded and not stemmed. */
export function analyse(text: string, { language, tokenizer }: Analyser): readonly string[] {
  const isEnglish = language === "english";
  const terms: string[] = [];
  for (const word of splitWords(text, tokenizer)) {
    const folded = word.normalize("NFKD").replace(MARKS, "").toLowerCase().slice(0, TERM_CHARS_MAX);
    if (folded === "" || (isEnglish && STOPPED.has(folded))) continue;
    terms.push(isEnglish && PLAIN.test(folded) ? stemmer(folded) : folded);
  }
  return terms;
}

const SAFE = /^(?!zz)[a-z0-9]+$/;

/** A term as one token of the full-text index, whatever characters it has: its UTF-8 in hexadecimal where it is not plain. */
export function toToken(term: string): string {
  if (SAFE.test(term)) return term;
  return `zz${toHex(new TextEncoder().encode(term))}`;
}
