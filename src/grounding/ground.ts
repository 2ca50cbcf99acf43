/** Follows an answer as it grows: cites and checks each sentence as soon as it is complete. */
import type { Citation, Passage, SentenceCheck } from "../domain/event.ts";
import { needsNextWord } from "../text/abbreviations.ts";
import { splitSentences, type Span } from "../text/sentences.ts";
import { checkSentence, findEvidence } from "./check/check-sentence.ts";
import { createCodeParts } from "./write/code-parts.ts";
import { toEvidence } from "./check/evidence.ts";
import { isFraming, mayLeadIn } from "./check/framing.ts";
import { isSilence } from "./check/silence.ts";
import { createSharedMarkers, type SharedMarkers } from "./shared-markers.ts";
import {
  findClaims,
  findMarkers,
  type Marker,
  readBetween,
  withoutMarkers,
} from "./write/markers.ts";

export interface Ground {
  /** Takes the next piece of cleaned text; gives the sentences of which it is known that they are over. */
  push(text: string): readonly Settled[];
  /** The answer is complete: the rest. */
  end(): readonly Settled[];
  /** No more comes: what waits for a marker is what it is. */
  breakOff(): void;
}

/** A sentence that is over, with what it cites. Offsets are into the text that was pushed. */
export interface Settled {
  readonly check: SentenceCheck;
  readonly citations: readonly Citation[];
  /**
   * It has no marker, and may share one that is still to come: then its check may yet be raised to `supported`, and
   * never becomes a worse one.
   */
  readonly isOpen?: boolean;
}

/** The same while it is open. */
type Open = { -readonly [Key in keyof Settled]: Settled[Key] };

/** A longer number, such as a year, may begin a sentence. */
const MARKERS = /^(?:\s*\[\d{1,3}\])+/u;
/** The beginning of one; whether it becomes one the next piece tells. */
const UNFINISHED = /\[\d*$/;
/** The mark of a list's entry, to which the line above leads in, or the beginning of a sentence. */
const MAYBE_ITEM = /^\(?\d{1,3}[.)]?\s*[*_]*$/u;
const WORD = /[\p{L}\p{N}]/u;
/** No more than one word, which may not be whole. */
const GROWING = /^[^\p{L}\p{N}]*[\p{L}\p{N}\p{M}]*$/u;
const FENCE = /^[^\S\n]*(?:```|~~~)/gmu;
/** What may end a sentence. Between two of these no sentence can become complete. */
const ENDING = /[\p{STerm}…\n\r\f\u2028\u2029]/u;
/** Up to here the unsettled text is read at every ending; beyond, only when it has grown by an eighth. */
const CHARS_AT_ONCE = 4_096;
/** Nobody writes a longer sentence. One is not read against the passages, which would hold up everyone else's answer. */
const SENTENCE_CHARS_MAX = 10_000;
const BEFORE_CHARS = 600;

/** Creates a follower over the passages of the context, which may grow meanwhile. */
export function createGround(byLabel: ReadonlyMap<number, Passage>): Ground {
  /** The answer from the start of the line in which `done` lies: what a sentence is depends on its line. */
  let pending = "";
  /** Where in the answer that line starts; all other places are within `pending`. */
  let offset = 0;
  let done = 0;
  let readAtLength = 0;
  /** Something that may end a sentence has come since the text was last read. */
  let mayEnd = false;
  /** The end of what is settled: its language is that of a sentence which shows none. */
  let before = "";
  const shared = createSharedMarkers();

  const read = ({ start, end }: Span): string => pending.slice(start, end);

  const advance = (isLast: boolean): readonly Settled[] => {
    const sentences = readFrom(pending, done);
    const texts = sentences.map(read);
    // Whether a sentence has ended shows at the first word of the next: before it a marker may follow,
    // or a bracket whose content carries the sentence on.
    const next = texts.findLastIndex((text) => {
      return WORD.test(withoutMarkers(text).replace(UNFINISHED, ""));
    });
    const { markers, readTo } = findMarkers(pending, isLast);
    const known = sentences
      .slice(0, Math.max(0, next))
      .filter(({ end }, index) => end <= readTo && !mayGoOn(texts.slice(index, index + 3)));
    const complete = isLast ? sentences : known;
    mayEnd ||= !isLast && known.length < next;
    const ours = markers.filter(({ label }) => byLabel.has(label));
    const settled = complete.map((sentence, index) => {
      const own = within(sentence, ours);
      const next = texts[index + 1];
      const place = { markers: own, next, read, offset, byLabel, before };
      const gap = read({ start: complete[index - 1]?.end ?? done, end: sentence.start });
      const one = share(shared, sentence, gap, place);
      before = `${before} ${read(sentence)}`.slice(-BEFORE_CHARS);
      return one;
    });
    if (isLast) shared.end();
    const last = complete.at(-1);
    if (last !== undefined) {
      done = last.end;
      const line = pending.lastIndexOf("\n", done - 1) + 1;
      if (isOutsideFences(pending.slice(0, line))) {
        pending = pending.slice(line);
        offset += line;
        done -= line;
      }
    }
    readAtLength = pending.length <= CHARS_AT_ONCE ? 0 : pending.length * 1.125;
    return settled;
  };

  return {
    push(text) {
      pending += text;
      mayEnd ||= ENDING.test(text);
      if (!mayEnd || pending.length < readAtLength || !WORD.test(text)) return [];
      // A letter decides; a digit may be that of a marker. An ending behind the letter still counts.
      const letter = text.search(/\p{L}[^\p{L}]*$/u);
      if (letter >= 0) mayEnd = ENDING.test(text.slice(letter));
      return advance(false);
    },
    end: () => advance(true),
    breakOff: () => shared.end(),
  };
}

const within = (sentence: Span, markers: readonly Marker[]): readonly Marker[] =>
  markers.filter(({ start, end }) => start >= sentence.start && end <= sentence.end);

interface Surroundings {
  /** Those of the sentence. */
  readonly markers: readonly Marker[];
  /** The sentence behind it, as far as it has come. */
  readonly next: string | undefined;
  readonly read: (span: Span) => string;
  /** Where in the answer the text starts that is read. */
  readonly offset: number;
  readonly byLabel: ReadonlyMap<number, Passage>;
  /** The answer before it, or the end of that. */
  readonly before: string;
}

/** What is to be told of a sentence that is over. */
function settle(sentence: Span, around: Surroundings): Open {
  const { markers, next, read, offset, byLabel, before } = around;
  const place = ({ start, end }: Span): Span => ({ start: start + offset, end: end + offset });
  const labels = [...new Set(markers.map(({ label }) => label))];
  const cited = labels.flatMap((label) => byLabel.get(label) ?? []);
  if (sentence.end - sentence.start > SENTENCE_CHARS_MAX) {
    const citations = cited.map((passage) => toCitation(passage, place(sentence), passage));
    const check = { ...place(sentence), verdict: "unsupported" as const, labels };
    return { check, citations };
  }
  const claim = readBetween(sentence, markers, read);
  const isCited = cited.length > 0;
  const all = [...byLabel.values()].map(toEvidence);
  const evidence = isCited ? cited.map(toEvidence) : all;
  const framing = isFraming(claim, { next, isCited, evidence });
  const isWeak = framing || isSilence(claim, all) || (!isCited && mayLeadIn(claim, next, evidence));
  const found = isWeak ? "weak" : checkSentence(claim, evidence, before);
  // Without a citation it cannot be more than weak, whatever the passages say.
  const verdict = !isCited && found === "supported" ? "weak" : found;
  const isOpen = !isCited && !isWeak && verdict === "weak";
  const citations = findClaims(sentence, markers, read).flatMap(({ label, ...span }) => {
    const passage = byLabel.get(label);
    if (passage === undefined) return [];
    const { start, end } = findEvidence(withoutMarkers(read(span)), passage);
    const evidence = { start: passage.start + start, end: passage.start + end };
    return [toCitation(passage, place(span), evidence)];
  });
  const check = { ...place(sentence), verdict, labels, ...(framing && { framing }) };
  return { check, citations, ...(isOpen && { isOpen }) };
}

/** The same; where the sentence is open, it waits for the marker that it shares. `gap`: what stands before it. */
function share(shared: SharedMarkers, sentence: Span, gap: string, around: Surroundings): Settled {
  const one = settle(sentence, around);
  const close = one.isOpen === true ? toClose(one, sentence, around) : undefined;
  const { labels, framing: isFraming = false } = one.check;
  shared.add({ text: around.read(sentence), gap, labels, isFraming, close });
  return one;
}

/** Closes a sentence without a marker: it is supported where the passages of the marker that it shares bear it out. */
function toClose(
  one: Open,
  sentence: Span,
  { read, offset, byLabel, before }: Surroundings,
): (labels: readonly number[]) => void {
  const claim = read(sentence);
  const span = { start: sentence.start + offset, end: sentence.end + offset };
  const isBorneOut = (passages: readonly Passage[]): boolean =>
    checkSentence(claim, passages.map(toEvidence), before) === "supported";
  return (labels) => {
    delete one.isOpen;
    const all = [...new Set(labels)].flatMap((label) => byLabel.get(label) ?? []);
    const together = all.length > 1 ? [all] : [];
    const passages = [...all.map((passage) => [passage]), ...together].find(isBorneOut);
    if (passages === undefined) return;
    one.check = { ...one.check, verdict: "supported", labels: passages.map(({ label }) => label) };
    one.citations = passages.map((passage) => {
      const { start, end } = findEvidence(claim, passage);
      return toCitation(passage, span, { start: passage.start + start, end: passage.start + end });
    });
  };
}

/** The sentences of a text, of those in which `from` lies only what comes after it. */
function readFrom(text: string, from: number): readonly Span[] {
  return joinMarkers(text, splitSentences(text)).flatMap((span) => {
    const begin = Math.max(span.start, from);
    const start = begin + (/^\s*/u.exec(text.slice(begin, span.end))?.[0].length ?? 0);
    return start < span.end ? [{ start, end: span.end }] : [];
  });
}

/** Is it for the next word to tell whether the first sentence has ended, or what it leads in to, and that word not yet whole? */
function mayGoOn([sentence = "", following = "", more]: readonly string[]): boolean {
  if (more !== undefined) return false;
  return MAYBE_ITEM.test(following) || (GROWING.test(following) && needsNextWord(sentence));
}

/** For who splits sentences and for who looks for code: they differ where a fence is odd. */
function isOutsideFences(text: string): boolean {
  if (!text.includes("```") && !text.includes("~~~")) return true;
  const code = createCodeParts();
  code.push(text);
  return (text.match(FENCE)?.length ?? 0) % 2 === 0 && !code.inFence;
}

/** `evidence` lies in the passage's document. */
function toCitation({ label, documentId }: Passage, claim: Span, evidence: Span): Citation {
  const { start, end } = evidence;
  return { label, ...claim, evidence: { documentId, start, end } };
}

/** `It holds. [1]`: a marker behind the full stop belongs to the sentence before it. */
function joinMarkers(text: string, spans: readonly Span[]): readonly Span[] {
  const joined: Span[] = [];
  for (const { start, end } of spans) {
    const previous = joined.at(-1);
    const lead = MARKERS.exec(text.slice(start, end))?.[0].length ?? 0;
    if (previous === undefined || lead === 0) {
      joined.push({ start, end });
      continue;
    }
    joined[joined.length - 1] = { start: previous.start, end: start + lead };
    const rest = text.slice(start + lead, end);
    if (rest.trim() === "") continue;
    joined.push({ start: end - rest.trimStart().length, end });
  }
  return joined;
}
