/** What of a passage can be quoted. */
import type { Passage } from "../domain/event.ts";
import { splitSentences } from "../text/sentences.ts";
import { toWords } from "../text/words.ts";
import { findLists } from "./lists.ts";
import type { Candidate } from "./sentence-features.ts";
import { findHeaders, isHeader } from "./table-rows.ts";

const SENTENCE_CHARS_MIN = 12;
const SENTENCE_CHARS_MAX = 1_200;

/** The sentences of a passage that state something, and its lists. */
export function toCandidates(passage: Passage): readonly Candidate[] {
  const fences = findFences(passage.text);
  const headings = new Set([passage.title, ...passage.location.headings].map(toPlain));
  const all = splitSentences(passage.text).map(({ start, end }, position): Candidate => {
    const text = passage.text.slice(start, end);
    const place = { start: passage.start + start, end: passage.start + end };
    return { passage, position, text, ...place, words: toWords(text) };
  });
  const headers = findHeaders(all);
  const lists = findLists(all).filter(({ text }) => text.length <= SENTENCE_CHARS_MAX);
  const sentences = all.flatMap((one) => {
    const { text } = one;
    if (text.length < SENTENCE_CHARS_MIN && !/\p{Script=Han}/u.test(text)) return [];
    if (text.length > SENTENCE_CHARS_MAX || isScaffold(text)) return [];
    if (headings.has(toPlain(text)) || isHeader(one, all)) return [];
    const [start, end] = [one.start - passage.start, one.end - passage.start];
    if (fences.some((fence) => start < fence.end && end > fence.start)) return [];
    const header = headers.get(one);
    return header === undefined ? [one] : [{ ...one, header }];
  });
  return [...lists, ...sentences].toSorted((a, b) => a.start - b.start);
}

/** Some formats keep headings as plain lines, numbered or not. */
function toPlain(text: string): string {
  return text
    .replace(/^[\d.\s)]+/u, "")
    .replace(/[\s.:]+$/u, "")
    .toLowerCase();
}

/** Headings, rules, table frames and lead-ins to a list announce things but say nothing of them. */
function isScaffold(text: string): boolean {
  return /^(#{1,6}\s|[-=*_]{3,}\s*$|\|[\s:|-]+\|\s*$)|[:：]\s*$/u.test(text);
}

/** Spans of fenced code: an example is not a statement. */
function findFences(text: string): readonly { readonly start: number; readonly end: number }[] {
  const marks = [...text.matchAll(/^[^\S\n]*(?:```|~~~)[^\n]*$/gmu)].map(({ index, 0: line }) => ({
    start: index,
    end: index + line.length,
  }));
  return marks.flatMap((mark, index) =>
    index % 2 === 0 ? [{ start: mark.start, end: marks[index + 1]?.end ?? text.length }] : [],
  );
}
