/** Does a claim speak of all, or compare, where the evidence does neither? Its words alone cannot tell whether that is so. */
import { findOperators } from "../../text/operators.ts";
import type { Evidence, Said } from "./evidence.ts";
import type { Reading } from "./reading.ts";

const ALWAYS =
  /^(?:always|everyone|everybody|anyone|anybody|everything|immer|stets|toujours|siempre)$/iu;
/** Behind `the`; of those that merely end so, the ones that follow it most often are left out. */
const SUPERLATIVE = /^(?!.*(?:qu|t|r|w|v|gu|g)est$)(?!lat|least)\p{Ll}{2,}est$/u;
const COMPARATIVE = /^(?!.*(?:oth|rath)er$)\p{Ll}{2,}er$/u;
/** Before a noun they say that it is not all of them. */
const DETERMINED = /^(?:the|an?|this|that|these|those|some|one|two|three|half|most|many|\p{N}+)$/iu;
const BEFORE_WORDS = 2;
/** A sentence with less of the claim's words is another matter. */
const SHARE_MIN = 0.5;

/** More than it can be held against: a rank or a comparison in a word that the evidence lacks, or `all` of what it names but some of. */
export function isOverstated(claim: Reading, evidence: readonly Evidence[]): boolean {
  return isCompared(claim, evidence) || isOfAll(claim, evidence);
}

function isCompared({ words, numbers }: Reading, evidence: readonly Evidence[]): boolean {
  const isMissing = (stem: string): boolean => !evidence.some(({ stems }) => stems.has(stem));
  return words.some(({ surface, stem }, at) => {
    const [before = "", behind = ""] = [words[at - 1]?.surface, words[at + 1]?.surface];
    const isRank = SUPERLATIVE.test(surface) && /^the$/iu.test(before);
    const isMore = COMPARATIVE.test(surface) && /^than$/iu.test(behind);
    // `Longer than 60 days` bounds a number.
    const isBound = isMore && numbers.some(({ start }) => start === words[at + 2]?.start);
    return (ALWAYS.test(surface) || isRank || (isMore && !isBound)) && isMissing(stem);
  });
}

function isOfAll(claim: Reading, evidence: readonly Evidence[]): boolean {
  const claimed = new Set(
    findOperators(claim.words)
      .filter(isAll)
      .map(({ of }) => of),
  );
  if (claimed.size === 0) return false;
  const near = evidence
    .flatMap(({ sentences }) => sentences)
    .filter(({ content }) => {
      return content.intersection(claim.content).size >= claim.content.size * SHARE_MIN;
    });
  if (near.length === 0 || near.some(({ words }) => findOperators(words).some(isAll))) return false;
  return [...claimed].every((stem) => near.every((said) => isOfSome(stem, said)));
}

function isAll({ kind, value }: { readonly kind: string; readonly value: string }): boolean {
  return kind === "amount" && value === "all";
}

/** Not them without a word that chooses. */
function isOfSome(stem: string, { words, heading }: Said): boolean {
  if (heading.stems.has(stem)) return false;
  return !words.some(
    (word, at) =>
      word.stem === stem &&
      !words
        .slice(Math.max(0, at - BEFORE_WORDS), at)
        .some(({ surface }) => DETERMINED.test(surface)),
  );
}
