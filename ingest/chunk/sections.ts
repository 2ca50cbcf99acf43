/** The stretches of a document that chunks keep to: its sections, the small ones put together. */
import { splitSentences, type Span } from "../../src/text/sentences.ts";
import type { LoadedDocument, Section } from "../document.ts";

export interface SectionSpan extends Span {
  readonly headings: readonly string[];
  readonly page?: number;
}

export interface GroupLimits {
  readonly charsTarget: number;
  readonly sectionCharsMin: number;
}

/**
 * Sections in order, in groups a chunk may span: the whole document where it fits a chunk; small
 * neighbours under one parent up to the target; a small section and the first one below it, which
 * is how a lone heading gets its text. Pages are never mixed, so that a page can be cited.
 */
export function groupSections(
  document: LoadedDocument,
  limits: GroupLimits,
): readonly (readonly SectionSpan[])[] {
  const sections = toSpans(document);
  if (document.text.trim().length <= limits.charsTarget && hasOnePage(sections)) return [sections];
  const groups: SectionSpan[][] = [];
  for (const section of sections) {
    const group = groups.at(-1);
    if (group !== undefined && joins(group, section, limits)) group.push(section);
    else groups.push([section]);
  }
  return groups;
}

function hasOnePage(sections: readonly SectionSpan[]): boolean {
  return sections.every((section) => section.page === sections[0]?.page);
}

function joins(
  group: readonly SectionSpan[],
  section: SectionSpan,
  { charsTarget, sectionCharsMin }: GroupLimits,
): boolean {
  const last = group.at(-1);
  if (last === undefined || last.page !== section.page) return false;
  if (group.some((member) => toLength(member) >= sectionCharsMin)) return false;
  if (isBelow(section, last)) return true;
  const chars = section.end - (group[0]?.start ?? section.start);
  return (
    toLength(section) < sectionCharsMin && chars <= charsTarget && haveSameParent(last, section)
  );
}

function toLength({ start, end }: Span): number {
  return end - start;
}

function isBelow(section: SectionSpan, upper: SectionSpan): boolean {
  return (
    section.headings.length > upper.headings.length &&
    upper.headings.every((heading, index) => heading === section.headings[index])
  );
}

function haveSameParent(one: SectionSpan, other: SectionSpan): boolean {
  const depth = Math.max(0, one.headings.length - 1);
  return (
    one.headings.length === other.headings.length &&
    one.headings.slice(0, depth).every((heading, index) => heading === other.headings[index])
  );
}

/** The sections with their ends and with what lies before the first; those without text left out. */
function toSpans({ text, sections }: LoadedDocument): readonly SectionSpan[] {
  const opening: Pick<SectionSpan, "start" | "headings" | "page"> = { start: 0, headings: [] };
  const spans: SectionSpan[] = [];
  let current = opening;
  for (const next of [...sections, undefined]) {
    const end = next === undefined ? text.length : toBoundary(text, current, next);
    if (text.slice(current.start, end).trim() !== "") spans.push({ ...current, end });
    if (next !== undefined) current = { ...next, start: end };
  }
  return spans;
}

const TURNED_SENTENCE_CHARS_MAX = 600;

/** Where the next section begins; a sentence that runs on over the turn of a page stays with the first page. */
function toBoundary(
  text: string,
  current: Pick<SectionSpan, "start" | "headings" | "page">,
  next: Section,
): number {
  const start = Math.min(text.length, Math.max(current.start, next.start));
  const turnsPage =
    next.page !== current.page && next.headings.join("\n") === current.headings.join("\n");
  if (!turnsPage) return start;
  const before = text.slice(Math.max(current.start, start - 20), start).trimEnd();
  const after = text.slice(start, start + TURNED_SENTENCE_CHARS_MAX);
  if (!/[\p{L},-]$/u.test(before) || !/^\s*\p{Ll}/u.test(after)) return start;
  const [rest] = splitSentences(after);
  return rest === undefined || rest.end === after.length ? start : start + rest.end;
}
