/** How a collection's text becomes terms in an object: folded, without stop words, English stems. */
import { stemmer } from "stemmer";
import type { CollectionSpec } from "../../domain/collection.ts";

export type Analyser = Pick<CollectionSpec, "language" | "tokenizer">;

const WORD = /[\p{Alphabetic}\p{N}]+/gu;
const MARKS = /\p{M}+/gu;
const PLAIN = /^[a-z]+$/;
/** The rest of a longer word says nothing more. */
const TERM_CHARS_MAX = 64;
/** The stop words of Lucene's and Tantivy's English analysis. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with".split(
    " ",
  ),
);

/** Terms in order, with repetitions. Languages other than English are folded and not stemmed. */
export function analyse(text: string, { language, tokenizer }: Analyser): readonly string[] {
  const isEnglish = language === "english";
  const terms: string[] = [];
  for (const word of split(text.toWellFormed(), tokenizer)) {
    const folded = word.normalize("NFKD").replace(MARKS, "").toLowerCase().slice(0, TERM_CHARS_MAX);
    if (folded === "" || (isEnglish && STOP_WORDS.has(folded))) continue;
    terms.push(isEnglish && PLAIN.test(folded) ? stemmer(folded) : folded);
  }
  return terms;
}

function split(text: string, tokenizer: CollectionSpec["tokenizer"]): readonly string[] {
  if (tokenizer === "words") return text.match(WORD) ?? [];
  const words: string[] = [];
  for (const { segment, isWordLike } of new Intl.Segmenter("und", {
    granularity: "word",
  }).segment(text)) {
    if (isWordLike === true) words.push(segment);
  }
  return words;
}

const SAFE = /^(?!zz)[a-z0-9]+$/;

/** A term as one token of the full-text index, whatever characters it has: its UTF-8 in hexadecimal where it is not plain. */
export function toToken(term: string): string {
  if (SAFE.test(term)) return term;
  const bytes = new TextEncoder().encode(term);
  return `zz${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
