/** The headings that a passage has in its own text: a short document is one passage with all its sections. */
import { oncePer } from "../async/once.ts";
import type { Passage } from "../domain/event.ts";
import { findPlainHeadings, type PlainHeading } from "../text/plain-headings.ts";
import { type Span, splitSentences } from "../text/sentences.ts";

const HEADING = /^(#{1,6})\s+(.+)$/u;
const MARKED = /^ {0,3}(?:#{1,6}\s|```|~~~)/mu;

type Heading = Pick<PlainHeading, "level" | "title">;

/** For each sentence of a text the headings above it there, outermost first; one array for all of a section. */
export function listSections(
  text: string,
  sentences: readonly Span[],
): readonly (readonly string[])[] {
  const fences = findFences(text);
  const plain = new Map(findPlain(text).map((heading) => [heading.start, heading]));
  let open: readonly Heading[] = [];
  let section: readonly string[] = [];
  return sentences.map((span) => {
    const heading = readMarked(text, span, fences) ?? plain.get(span.start);
    if (heading !== undefined) {
      open = [...open.filter((one) => one.level < heading.level), heading];
      section = open.map((one) => one.title);
    }
    return section;
  });
}

function readMarked(text: string, span: Span, fences: readonly Span[]): Heading | undefined {
  const [, marks, title] = HEADING.exec(text.slice(span.start, span.end)) ?? [];
  if (marks === undefined || title === undefined || isWithin(span, fences)) return undefined;
  return { level: marks.length, title };
}

/** Those of plain text; where Markdown's marks are, a numbered line is an item of a list. */
function findPlain(text: string): readonly PlainHeading[] {
  return MARKED.test(text) ? [] : findPlainHeadings(text);
}

const listOwn = oncePer(
  ({ text }: Passage) => new Set(listSections(text, splitSentences(text)).flat()),
);

/**
 * All headings above a section of a passage. Of those that the whole passage is said to stand under, one that its text
 * has itself counts for what is below it alone: a passage of several sections is told by its longest.
 */
export function listHeadings(passage: Passage, section: readonly string[]): readonly string[] {
  const { headings } = passage.location;
  if (headings.length === 0) return section;
  const own = listOwn(passage);
  return [...headings.filter((heading) => !own.has(heading)), ...section];
}

/** Spans of fenced code: an example is not a statement. */
export function findFences(text: string): readonly Span[] {
  const marks = [...text.matchAll(/^[^\S\n]*(?:```|~~~)[^\n]*$/gmu)].map(({ index, 0: line }) => ({
    start: index,
    end: index + line.length,
  }));
  return marks.flatMap((mark, index) =>
    index % 2 === 0 ? [{ start: mark.start, end: marks[index + 1]?.end ?? text.length }] : [],
  );
}

/** Does a span lie in one of the others, or across its end? */
export function isWithin({ start, end }: Span, spans: readonly Span[]): boolean {
  return spans.some((one) => start < one.end && end > one.start);
}
