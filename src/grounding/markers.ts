/** Reads the markers of an answer's cleaned text, and what each of them vouches for. */
import type { Span } from "../text/sentences.ts";
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

/**
 * What each label of a sentence vouches for: the words between its marker and the marker before it;
 * markers side by side share theirs, and one that opens the sentence has all of it.
 */
export function findClaims(
  sentence: Span,
  markers: readonly Marker[],
  read: (span: Span) => string,
): readonly (Span & { readonly label: number })[] {
  const claims: (Span & { readonly label: number })[] = [];
  let claim = sentence;
  let from = sentence.start;
  for (const { start, end, label } of markers) {
    const between = read({ start: from, end: start });
    if (WORD.test(between)) {
      const lead = /^[\s,;]*/u.exec(between)?.[0].length ?? 0;
      claim = { start: from + lead, end: from + between.trimEnd().length };
    }
    from = end;
    if (claims.some((one) => one.label === label && one.start === claim.start)) continue;
    claims.push({ label, start: claim.start, end: claim.end });
  }
  return claims;
}

/** A text without what looks like markers, and the blanks before them. */
export function withoutMarkers(text: string): string {
  return text.replaceAll(/\s*\[\d+\]/gu, "");
}
