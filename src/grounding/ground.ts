/** Follows an answer as it grows: cites and checks each sentence as soon as it is complete. */
import type { Citation, Grounding, Passage, SentenceCheck } from "../domain/event.ts";
import { splitSentences, type Span } from "../text/sentences.ts";
import { checkSentence, findEvidence, type Verdict } from "./check-sentence.ts";
import type { Marker } from "./citation-parser.ts";

export interface Ground {
  /** Takes the next piece of shown text with its markers; gives what is known of the sentences it completed. */
  push(text: string, markers: readonly Marker[]): readonly (Grounded | Checked)[];
  /** The answer is complete: the rest, and the grounding of the whole. */
  end(): { readonly last: readonly (Grounded | Checked)[]; readonly grounding: Grounding };
}

export type Grounded = { readonly type: "citation" } & Citation;
export type Checked = { readonly type: "sentence-check" } & SentenceCheck;

const MARKERS = /^(?:\s*\[\d+\])+/u;
const WORD = /[\p{L}\p{N}]/u;
const FENCE = /^[^\S\n]*(?:```|~~~)/gmu;
/** Up to here the unsettled text is read at every push; beyond, only when it has grown by an eighth. */
const CHARS_AT_ONCE = 4_096;

/** Creates a follower over the passages of the context. */
export function createGround(passages: readonly Passage[]): Ground {
  const byLabel = new Map(passages.map((passage) => [passage.label, passage]));
  const verdicts: Verdict[] = [];
  let markers: Marker[] = [];
  /** The answer from the start of the line in which `done` lies: what a sentence is depends on its line. */
  let pending = "";
  let offset = 0;
  let done = 0;
  let readAtLength = 0;

  const settle = (sentence: Span): readonly (Grounded | Checked)[] => {
    const own = markers.filter(({ start }) => start >= sentence.start && start < sentence.end);
    const read = ({ start, end }: Span): string => pending.slice(start - offset, end - offset);
    const labels = [...new Set(own.flatMap((marker) => marker.labels))];
    const cited = labels.flatMap((label) => byLabel.get(label) ?? []);
    const verdict = judge(withoutMarkers(read(sentence)), cited, passages);
    verdicts.push(verdict);
    const citations = findClaims(sentence, own, read).flatMap(({ label, ...span }) => {
      const passage = byLabel.get(label);
      return passage === undefined ? [] : [toCitation(passage, read(span), span)];
    });
    return [...citations, { type: "sentence-check", ...sentence, verdict, labels }];
  };

  const advance = (isLast: boolean): readonly (Grounded | Checked)[] => {
    const sentences = joinMarkers(pending, splitSentences(pending)).flatMap((span) => {
      const from = Math.max(span.start, done - offset);
      const start = from + (/^\s*/u.exec(pending.slice(from, span.end))?.[0].length ?? 0);
      return start < span.end ? [{ start: start + offset, end: span.end + offset }] : [];
    });
    // Whether a sentence has ended shows at the first word of the next: before it a marker may follow,
    // or a bracket whose content carries the sentence on.
    const next = sentences.findLastIndex(({ start, end }) =>
      WORD.test(withoutMarkers(pending.slice(start - offset, end - offset))),
    );
    const complete = sentences.slice(0, isLast ? sentences.length : Math.max(0, next));
    const events = complete.flatMap(settle);
    const last = complete.at(-1);
    if (last !== undefined) {
      done = last.end;
      markers = markers.filter(({ start }) => start >= done);
      const line = pending.lastIndexOf("\n", done - offset - 1) + 1;
      if (isOutsideFences(pending.slice(0, line))) {
        pending = pending.slice(line);
        offset += line;
      }
    }
    readAtLength = pending.length <= CHARS_AT_ONCE ? 0 : pending.length * 1.125;
    return events;
  };

  return {
    push(text, found) {
      pending += text;
      markers.push(...found);
      return pending.length < readAtLength ? [] : advance(false);
    },
    end() {
      const last = advance(true);
      return { last, grounding: toGrounding(verdicts) };
    },
  };
}

/**
 * What each label of a sentence vouches for: the words between its marker and the marker before it;
 * markers side by side share theirs, and one that opens the sentence has all of it.
 */
function findClaims(
  sentence: Span,
  markers: readonly Marker[],
  read: (span: Span) => string,
): readonly (Span & { readonly label: number })[] {
  const claims: (Span & { readonly label: number })[] = [];
  let claim = sentence;
  let from = sentence.start;
  for (const { start, labels } of markers) {
    const between = read({ start: from, end: start });
    if (WORD.test(between)) {
      const lead = /^[\s,;]*/u.exec(between)?.[0].length ?? 0;
      claim = { start: from + lead, end: from + between.trimEnd().length };
    }
    from = start + labels.map((label) => `[${label}]`).join("").length;
    for (const label of labels) {
      if (claims.some((one) => one.label === label && one.start === claim.start)) continue;
      claims.push({ label, ...claim });
    }
  }
  return claims;
}

function withoutMarkers(text: string): string {
  return text.replaceAll(/\s*\[\d+\]/gu, "");
}

function isOutsideFences(text: string): boolean {
  return (text.match(FENCE)?.length ?? 0) % 2 === 0;
}

/** A sentence without a citation cannot be more than weak, whatever the passages say. */
function judge(claim: string, cited: readonly Passage[], all: readonly Passage[]): Verdict {
  const verdict = checkSentence(
    claim,
    (cited.length > 0 ? cited : all).map(({ title, text }) => `${title}\n${text}`),
  );
  return cited.length === 0 && verdict === "supported" ? "weak" : verdict;
}

function toCitation(passage: Passage, claim: string, span: Span): Grounded {
  const evidence = findEvidence(withoutMarkers(claim), passage.text);
  return {
    type: "citation",
    label: passage.label,
    ...span,
    evidence: {
      documentId: passage.documentId,
      start: passage.start + evidence.start,
      end: passage.start + evidence.end,
    },
  };
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

function toGrounding(verdicts: readonly Verdict[]): Grounding {
  const supported = verdicts.filter((verdict) => verdict === "supported").length;
  if (supported === verdicts.length && supported > 0) return "grounded";
  return supported > 0 ? "partly-grounded" : "ungrounded";
}
