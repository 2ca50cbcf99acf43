/** Do two sentences say the same words of each other the other way round? `A acquired B` beside `B acquired A`. */
import { toVerb } from "../../text/irregular-verbs.ts";
import { isInOtherLanguage, readLanguageSigns } from "../../text/language.ts";
import { oppositesOf } from "../../text/opposites.ts";
import { isFunctionStem, type Word } from "../../text/words.ts";
import type { Reading } from "./reading.ts";

/** What is said of one thing and another, in an order that matters; in front of its own part, that part comes first. */
const RELATIONS = new Set(
  `before after than because despite although unless if when while until then to into
weil obwohl bevor nachdem porque aunque parce`.split(/\s/u),
);
/** One does it with the other as the other does with it. */
const MUTUAL =
  /^(?:marr|met$|meet|equal|border|adjoin|resembl|match|differ|agree|disagree|collaborat|cooperat|merg|compet|correspond|coincid|overlap|includ|contain|compris|mean|call|nam|refer|know|is$)/iu;
/** Does one do it with the other as the other does with it? */
export function isMutual(word: string): boolean {
  return MUTUAL.test(word);
}

const ENGLISH = readLanguageSigns("It is the one that is said to be of the other.");
/** Behind them a word is no verb, whatever its ending. */
const BEFORE_NOUN =
  /^(?:an?|the|this|that|these|those|of|in|on|at|for|with|from|by|as|his|her|its|their|our|your|my|no|some|all|any|each|every|many|most|more|few|several|both|two|three|other|own|same|such|\p{N}+)$|['’]s?$/iu;
const VERB_ENDING = /(?:s|ed|en)$/iu;
const BE = /^(?:is|are|was|were|be|been|being)$/iu;
/** Behind it another verb begins. */
const JOINT = /^(?:and|or|but|while|und|oder|et|ou|y|o)$/iu;
const BE_WORDS = 3;
const BY_WORDS = 6;

interface Hinge {
  readonly left: ReadonlySet<string>;
  readonly right: ReadonlySet<string>;
  readonly isPassive: boolean;
  readonly hasAgent: boolean;
}

/** Does something that both speak of change places with something else, around a verb or a relation that both have? */
export function isTurned(claim: Reading, sentence: Reading): boolean {
  const counts = countStems(claim.words);
  const isFixed = hasFixedOrder(claim);
  return claim.words.some((word, at) => {
    const there = counts.get(word.stem) === 1 ? findSame(word, sentence.words) : undefined;
    if (there === undefined) return false;
    const isRelation = RELATIONS.has(word.surface.toLowerCase());
    const isBoth = (): boolean => isVerb(claim.words, at) && isVerb(sentence.words, there);
    if (!isRelation && !(isFixed && isTelling(word) && isBoth())) return false;
    const [own, other] = [toHinge(claim, at, isRelation), toHinge(sentence, there, isRelation)];
    return own !== undefined && other !== undefined && isOtherWay(own, other);
  });
}

/** German puts its verbs in other places, and what the other endings tell is English. */
function hasFixedOrder({ text }: Reading): boolean {
  return !isInOtherLanguage(readLanguageSigns(text), ENGLISH);
}

/** By the order of what stands around it; where only one of them is in the passive, by that they are the same. */
function isOtherWay(own: Hinge, other: Hinge): boolean {
  const isCrossed = moves(own.left, other) && moves(own.right, turn(other));
  if (own.isPassive === other.isPassive) return isCrossed;
  const { hasAgent } = own.isPassive ? own : other;
  return (
    hasAgent &&
    !isCrossed &&
    !own.left.isDisjointFrom(other.left) &&
    !own.right.isDisjointFrom(other.right)
  );
}

/** Something on this side stands on the other side there, and there only. */
function moves(own: ReadonlySet<string>, { left, right }: Pick<Hinge, "left" | "right">): boolean {
  return [...own].some((stem) => right.has(stem) && !left.has(stem));
}

function turn({ left, right }: Hinge): Pick<Hinge, "left" | "right"> {
  return { left: right, right: left };
}

/** Where the one place is that has the word, another form of it, or its opposite. */
function findSame(word: Word, words: readonly Word[]): number | undefined {
  const wanted = new Set([word.stem, ...oppositesOf(word.stem)]);
  const verb = toVerb(word.surface);
  const places = words.flatMap(({ stem, surface }, at) =>
    wanted.has(stem) || toVerb(surface) === verb ? [at] : [],
  );
  return places.length === 1 ? places[0] : undefined;
}

function countStems(words: readonly Word[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { stem } of words) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return counts;
}

/** By its ending and what stands before it; what `than` stands behind compares, as a verb does. */
function isVerb(words: readonly Word[], at: number): boolean {
  const [first = "", before = "", own = "", behind = ""] = [-2, -1, 0, 1].map(
    (step) => words[at + step]?.surface,
  );
  if (at === 0 || !/^\p{Ll}+$/u.test(own) || MUTUAL.test(own)) return false;
  if (/^than$/iu.test(behind)) return true;
  const isForm = VERB_ENDING.test(own) || toVerb(own) !== own;
  // `Of failed retries`
  const isNoun = BEFORE_NOUN.test(first) && /(?:ed|ing)$/iu.test(before) && /s$/iu.test(own);
  return isForm && !isNoun && !BEFORE_NOUN.test(before);
}

function toHinge({ text, words }: Reading, at: number, isRelation: boolean): Hinge | undefined {
  const [before, behind] = [words.slice(0, at), words.slice(at + 1)];
  const [first] = behind;
  if (first === undefined) return undefined;
  const start = words[at]?.start ?? 0;
  if (!isRelation) {
    return { left: toContent(before), right: toContent(behind), ...readVoice(words, at) };
  }
  const about = { isPassive: false, hasAgent: false };
  const isFront = before.length === 0 || /[,;]\s*$/u.test(text.slice(0, start));
  if (!isFront) return { left: toContent(before), right: toContent(behind), ...about };
  const comma = text.indexOf(",", first.start);
  if (before.length > 0 || comma === -1) return undefined;
  const own = behind.filter((word) => word.start < comma);
  return { left: toContent(behind.slice(own.length)), right: toContent(own), ...about };
}

/** Is it done to what stands before it, and does it say by whom? */
function readVoice(words: readonly Word[], at: number): Pick<Hinge, "isPassive" | "hasAgent"> {
  const around = words.slice(Math.max(0, at - BE_WORDS), at);
  const hasBe = around.some(({ surface }) => BE.test(surface));
  const all = words.slice(at + 1, at + 2 + BY_WORDS);
  const end = all.findIndex(({ surface }) => JOINT.test(surface));
  const behind = end < 0 ? all : all.slice(0, end);
  const by = behind.findIndex(({ surface }) => /^by$/iu.test(surface));
  const isPassive = hasBe && !/ing$/iu.test(words[at]?.surface ?? "");
  const hasAgent = by !== -1 && !/^\p{N}/u.test(behind[by + 1]?.surface ?? "");
  return { isPassive: isPassive || by === 0, hasAgent };
}

function isTelling({ stem }: Word): boolean {
  return !isFunctionStem(stem);
}

function toContent(words: readonly Word[]): ReadonlySet<string> {
  return new Set(words.filter(isTelling).map(({ stem }) => stem));
}
