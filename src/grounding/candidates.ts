/** What of a passage can be quoted. */
import type { Passage } from "../domain/event.ts";
import { type Span, splitSentences } from "../text/sentences.ts";
import { toWords } from "../text/words.ts";
import { findLists } from "./lists.ts";
import type { Candidate } from "./sentence-features.ts";
import { findTables, isHeader, type Table, toWhole } from "./table-rows.ts";

const SENTENCE_CHARS_MIN = 12;
const SENTENCE_CHARS_MAX = 1_200;
/** Of a list or table: as long as a chunk may become that aims at 1,200. */
const BLOCK_CHARS_MAX = 1_800;

/** The sentences of a passage that state something, its lists and its tables. */
export function toCandidates(passage: Passage): readonly Candidate[] {
  const fences = findFences(passage.text);
  const headings = new Set([passage.title, ...passage.location.headings].map(toPlain));
  const isFenced = ({ start, end }: Span): boolean =>
    fences.some((fence) => start < fence.end && end > fence.start);
  const all = toSentences(passage, isFenced);
  const tables = findTables(all);
  const headers = toHeaders(tables);
  const wholes = tables.map((table) => toWhole(table, all)).filter((one) => one !== undefined);
  const lists = [...findLists(all), ...wholes].filter(({ text }) => text.length <= BLOCK_CHARS_MAX);
  const sentences = all.flatMap((one) => {
    const { text } = one;
    if (text.length < SENTENCE_CHARS_MIN && !/\p{Script=Han}/u.test(text)) return [];
    if (text.length > SENTENCE_CHARS_MAX || isScaffold(text)) return [];
    if (headings.has(toPlain(text)) || isHeader(one, all)) return [];
    if (isFenced({ start: one.start - passage.start, end: one.end - passage.start })) return [];
    const header = headers.get(one);
    return header === undefined ? [one] : [{ ...one, header }];
  });
  return [...lists, ...sentences].toSorted((a, b) => a.start - b.start);
}

/** Each row with its header. */
function toHeaders(tables: readonly Table[]): ReadonlyMap<Candidate, Candidate> {
  return new Map(tables.flatMap(({ header, rows }) => rows.map((row) => [row, header] as const)));
}

/** Each with the headings above it in the passage itself: a short document is one passage with all its sections. */
function toSentences(passage: Passage, isFenced: (span: Span) => boolean): readonly Candidate[] {
  let open: readonly { readonly level: number; readonly title: string }[] = [];
  let section: readonly string[] = [];
  return splitSentences(passage.text).map((span, position) => {
    const text = passage.text.slice(span.start, span.end);
    const place = { start: passage.start + span.start, end: passage.start + span.end };
    const [, marks, title] = HEADING.exec(text) ?? [];
    if (marks !== undefined && title !== undefined && !isFenced(span)) {
      const level = marks.length;
      open = [...open.filter((one) => one.level < level), { level, title }];
      section = open.map((one) => one.title);
    }
    return { passage, position, text, ...place, words: toWords(text), section };
  });
}

const HEADING = /^(#{1,6})\s+(.+)$/u;

/** Some formats keep headings as plain lines, numbered or not. */
function toPlain(text: string): string {
  return text
    .replace(/^[\d.\s)]+/u, "")
    .replace(/[\s.:]+$/u, "")
    .toLowerCase();
}

/** Headings, rules, table frames and lead-ins to a list announce things but say nothing of them. */
function isScaffold(text: string): boolean {
  return /^(?:\p{Lu}|[\s&,'’-])+$|^(#{1,6}\s|[-=*_]{3,}\s*$|\|[\s:|-]+\|\s*$)|[:：]\s*$/u.test(
    text,
  );
}

/** Spans of fenced code: an example is not a statement. */
function findFences(text: string): readonly Span[] {
  const marks = [...text.matchAll(/^[^\S\n]*(?:```|~~~)[^\n]*$/gmu)].map(({ index, 0: line }) => ({
    start: index,
    end: index + line.length,
  }));
  return marks.flatMap((mark, index) =>
    index % 2 === 0 ? [{ start: mark.start, end: marks[index + 1]?.end ?? text.length }] : [],
  );
}
