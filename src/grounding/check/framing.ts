/**
 * What frames an answer and claims nothing: headings, names of columns, lead-ins, offers. Told by form and words alone;
 * what denies, has a number or name that the evidence lacks, or contradicts it, claims something whatever its form.
 */
import { isFramingWord, OPENINGS } from "../../text/framing-words.ts";
import { ENTRY, FENCE, HEADING } from "../../text/line-forms.ts";
import { withoutListMark } from "../../text/list-mark.ts";
import { isNegated } from "../../text/negation.ts";
import { type Quantity, toQuantities } from "../../text/numbers.ts";
import { toPlainText } from "../../text/plain-text.ts";
import { holdsQuantity } from "../../text/quantity-index.ts";
import { isTableFrame } from "../../text/table-frame.ts";
import { isFunctionStem, toWords, type Word } from "../../text/words.ts";
import { isTableLine, toCells } from "../table-rows.ts";
import { checkSentence } from "./check-sentence.ts";
import type { Evidence } from "./evidence.ts";
import { readText } from "./reading.ts";

export interface Surroundings {
  /** The sentence behind it. */
  readonly next: string | undefined;
  readonly isCited: boolean;
  readonly evidence: readonly Evidence[];
}

const WORD = /[\p{L}\p{N}]/u;
/** With the name of a language at most: more words there are read by whoever sees the plain text. */
const FENCE_LINE = /^(?:`{3,}|~{3,})[^`\s]{0,20}$/u;
const MARKS = /^(?:[>\s]|#{1,6}\s|[-*+•‣◦|]\s)+/u;
/** In bold letters as a whole, and no full stop ends it. */
const BOLD = /^(\*\*|__)(?=\S)(?:(?!\1).)*[^\s.!?…。]\1[:：]?$/u;
/** `- **Ubuntu**` right behind one like it is an entry of a list, and no heading of what stands below it. */
const BOLD_ENTRY = /^(?:[-*+•‣◦]|\(?\d{1,3}[.)])\s+(?:\*\*|__)/u;
/** `## Answer: Enterprise` */
const ANSWERED =
  /^(?:\p{L}+\s+)?(?:answer|conclusion|result|antwort|fazit|ergebnis|réponse|respuesta)\s*[:：]\s*\p{L}/iu;
const COLON = /[:：]$/u;
const ASKING =
  /^(?:how|what|why|when|where|which|who|wie|was|warum|wann|wo|welche[rsn]?|comment|pourquoi|quand|où|quel(?:le)?s?|cómo|qué|por\s+qué|cuándo|dónde)(?!\p{L})|[?？]$/iu;
/** With one of these a heading tells something. Those that are as often nouns are left out. */
const VERB =
  /(?<!\p{L})(?:is|are|was|were|has|have|had|can|will|must|should|may|might|does|do|did|gets?|got|made|becomes?|became|requires|allows|contains|means|keeps|deletes|(?:supports|offers|includes|provides|costs|uses|needs|runs|takes|lasts)(?=\s+(?!(?:and|or|of|in|on|for|per|by|to|with|from)\s)[\p{L}\p{N}])|ist|sind|war|waren|hat|haben|wird|werden|kann|können|muss|müssen|darf|kostet|est|sont|ont|peut|doit|coûte|es|son|tiene|puede|debe|cuesta)(?!\p{L})/iu;
/** `The agent runs on the following systems:` names only what is to come. */
const FOLLOWING =
  /(?<!\p{L})(?:the\s+following|these|folgenden?|les\s+\p{L}+\s+suivante?s|los\s+siguientes|las\s+siguientes)(?:\s+\p{L}+){0,2}\s*[:：]$/iu;
/** What an offer is about: `if you need help with the installer`. Behind a comma a statement may begin. */
const ABOUT =
  /(?<!\p{L})(?:if|whether|how|about|on|for|with|regarding|of|to|wenn|falls|zu[mr]?|über|bei|mit|si|sur|avec|pour|sobre|con|para|de)\s[^,;:.!?]*/giu;
const IS = /(?<!\p{L})(?:is|are|was|were|ist|sind|est|sont)(?!\p{L})/iu;
/** Nobody lists more and says how many. */
const COUNT_MAX = 20;
/** Right before what it leads in to. */
const COUNTED = /^(?:\s+[\p{L}-]+){1,2}\s*[:：]$/u;
/** A heading of which as much is known to the evidence can be held against it. */
const KNOWN_MIN = 0.5;
/** A heading with more words that the evidence lacks says too much for one. */
const UNKNOWN_MAX = 3;

/** Does a sentence of an answer claim nothing? */
export function isFraming(sentence: string, { next, isCited, evidence }: Surroundings): boolean {
  const text = sentence.trim();
  if (!WORD.test(text) || FENCE_LINE.test(text)) return true;
  const plain = withoutListMark(toPlainText(text)).replace(MARKS, "").trim();
  const form = readForm(text, plain, { next, isCited });
  if (form === undefined) return false;
  const topic = toTopic(plain, evidence);
  if (isNegated(topic) || !holdsExact(plain, topic, evidence)) return false;
  const content = [...readText(topic).content];
  const unknown = content.filter((stem) => !isKnown(evidence, stem)).length;
  const isKnownTopic = unknown <= content.length * (1 - KNOWN_MIN);
  const isRefuted = (): boolean => {
    // Names of columns say nothing that could be refuted.
    if (isTableLine(text) || content.length === 0) return false;
    return checkSentence(topic, evidence) === "unsupported";
  };
  if (form !== "heading") return unknown === 0 && !isRefuted();
  if (!namesOnly(plain, topic)) return false;
  if (isKnownTopic) return ASKING.test(plain) || !isRefuted();
  // A line in bold letters may be a bare answer: `**Jane Doe**`.
  const mayName = !HEADING.test(text) && !isTableLine(text) && isTitle(plain);
  return unknown <= UNKNOWN_MAX && !mayName;
}

/**
 * Leads it in to a list, a table or code in words of its own? Some of them the evidence may lack, but nothing exact:
 * what stands below is checked by itself.
 */
export function mayLeadIn(
  sentence: string,
  next: string | undefined,
  evidence: readonly Evidence[],
): boolean {
  const plain = withoutListMark(toPlainText(sentence)).replace(MARKS, "").trim();
  if (!COLON.test(plain) || next === undefined) return false;
  if (!ENTRY.test(next) && !FENCE.test(next)) return false;
  const unknown = [...readText(plain).content].filter((stem) => !isKnown(evidence, stem));
  return (
    unknown.length > 0 &&
    unknown.length <= UNKNOWN_MAX &&
    !isNegated(plain) &&
    holdsExact(plain, plain, evidence)
  );
}

/** Does it ask, or name something without telling anything of it? `**Yes**` has no word of meaning. */
function namesOnly(plain: string, topic: string): boolean {
  if (ANSWERED.test(plain)) return false;
  return ASKING.test(plain) || (!VERB.test(topic) && toTelling(plain).length > 0);
}

type Form = "heading" | "lead" | "offer";

function readForm(
  text: string,
  plain: string,
  { next, isCited }: Omit<Surroundings, "evidence">,
): Form | undefined {
  if (isTableLine(text)) return isTableFrame(next ?? "") ? "heading" : undefined;
  if (next !== undefined && isHeading(text, { next, isCited })) return "heading";
  if (COLON.test(plain)) return readLead(plain, { next, isCited });
  if (!isCited && (OPENINGS.lead.test(plain) || OPENINGS.offer.test(plain))) {
    return isOffer(plain) ? "offer" : undefined;
  }
  return isFramed(plain) && !VERB.test(plain) ? "lead" : undefined;
}

/** Of a line with a colon. */
function readLead(
  plain: string,
  { next, isCited }: Omit<Surroundings, "evidence">,
): Form | undefined {
  if (next === undefined) return isFramed(plain) ? "lead" : undefined;
  // `Here are ways to return what you bought:` is a heading of what follows.
  if (OPENINGS.lead.test(plain)) return "heading";
  const leadsIn = !isCited && (ENTRY.test(next) || FENCE.test(next));
  const isLead = leadsIn || OPENINGS.count.test(plain) || toTelling(plain).some(isFramingWord);
  return isLead ? "lead" : undefined;
}

/** Something has to stand below it: alone, it is all that the answer says. */
function isHeading(
  text: string,
  { next, isCited }: { readonly next: string; readonly isCited: boolean },
): boolean {
  if (HEADING.test(text)) return true;
  const isEntry = BOLD_ENTRY.test(text) && BOLD_ENTRY.test(next);
  return !isCited && !isEntry && BOLD.test(withoutListMark(text).replace(MARKS, ""));
}

/** Nothing but who offers, and what about. */
function isOffer(plain: string): boolean {
  const rest = plain.replace(findOpening(plain) ?? "", " ").replaceAll(ABOUT, " ");
  return toTelling(rest).every(isFramingWord) && (ASKING.test(plain) || !IS.test(rest));
}

function findOpening(plain: string): RegExp | undefined {
  return Object.values(OPENINGS).find((one) => one.test(plain));
}

/** `Sources: [1][2]` */
function isFramed(plain: string): boolean {
  const telling = toTelling(plain);
  return telling.length > 0 && telling.every(isFramingWord);
}

function toTelling(plain: string): readonly Word[] {
  return toWords(plain).filter(({ stem }) => !isFunctionStem(stem));
}

/** What it is about: without its opening, the words that say nothing by themselves, and the number of what it leads in to. */
function toTopic(plain: string, evidence: readonly Evidence[]): string {
  const opening = findOpening(plain);
  const text = (opening === undefined ? plain : plain.replace(opening, "")).replace(FOLLOWING, ":");
  const framing = toTelling(text)
    .filter(isFramingWord)
    .map(({ start, surface }) => ({ start, end: start + surface.length }));
  const counts = toQuantities(text).filter(
    (one) => !holds(evidence, one) && isCount(one, text.slice(one.end), opening !== undefined),
  );
  let topic = "";
  let from = 0;
  for (const { start, end } of [...framing, ...counts].toSorted((a, b) => a.start - b.start)) {
    topic += text.slice(from, start);
    from = Math.max(from, end);
  }
  return (topic + text.slice(from)).replaceAll(/\s+/gu, " ").trim();
}

/** `There are three ways to pay:`, `It offers three plans:` */
function isCount({ value, unit }: Quantity, behind: string, isOpened: boolean): boolean {
  const isNumber = unit === undefined && /^\d+$/u.test(value) && Number(value) <= COUNT_MAX;
  return isNumber && /[:：]/u.test(behind.slice(-1)) && (isOpened || COUNTED.test(behind));
}

/** Are its numbers and names known? A question names what it asks for; an amount of something is always a claim. */
function holdsExact(plain: string, topic: string, evidence: readonly Evidence[]): boolean {
  const isHeld = (one: Quantity): boolean => one.unit === undefined && holds(evidence, one);
  if (!toQuantities(topic).every(isHeld)) return false;
  if (plain.endsWith("?") || isTitle(plain)) return true;
  // The first word of a cell has a capital as that of a sentence has.
  const names = toCells(topic).flatMap((cell) => [...readText(cell).names]);
  return names.every((stem) => isKnown(evidence, stem));
}

/** Where every word has a capital, as in many headings, it makes no name. */
function isTitle(plain: string): boolean {
  return !toWords(plain).some(
    ({ surface, stem }) => /^\p{Ll}{4,}/u.test(surface) && !isFunctionStem(stem),
  );
}

function holds(evidence: readonly Evidence[], one: Quantity): boolean {
  return evidence.some(({ quantities }) => holdsQuantity(quantities, one));
}

function isKnown(evidence: readonly Evidence[], stem: string): boolean {
  return evidence.some(({ stems }) => stems.has(stem));
}
