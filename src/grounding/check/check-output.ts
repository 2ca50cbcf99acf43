/**
 * Which passages bear out each leaf of a JSON value. A leaf is no sentence: what it says it says together
 * with the keys above it and the question, so the sentence that holds a short one must share a word with them.
 */
import type { Grounding, LeafCheck, Passage } from "../../domain/event.ts";
import { toKey } from "../../json/to-key.ts";
import { toPointer } from "../../json/pointer.ts";
import {
  createChoices,
  createSchemaWalk,
  isObject,
  type Schema,
  type SchemasHere,
} from "../../json/schema.ts";
import { toQuantities } from "../../text/numbers.ts";
import { hasNumber } from "../../text/quantity-index.ts";
import { type Span, splitSentences } from "../../text/sentences.ts";
import { toContentStems, toWords } from "../../text/words.ts";
import { checkSentence, findEvidence, type Verdict } from "./check-sentence.ts";
import { readLanguageSigns } from "../../text/language.ts";
import { toEvidence } from "./evidence.ts";
import type { Reading } from "./reading.ts";

export interface OutputChecks {
  readonly checks: readonly LeafCheck[];
  readonly grounding: Grounding;
  /** Leaves beyond the number that are looked at. */
  readonly isCut: boolean;
}

export interface OutputToCheck {
  readonly value: unknown;
  readonly schema: Schema;
  readonly question: string;
  readonly passages: readonly Passage[];
}

const NOWHERE: Span = { start: 0, end: 0 };
type LeafCitation = LeafCheck["citations"][number];

const LEAVES_MAX = 1_000;
const CITATIONS_MAX = 3;
/** Up to so many words that carry meaning a leaf needs its keys to say something. */
const SHORT_STEMS_MAX = 3;
/** A date, and the time of day of a `date-time` in hours and minutes, then its seconds. */
const ISO_DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/i;
const MONTHS =
  "January February March April May June July August September October November December".split(
    " ",
  );

/** Checks every leaf, in the order of the value. */
export function checkOutput({ value, schema, question, passages }: OutputToCheck): OutputChecks {
  const asked = toContentStems(question);
  const leaves = listLeaves(value, schema);
  const checks = leaves.slice(0, LEAVES_MAX).map(({ path, text }): LeafCheck => {
    const pointer = toPointer(path);
    if (text === undefined) return { pointer, verdict: "unchecked", citations: [] };
    const { verdict, citations } = checkLeaf(text, { keys: toKeyStems(path), asked, passages });
    return { pointer, verdict, citations: [...citations] };
  });
  const isCut = leaves.length > LEAVES_MAX;
  return { checks, grounding: toGrounding(checks, isCut), isCut };
}

interface Leaf {
  readonly path: readonly string[];
  /** What evidence must carry; undefined where there is nothing to look for. */
  readonly text: string | undefined;
}

function listLeaves(root: unknown, schema: Schema): readonly Leaf[] {
  const walk = createSchemaWalk(schema);
  const choices = createChoices();
  const leaves: Leaf[] = [];
  const visit = (value: unknown, path: readonly string[], here: SchemasHere): void => {
    if (Array.isArray(value) || isObject(value)) {
      for (const [key, inner] of Object.entries(value)) {
        visit(inner, [...path, key], walk.step(here, key));
      }
      return;
    }
    const isWord = typeof value === "string" || typeof value === "number";
    const isChosen = here.some((one) => choices(one)?.has(toKey(value)) === true);
    const text = isWord && !isChosen ? String(value) : undefined;
    leaves.push({ path, text: text?.trim() === "" ? undefined : text });
  };
  visit(root, [], walk.start);
  return leaves;
}

interface Context {
  readonly keys: ReadonlySet<string>;
  readonly asked: ReadonlySet<string>;
  readonly passages: readonly Passage[];
}

interface Checked {
  readonly verdict: Verdict;
  readonly citations: readonly LeafCitation[];
}

/** A leaf of several sentences is as good as its worst, and rests on what they all rest on. */
function checkLeaf(text: string, context: Context): Checked {
  const sentences = splitSentences(text).map(({ start, end }) => text.slice(start, end));
  const parts = (sentences.length > 0 ? sentences : [text]).map((one) => checkPart(one, context));
  const verdict = ORDER.find((one) => parts.some((part) => part.verdict === one)) ?? "unsupported";
  const citations = new Map(
    parts.flatMap((part) => part.citations.map((one) => [JSON.stringify(one), one] as const)),
  );
  return { verdict, citations: [...citations.values()].slice(0, CITATIONS_MAX * parts.length) };
}
/** A name is the same in every language. */
const NONE = readLanguageSigns("");
const ORDER: readonly Verdict[] = ["unsupported", "weak", "supported"];

function checkPart(text: string, context: Context): Checked {
  const isShort = toContentStems(text).size <= SHORT_STEMS_MAX || ISO_DATE.test(text.trim());
  const forms = toForms(text, isShort);
  const found = context.passages.map((passage) => {
    const read = forms.map((form) => checkIn(form, passage, isShort ? context : undefined));
    return { ...pickBest(read), passage };
  });
  const { verdict } = pickBest(found);
  if (verdict === "unsupported") {
    return isShort ? { verdict, citations: [] } : checkTogether(forms, context);
  }
  const citations = found
    .filter((one) => one.verdict === verdict)
    .slice(0, CITATIONS_MAX)
    .map(({ passage, span }) => toCitation(passage, span));
  return { verdict, citations };
}

function pickBest<T extends { readonly verdict: Verdict }>(
  found: readonly T[],
): T | { readonly verdict: "unsupported"; readonly span: Span } {
  const best = found.toSorted((a, b) => ORDER.indexOf(b.verdict) - ORDER.indexOf(a.verdict))[0];
  return best ?? { verdict: "unsupported", span: NOWHERE };
}

/** What no passage says alone, several may say together: never more than weak. */
function checkTogether(forms: readonly string[], { passages }: Context): Checked {
  const evidence = passages.map(toEvidence);
  const form = forms.find((one) => checkSentence(one, evidence) !== "unsupported");
  if (form === undefined || passages.length === 0) return { verdict: "unsupported", citations: [] };
  const wanted = toContentStems(form);
  const citations = passages
    .map((passage, index) => ({
      passage,
      shared: wanted.intersection(evidence[index]?.stems ?? new Set()).size,
    }))
    .filter(({ shared }) => shared > 0)
    .toSorted((a, b) => b.shared - a.shared)
    .slice(0, CITATIONS_MAX)
    .map(({ passage }) => toCitation(passage, findEvidence(form, passage)));
  return { verdict: "weak", citations };
}

/** One passage. A short leaf must stand whole in one sentence, which speaks of what is asked of it. */
function checkIn(
  form: string,
  passage: Passage,
  context: Context | undefined,
): { readonly verdict: Verdict; readonly span: Span } {
  const evidence = toEvidence(passage);
  if (context === undefined) {
    return { verdict: checkSentence(form, [evidence]), span: findEvidence(form, passage) };
  }
  // A sentence's "one" may be a pronoun; a leaf's is the number.
  const numbers = toQuantities(form);
  const { heading, line } = evidence;
  const isHeld = (reading: Reading): boolean => {
    // A value claims nothing that the sentence could deny.
    const said = { ...reading, isNegated: false, heading: reading };
    const sentence = { ...said, ...NOWHERE, section: reading };
    const alone = { ...said, sentences: [sentence], line, language: NONE };
    const holdsNumbers = numbers.every((one) => hasNumber(reading.quantities, one));
    return holdsNumbers && checkSentence(form, [alone]) === "supported";
  };
  const mayHold = checkSentence(form, [evidence]) !== "unsupported";
  const holding = mayHold ? evidence.sentences.filter(isHeld) : [];
  if (holding.length === 0) {
    // A title names what its whole text is about, and says nothing of it.
    return mayHold && isHeld(heading)
      ? { verdict: "weak", span: { start: 0, end: passage.text.length } }
      : { verdict: "unsupported", span: NOWHERE };
  }
  const own = toContentStems(form);
  const around = context.keys.union(context.asked).difference(own);
  const near = holding.find(
    ({ content }) => content.union(heading.content).intersection(around).size > 0,
  );
  return {
    verdict: near === undefined ? "weak" : "supported",
    span: near ?? holding[0] ?? NOWHERE,
  };
}

function toCitation({ label, documentId, start }: Passage, span: Span): LeafCitation {
  return { label, evidence: { documentId, start: start + span.start, end: start + span.end } };
}

/** The ways evidence may write it. A short leaf is a name rather than a sentence: its first capital counts too. */
function toForms(text: string, isShort: boolean): readonly string[] {
  return [...new Set([isShort ? `is ${text}` : text, ...toDateForms(text)])];
}

/** A schema of times makes a midnight of a day that has none; no text says which zone it speaks of. */
function toDateForms(text: string): readonly string[] {
  const [, date = "", time, seconds = "00"] = ISO_DATE.exec(text.trim()) ?? [];
  const [year, month, day] = date.split("-");
  const name = MONTHS[Number(month) - 1];
  if (name === undefined) return [];
  const days = [`is ${name} ${Number(day)}, ${year}`, `is ${date}`];
  if (time === undefined) return days;
  const clock = seconds === "00" ? time : `${time}:${seconds}`;
  const times = days.map((one) => `${one} at ${clock}`);
  return clock === "00:00" ? [...times, ...days] : times;
}

/** `timeoutMs`, `retry_after` → their words. */
function toKeyStems(path: readonly string[]): ReadonlySet<string> {
  const words = path
    .filter((key) => !/^\d+$/.test(key))
    .map((key) => key.replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replaceAll(/[_-]/g, " "));
  return new Set(toWords(words.join(" ")).map(({ stem }) => stem));
}

/** Of the leaves that can be checked. Where there are none, nothing bears the value out. */
function toGrounding(checks: readonly LeafCheck[], isCut: boolean): Grounding {
  const checked = checks.filter(({ verdict }) => verdict !== "unchecked");
  const supported = checked.filter(({ verdict }) => verdict === "supported").length;
  if (supported === 0) return "ungrounded";
  return supported === checked.length && !isCut ? "grounded" : "partly-grounded";
}
