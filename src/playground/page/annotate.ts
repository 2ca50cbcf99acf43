/** Where a text is cut: at its citation markers, and where checked sentences begin and end. */
import type { Citation, SentenceCheck } from "../../domain/event.ts";

export type Part =
  | {
      readonly type: "marker";
      readonly label: number;
      readonly start: number;
      readonly end: number;
      readonly check?: SentenceCheck;
    }
  | {
      readonly type: "text";
      readonly text: string;
      readonly start: number;
      readonly end: number;
      readonly check?: SentenceCheck;
    };

const MARKER = /\[(\d{1,4})\]/g;

/**
 * Cuts a text that begins at `start` of the answer. `isLabel` says which numbers are passages: `[7]` stays text where
 * there is no seventh.
 */
export function cut(
  text: string,
  start: number,
  checks: readonly SentenceCheck[],
  isLabel: (label: number) => boolean,
): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(MARKER)) {
    const label = Number(match[1]);
    if (!isLabel(label)) continue;
    const sentence = text.slice(at, match.index).trimEnd();
    parts.push(...cutSentences(sentence, start + at, checks));
    // The blank before a marker belongs to no sentence.
    parts.push(
      ...cutSentences(
        text.slice(at + sentence.length, match.index),
        start + at + sentence.length,
        [],
      ),
    );
    at = match.index + match[0].length;
    const place = { start: start + match.index, end: start + at };
    parts.push({ type: "marker", label, ...place, ...findCheck(checks, place) });
  }
  return [...parts, ...cutSentences(text.slice(at), start + at, checks)];
}

/** The citation a marker stands for: the one of its label that ends last before it, or else holds it. */
export function findCitation(
  citations: readonly Citation[],
  { label, start }: { readonly label: number; readonly start: number },
): Citation | undefined {
  const own = citations.filter((one) => one.label === label);
  const before = own.filter(({ end }) => end <= start).toSorted((a, b) => b.end - a.end);
  return before[0] ?? own.find((one) => one.start <= start && start < one.end);
}

function cutSentences(text: string, start: number, checks: readonly SentenceCheck[]): Part[] {
  const end = start + text.length;
  const edges = checks
    .flatMap((check) => [check.start, check.end])
    .filter((edge) => edge > start && edge < end);
  const cuts = [start, ...new Set(edges.toSorted((a, b) => a - b)), end];
  return cuts.flatMap((from, index) => {
    const to = cuts[index + 1];
    if (to === undefined || to <= from) return [];
    const place = { start: from, end: to };
    const part = { type: "text", text: text.slice(from - start, to - start), ...place } as const;
    return [{ ...part, ...findCheck(checks, place) }];
  });
}

function findCheck(
  checks: readonly SentenceCheck[],
  { start, end }: { readonly start: number; readonly end: number },
): { readonly check?: SentenceCheck } {
  const check = checks.find((one) => one.start <= start && end <= one.end);
  return check === undefined ? {} : { check };
}
