/** Reads the markers of an answer's cleaned text, and what each of them vouches for. */
import type { Span } from "../../text/sentences.ts";
import { createCodeParts } from "./code-parts.ts";
import { isLiteralBehind, readLead } from "./literal-brackets.ts";

export interface Marker {
  readonly label: number;
  readonly start: number;
  readonly end: number;
}

const MARKER = /\[(\d+)\]/g;
const WORD = /[\p{L}\p{N}]/u;

/** Markers in order, none of them in code, and how far the text can be read before more of it is known. */
export function findMarkers(
  text: string,
  isLast: boolean,
): { readonly markers: readonly Marker[]; readonly readTo: number } {
  const code = createCodeParts();
  const parts = [...code.push(text), ...(isLast ? code.end() : [])];
  const markers: Marker[] = [];
  let readTo = 0;
  for (const part of parts) {
    const start = readTo;
    readTo += part.text.length;
    if (part.isCode) continue;
    for (const { index, 0: marker, 1: digits } of part.text.matchAll(MARKER)) {
      const at = start + index;
      if (isLiteralBehind(readLead("", text, at))) continue;
      markers.push({ label: Number(digits), start: at, end: at + marker.length });
    }
  }
  return { markers, readTo };
}

/** A sentence without its markers. */
export function readBetween(
  sentence: Span,
  markers: readonly Marker[],
  read: (span: Span) => string,
): string {
  const starts = [sentence.start, ...markers.map(({ end }) => end)];
  const ends = [...markers.map(({ start }) => start), sentence.end];
  return starts.map((start, index) => read({ start, end: ends[index] ?? start })).join("");
}

/** Leads to a source and says nothing by itself: "According to", "As stated in passage". */
const LEAD_IN =
  /^[\s\p{P}]*(?:(?:and|but|also)\s+)?(?:according to|as\s+(?:stated|described|shown|noted|mentioned|explained|given|said|per)(?:\s+(?:in|by))?|in|from|per|see|by|based on|under|laut|gemäß|nach|wie in|siehe|según|selon|d['’]après)?(?:\s*(?:the\s+)?(?:passages?|sources?|documents?|references?|texts?|quellen?|fuente))?[\s\p{P}]*$/iu;

const LEAD_IN_CHARS_MAX = 64;
/** Between markers that share their words: `[1] and [2]`. */
const CONJUNCTION = /^[\s\p{P}]*(?:and|or|und|oder|y|et)[\s\p{P}]*$/iu;

type Claim = Span & { readonly label: number };

/**
 * What each label of a sentence vouches for: the words between its marker and the marker before it;
 * markers side by side share theirs, and one that opens the sentence has all of it. One that stands behind
 * no more than a lead-in has what follows it.
 */
export function findClaims(
  sentence: Span,
  markers: readonly Marker[],
  read: (span: Span) => string,
): readonly Claim[] {
  const groups = toGroups(sentence, markers, read);
  const isFollowed = WORD.test(
    read({ start: markers.at(-1)?.end ?? sentence.end, end: sentence.end }),
  );
  const claims: Claim[] = [];
  for (const [index, { labels }] of groups.entries()) {
    const { start, end } = toClaim(sentence, groups, { index, isFollowed });
    for (const label of labels) {
      if (claims.some((one) => one.label === label && one.start === start)) continue;
      claims.push({ label, start, end });
    }
  }
  return claims;
}

/** Markers side by side, and the words before them. */
interface Group extends Span {
  readonly isLeadIn: boolean;
  readonly labels: number[];
}

function toGroups(
  sentence: Span,
  markers: readonly Marker[],
  read: (span: Span) => string,
): readonly Group[] {
  const groups: Group[] = [];
  let from = sentence.start;
  for (const { start, end, label } of markers) {
    const between = read({ start: from, end: start });
    const isShort = between.length <= LEAD_IN_CHARS_MAX;
    const last = groups.at(-1);
    if (last !== undefined && (!WORD.test(between) || (isShort && CONJUNCTION.test(between)))) {
      last.labels.push(label);
    } else if (WORD.test(between)) {
      const lead = /^[\s,;]*/u.exec(between)?.[0].length ?? 0;
      const words = { start: from + lead, end: from + between.trimEnd().length };
      groups.push({ ...words, isLeadIn: isShort && LEAD_IN.test(between), labels: [label] });
    } else {
      groups.push({ ...sentence, isLeadIn: false, labels: [label] });
    }
    from = end;
  }
  return groups;
}

/** A lead-in goes with the words that follow it; with those before it where none do: `It holds [1] (see [2])`. */
function toClaim(
  sentence: Span,
  groups: readonly Group[],
  { index, isFollowed }: { readonly index: number; readonly isFollowed: boolean },
): Span {
  const own = groups.findIndex((group, at) => at >= index && !group.isLeadIn);
  const before = groups.findLastIndex((group, at) => !group.isLeadIn && (own < 0 || at < own));
  const start = groups[before + 1]?.start ?? sentence.start;
  const end = groups[own]?.end ?? sentence.end;
  if (own >= 0 || isFollowed || before < 0) return { start, end };
  return toClaim(sentence, groups, { index: before, isFollowed });
}

/** An answer without its markers, and the blanks before them; what stands in code, or is an index, stays. */
export function withoutLabels(answer: string): string {
  let text = "";
  let from = 0;
  for (const { start, end } of findMarkers(answer, true).markers) {
    text += answer.slice(from, start).trimEnd();
    from = end;
  }
  return text + answer.slice(from);
}

/** A text without what looks like markers, and the blanks before them. */
export function withoutMarkers(text: string): string {
  const between = text.split(/\[\d+\]/u);
  const last = between.pop() ?? "";
  return between.map((part) => part.trimEnd()).join("") + last;
}
