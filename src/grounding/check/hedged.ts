/** Does a claim tell as a fact what the evidence only supposes, plans or tells of the past? `It opened in May`, of `it is expected to open in May`. */
import { isPastForm, toVerb } from "../../text/irregular-verbs.ts";
import { isFunctionStem, type Word } from "../../text/words.ts";
import type { Evidence, Said } from "./evidence.ts";
import { listNear } from "./list-near.ts";
import type { Reading } from "./reading.ts";

/** Each is said of the word of meaning behind it. */
const SUPPOSED =
  /(?<!\p{L})(?:allegedly|reportedly|supposedly|presumably|purportedly|probably|possibly|perhaps|apparently|likely|might|(?:is|are|was|were|be|been)\s+(?:\p{L}+ly\s+)?(?:believed|thought|suspected|alleged|rumou?red|assumed|said|claimed)\s+to|consider(?:s|ing|ed)|believes?|suspects?|speculate[sd]?|allege[sd]?|vermutlich|wahrscheinlich|angeblich|mutmaßlich|möglicherweise|vielleicht|voraussichtlich|probablement|peut-être|prétendument|probablemente|posiblemente|quizás?|supuestamente|presuntamente)(?!\p{L})/giu;
const PLANNED =
  /(?<!\p{L})(?:will|could|(?:is|are|was|were)\s+to|expect(?:s|ed)?|plan(?:s|ned)?|intend(?:s|ed)?|propose[sd]?|schedul(?:ed|es)|demand(?:s|ed)?|recommend(?:s|ed)?|request(?:s|ed)?|going\s+to|set\s+to|aims?\s+to|hopes?\s+to|soll(?:en|te|ten)?|geplant|devrai(?:en)?t|prévue?s?|previst[oa]s?|planean?)(?!\p{L})/giu;
const PAST =
  /(?<!\p{L})(?:used\s+to|formerly|previously|(?:was|were)\s+once|früher|ehemals|einst|autrefois|jadis|antiguamente)(?!\p{L})/giu;
/** What makes another thing of the one right behind it. */
const OTHER =
  /(?<!\p{L})(?:vice|deputy|acting|former|assistant|interim|honorary|stellvertretende[rnms]?|ehemalige[rnms]?|ancien(?:ne)?s?)(?=[\s-])/giu;

const ANY_HEDGE = new RegExp(
  [SUPPOSED, PLANNED].map(({ source }) => `(?:${source})`).join("|") +
    String.raw`|(?<!\p{L})(?:(?<!(?:in|of|since|until|by|\p{N})\s)may|can|should|would|possibl\p{L}*|alleg\p{L}*|suppos\p{L}*|suspect\p{L}*|believ\p{L}*|thought|claim\p{L}*|according|expect\p{L}*|plan(?:s|ned)?)(?!\p{L})`,
  "iu",
);
const ANY_PAST = new RegExp(
  `${PAST.source}|(?<!\\p{L})(?:former|once|was|were|had|did|war|waren|hatte|était|avait|era|tenía|no\\s+longer|until|since|now|today|seit|depuis|desde)(?!\\p{L})`,
  "iu",
);
const AUXILIARY =
  /^(?:is|are|be|been|being|to|will|must|can|may|should|shall|the|an?|of|by|if|when|ist|sind)$/iu;
const HAVING =
  /^(?:was|were|had|has|have|did|wurden?|hat|haben|ont|été|fue|fueron|tuvo|tuvieron)$/iu;

const BREAK = /[,;:]\s|(?<!\p{L})(?:and|but|which|who|und|aber|et|mais|y|pero)(?!\p{L})/iu;

/** Is it so in every sentence that speaks of it? */
export function isHedged(
  claim: Reading,
  evidence: readonly Pick<Evidence, "sentences">[],
): boolean {
  const near = listNear(claim, evidence);
  if (near.length === 0) return false;
  const kinds = listKinds(claim);
  return near.every((said) => kinds.some((kind) => isSaidWith(kind, said, claim)));
}

/** What would take back a claim that has nothing of the kind itself. */
function listKinds({ text, words }: Reading): readonly RegExp[] {
  const isFact = !ANY_HEDGE.test(text);
  return [
    ...(isFact ? [SUPPOSED] : []),
    ...(isFact && tellsDone(words) ? [PLANNED] : []),
    ...(ANY_PAST.test(text) ? [] : [PAST]),
    OTHER,
  ];
}

function isSaidWith(kind: RegExp, said: Said, claim: Reading): boolean {
  const verbs = new Set(claim.words.map(({ surface }) => toVerb(surface)));
  const done = claim.words.filter((_, at) => isDone(claim.words, at)).map(({ stem }) => stem);
  const told = said.words.filter(({ stem }) => !isFunctionStem(stem));
  return [...said.text.matchAll(kind)].some(({ index, 0: hedge }) => {
    const end = index + hedge.length;
    const about = told.find(({ start }) => start >= end);
    if (about === undefined || claim.text.toLowerCase().includes(hedge.toLowerCase())) return false;
    const others = told.filter((word) => word !== about);
    // `It planned the works in 2010 and opened them in 2012`, `the vice president and the president`
    const isToldToo =
      kind === OTHER
        ? others.some(({ stem }) => stem === about.stem)
        : others.some(
            ({ stem, start }) =>
              done.includes(stem) && (start < index || BREAK.test(said.text.slice(end, start))),
          );
    return !isToldToo && (claim.stems.has(about.stem) || verbs.has(toVerb(about.surface)));
  });
}

function tellsDone(words: readonly Word[]): boolean {
  return words.some(({ surface }, at) => HAVING.test(surface) || isDone(words, at));
}

/** Is it a verb that tells of something that has happened? */
function isDone(words: readonly Word[], at: number): boolean {
  const { surface = "" } = words[at] ?? {};
  if (at === 0 || AUXILIARY.test(words[at - 1]?.surface ?? "")) return false;
  return isPastForm(surface);
}
