/** How a collection's text becomes terms in an object: folded, without stop words, English stems. */
import { stemmer } from "stemmer";
import type { CollectionSpec } from "../../domain/collection.ts";
import { toHex } from "../../text/hex.ts";

export type Analyser = Pick<CollectionSpec, "language" | "tokenizer">;

const WORD = /[\p{Alphabetic}\p{N}]+/gu;
const MARKS = /\p{M}+/gu;
const PLAIN = /^[a-z]+$/;
/** The rest of a longer word says nothing more. */
const TERM_CHARS_MAX = 64;
/** What LanceDB's English analysis leaves out, so that a collection is searched for the same words in both stores. */
const STOP_WORDS =
  "i me my myself we our ours you your yours yourself he him his himself she her hers herself it " +
  "its itself they them their theirs what which who whom this that these those am is are was were " +
  "be been being have has had having do did doing a an the and but if or as until while of at by " +
  "for with about against between into through after below to from up down in out on off over " +
  "under again further then here there when where how all both each few more most other others some such " +
  "no nor not own owns same so than too s t can will just don should now d ll m o re ve y ain aren " +
  "couldn didn doesn hadn hasn haven isn ma mightn mustn needn shan shouldn wasn weren won wouldn";
export const STOPPED: ReadonlySet<string> = new Set(STOP_WORDS.split(" "));

/** Terms in order, with repetitions. Languages other than English are folded and not stemmed. */
export function analyse(text: string, { language, tokenizer }: Analyser): readonly string[] {
  const isEnglish = language === "english";
  const terms: string[] = [];
  for (const word of split(text.toWellFormed(), tokenizer)) {
    const folded = word.normalize("NFKD").replace(MARKS, "").toLowerCase().slice(0, TERM_CHARS_MAX);
    if (folded === "" || (isEnglish && STOPPED.has(folded))) continue;
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
  return `zz${toHex(new TextEncoder().encode(term))}`;
}
