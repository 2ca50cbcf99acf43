/** What a sentence quotes, and whether it is nothing but a quotation. */
import { isFramingWord } from "../../text/framing-words.ts";
import { isNegated } from "../../text/negation.ts";
import type { Quantity } from "../../text/numbers.ts";
import { holdsQuantity } from "../../text/quantity-index.ts";
import { isFunctionStem, toWords, type Word } from "../../text/words.ts";
import { type Evidence, toLine } from "./evidence.ts";
import type { Reading } from "./reading.ts";

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
  readonly claim: Pick<Reading, "words">;
  readonly content: ReadonlySet<string>;
  readonly quantities: readonly Quantity[];
}

/** Is it a sentence of the evidence, or a quotation and who is quoted? */
export function isVerbatim(
  sentence: string,
  { claim, content, quantities }: Claimed,
  evidence: readonly Evidence[],
): boolean {
  const isSaid = evidence.some(
    (one) =>
      // Passages are read for those alone that have all the words.
      content.isSubsetOf(one.stems) &&
      one.sentences.some(
        (said) =>
          hasSameStems(said.words, claim.words) &&
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

function hasSameStems(words: readonly Word[], others: readonly Word[]): boolean {
  return words.length === others.length && words.every(({ stem }, at) => stem === others[at]?.stem);
}
