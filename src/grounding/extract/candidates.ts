/** What of a passage can be quoted. */
import type { Passage } from "../../domain/event.ts";
import { splitStatements } from "../../text/record.ts";
import type { Span } from "../../text/sentences.ts";
import { toWords } from "../../text/words.ts";
import { findCode } from "../code-blocks.ts";
import { addEntries } from "../entries.ts";
import { findLists } from "../lists.ts";
import { findFences, isWithin, listSections } from "../sections.ts";
import type { Candidate } from "../sentence-features.ts";
import { findTables, isHeader, type Table, toWhole } from "../table-rows.ts";

const SENTENCE_CHARS_MIN = 12;
const SENTENCE_CHARS_MAX = 1_200;
/** Of a list, table or block of code: as long as a chunk may become that aims at 1,200. */
const BLOCK_CHARS_MAX = 1_800;

/** The sentences of a passage that state something, its lists, its tables and its code. */
export function toCandidates(passage: Passage): readonly Candidate[] {
  const fences = findFences(passage.text);
  const headings = new Set([passage.title, ...passage.location.headings].map(toPlain));
  const all = toSentences(passage);
  const tables = findTables(all);
  const headers = toHeaders(tables);
  const wholes = tables.map((table) => toWhole(table, all)).filter((one) => one !== undefined);
  const lists = [...findLists(all), ...wholes].filter((list) => !cutsAny(toOwn(list), fences));
  const code = findCode(passage, all);
  const blocks = [...lists, ...code].filter(({ text }) => text.length <= BLOCK_CHARS_MAX);
  const examples = [...fences, ...code.filter((one) => one.code?.isSure === true).map(toOwn)];
  const sentences = all.flatMap((one) => {
    const { text } = one;
    if (text.length < SENTENCE_CHARS_MIN && !/\p{Script=Han}/u.test(text)) return [];
    if (text.length > SENTENCE_CHARS_MAX || isScaffold(text)) return [];
    if (headings.has(toPlain(text)) || isHeader(one, all)) return [];
    if (one.section.at(-1) === text || all[one.position + 1]?.term === text) return [];
    if (isWithin(toOwn(one), examples)) return [];
    const header = headers.get(one);
    return header === undefined ? [one] : [{ ...one, header }];
  });
  return [...blocks, ...sentences].toSorted((a, b) => a.start - b.start);
}

/** Its place in the text of its passage. */
function toOwn({ passage, start, end }: Candidate): Span {
  return { start: start - passage.start, end: end - passage.start };
}

/** Begins or ends it in the middle of a fence? What is between the marks is no list, and a mark alone makes code of all behind it. */
function cutsAny({ start, end }: Span, fences: readonly Span[]): boolean {
  return fences.some(
    (one) => (one.start < start && start < one.end) || (one.start < end && end < one.end),
  );
}

/** Each row with its header. */
function toHeaders(tables: readonly Table[]): ReadonlyMap<Candidate, Candidate> {
  return new Map(tables.flatMap(({ header, rows }) => rows.map((row) => [row, header] as const)));
}

/** Each with the headings above it in the passage itself, and the term of the entry that it goes on with. */
function toSentences(passage: Passage): readonly Candidate[] {
  const spans = splitStatements(passage.text);
  const headings = listSections(passage.text, spans);
  const sections = addEntries(passage.text, spans, headings);
  return spans.map((span, position) => {
    const text = passage.text.slice(span.start, span.end);
    const place = { start: passage.start + span.start, end: passage.start + span.end };
    const section = sections[position] ?? [];
    const term = section === headings[position] ? undefined : section.at(-1);
    const candidate = { passage, position, text, ...place, words: toWords(text), section };
    return term === undefined ? candidate : { ...candidate, term };
  });
}

/** Some formats keep headings as plain lines, numbered or not. */
function toPlain(text: string): string {
  return text
    .replace(/^[\d.\s)]+/u, "")
    .replace(/[\s.:]+$/u, "")
    .toLowerCase();
}

/** Headings, rules, table frames, tags and lead-ins to a list announce things but say nothing of them. */
function isScaffold(text: string): boolean {
  return /^(?:\p{Lu}|[\s&,'’-])+$|^(#{1,6}\s|[-=*_]{3,}\s*$|\|[\s:|-]+\|\s*$)|^(?:<[^<>]*>\s*)+$|[:：]\s*$/u.test(
    text,
  );
}
