/** Does a claim speak of all, or of always, where the evidence does not? */
import { findOperators } from "../../text/operators.ts";
import { isFunctionStem } from "../../text/words.ts";
import type { Evidence, Said } from "./evidence.ts";
import { listNear } from "./list-near.ts";
import type { Reading } from "./reading.ts";

const ALWAYS =
  /^(?:always|everyone|everybody|anyone|anybody|everything|immer|stets|toujours|siempre)$/iu;
/** Before a noun they say that it is not all of them. */
const DETERMINED = /^(?:the|an?|this|that|these|those|some|one|two|three|half|most|many|\p{N}+)$/iu;
const NARROWING = /^(?:above|below|over|under|with|without|who|whose|that|in|of|aged)$/iu;
const BEFORE_WORDS = 2;
/** `always` in a word that the evidence lacks, or `all` of what it names but some of. */
export function isOverstated(claim: Reading, evidence: readonly Evidence[]): boolean {
  return isAlways(claim, evidence) || isOfAll(claim, evidence) || dropsException(claim, evidence);
}

const ALL =
  /(?<!\p{L})(?:all|every|everyone|everybody|everything|everywhere|each|alle[rns]?|jede[rnms]?|tous|toutes|chaque|todos|todas|cada)(?!\p{L})/iu;
const EXCEPTION =
  /(?<!\p{L})(?:except|excluding|exception|apart\s+from|ausnahme|außer|ausgenommen|sauf|excepté|hormis|excepto|salvo)(?!\p{L})/iu;

/** `It covers everyone`, of `it covers everyone apart from freelancers`. */
function dropsException(claim: Reading, evidence: readonly Evidence[]): boolean {
  if (claim.isNegated || EXCEPTION.test(claim.text) || !ALL.test(claim.text)) return false;
  const near = listNear(claim, evidence);
  return near.length > 0 && near.every(({ text }) => EXCEPTION.test(text));
}

function isAlways({ words }: Reading, evidence: readonly Evidence[]): boolean {
  return words.some(
    ({ surface, stem }) => ALWAYS.test(surface) && !evidence.some(({ stems }) => stems.has(stem)),
  );
}

function isOfAll(claim: Reading, evidence: readonly Evidence[]): boolean {
  const claimed = new Set(
    findOperators(claim.words)
      .filter(isAll)
      .map(({ of }) => of),
  );
  if (claimed.size === 0) return false;
  const near = listNear(claim, evidence);
  if (near.length === 0 || near.some(({ words }) => findOperators(words).some(isAll))) return false;
  return [...claimed].every((stem) => near.every((said) => isOfSome(stem, said, claim)));
}

function isAll({ kind, value }: { readonly kind: string; readonly value: string }): boolean {
  return kind === "amount" && value === "all";
}

/** Not them without a word that chooses, or one behind them that narrows: `requests with a body`. */
function isOfSome(stem: string, { words, heading }: Said, claim: Reading): boolean {
  if (heading.stems.has(stem)) return false;
  const isNarrowed = (at: number): boolean => {
    const rest = words.slice(at + 1);
    if (!NARROWING.test(rest[0]?.surface ?? "")) return false;
    const by = rest.find((one) => !isFunctionStem(one.stem));
    return by !== undefined && !claim.stems.has(by.stem);
  };
  return !words.some(
    (word, at) =>
      word.stem === stem &&
      !isNarrowed(at) &&
      !words
        .slice(Math.max(0, at - BEFORE_WORDS), at)
        .some(({ surface }) => DETERMINED.test(surface)),
  );
}
