/** What a sentence quotes, and whether it is nothing but a quotation. */
import { isFramingWord } from "../../text/framing-words.ts";
import { isNegated } from "../../text/negation.ts";
import type { Quantity } from "../../text/numbers.ts";
import { holdsQuantity } from "../../text/quantity-index.ts";
import { isFunctionStem, toWords } from "../../text/words.ts";
import { type Evidence, toLine } from "./evidence.ts";

const QUOTATION = /["“„«]([^"“”„«»]{12,400})["”»]/gu;
const QUOTATION_WORDS_MIN = 3;
/** `The manual says: "..."` */
const QUOTED_WORDS_MAX = 1;

/** Does all that the sentence quotes at some length occur in the evidence, word for word? */
export function holdsQuotations(sentence: string, evidence: readonly Evidence[]): boolean {
  return toQuotations(sentence).every((line) => evidence.some((one) => one.line.includes(line)));
}

/** Quoted spans of some length, as they would stand in the evidence. */
function toQuotations(sentence: string): readonly string[] {
  return [...sentence.matchAll(QUOTATION)].flatMap(([, quoted = ""]) => {
    const line = toLine(quoted);
    return line.trim().split(" ").length >= QUOTATION_WORDS_MIN ? [line] : [];
  });
}

interface Claimed {
  readonly content: ReadonlySet<string>;
  readonly quantities: readonly Quantity[];
}

/** Is it a sentence of the evidence, or a quotation and who is quoted? */
export function isVerbatim(
  sentence: string,
  { content, quantities }: Claimed,
  evidence: readonly Evidence[],
): boolean {
  const line = toLine(sentence);
  const isSaid = evidence.some(
    (one) =>
      // Lines of passages are made for those alone that have all the words.
      content.isSubsetOf(one.stems) &&
      one.line.includes(line) &&
      one.sentences.some(
        (said) =>
          toLine(said.text) === line &&
          quantities.every((one) => holdsQuantity(said.quantities, one)),
      ),
  );
  if (isSaid) return true;
  if (toQuotations(sentence).length === 0) return false;
  const rest = sentence.replaceAll(QUOTATION, " ");
  const telling = toWords(rest).filter(
    (word) => !isFunctionStem(word.stem) && !isFramingWord(word),
  );
  return telling.length <= QUOTED_WORDS_MAX && !isNegated(rest);
}
