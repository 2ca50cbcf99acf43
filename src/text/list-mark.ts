/** The number of a list item, which numbers what is said and is no part of it. */
import { beginsWithMonth } from "./dates.ts";

const MARK =
  /^[\s>*_#+•-]*(?:(?:\(\p{Nd}{1,3}\)|\p{Nd}{1,3}[.)])[*_]*\s+|(?:（\p{Nd}{1,3}）|\p{Nd}{1,3}[、．）])\s*)/u;
/** A sentence that goes on in small letters or with another ordinal is no item: `1. 4. 2023`. */
const GOES_ON = /^(?:\p{Ll}|\p{Nd}{1,2}\.\s?\p{Nd})/u;
/** `3、4月` are two months. */
const IS_PAIR = /、\p{Nd}/u;

/** `Step 2: ...` */
const STEP =
  /^[\s>*_#+•-]*(?:step|schritt|étape|etape|paso)\s+\p{Nd}{1,3}[*_]*\s*(?:[:.)]|\s[–—-])[*_]*\s+(?=\S)/iu;

/** The sentence as it would be outside of a numbered list. */
export function withoutListMark(sentence: string): string {
  const step = STEP.exec(sentence)?.[0];
  if (step !== undefined) return sentence.slice(step.length);
  const mark = MARK.exec(sentence)?.[0] ?? "";
  const rest = sentence.slice(mark.length);
  const isMark = !GOES_ON.test(rest) && !IS_PAIR.test(sentence.slice(0, mark.length + 1));
  return isMark && !beginsWithMonth(rest) ? rest : sentence;
}
