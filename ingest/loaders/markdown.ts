/** Markdown: the file's own text with its heading tree; front matter becomes title and metadata. */
import type { LoadedDocument } from "../document.ts";
import type { IngestLimits } from "../limits.ts";
import { type FrontMatter, NO_FRONT_MATTER, readFrontMatter } from "./front-matter.ts";
import { findHeadings, type Heading, toSections } from "./headings.ts";
import { blankHidden, toTitle } from "./hidden-text.ts";
import { toMetadata } from "./metadata.ts";
import type { FileReference } from "./load-event.ts";
import { createTextLoader } from "./text-loader.ts";
import { toFileTitle } from "./titles.ts";

/** Front matter and comments are blanked, not cut: they are no text of the document, and offsets must hold. Hidden characters become spaces likewise. */
export const loadMarkdown = createTextLoader((raw, file, limits) => {
  const text = blankContents(blankImages(blankHidden(raw)));
  const front = readFrontMatter(text);
  return [{ type: "document", document: toMarkdownDocument(text, file, limits, front) }];
});

/** A picture within the text, in Base64: no one looks for its letters, and they would fill whole chunks. */
const DATA_IMAGE = /data:[a-z]+\/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=]{100,}/gi;

/** Without such pictures; offsets hold. */
export function blankImages(text: string): string {
  return text.replace(DATA_IMAGE, (image) => " ".repeat(image.length));
}

/** Code, which stays as it is, or at least three items of a list that are links to parts of the page and nothing else. */
const CODE_OR_CONTENTS =
  /^[ \t]*(`{3,6}|~{3,6})[^]*?^[ \t]*\1|(?:^[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+\[[^\]\n]*\]\(#[^)\s]*\)[ \t]*(?:\r?\n|$(?![^]))(?:[ \t]*\r?\n)*){3,}/gm;

/** Without the table of contents, whose words are those of all headings and say nothing; offsets hold. */
function blankContents(text: string): string {
  const rest = text.replace(CODE_OR_CONTENTS, (part, fence: string | undefined) =>
    fence === undefined ? part.replace(/[^\r\n]/g, " ") : part,
  );
  return rest.trim() === "" ? text : rest;
}

/** A document of Markdown text, whatever it was before. What was converted has no front matter. */
export function toMarkdownDocument(
  text: string,
  file: FileReference,
  limits: IngestLimits,
  front: FrontMatter = NO_FRONT_MATTER,
): LoadedDocument {
  const outline = findHeadings(text, limits.titleCharsMax, front.end);
  const named = front.values.get("title");
  const title =
    named === undefined
      ? findTitle(outline.headings)
      : toTitle(String(named), limits.titleCharsMax);
  const values = [...front.values].filter(([name]) => name !== "title");
  return {
    id: file.id,
    source: file.id,
    title: title || toFileTitle(file.id),
    text: blank(text, [[0, front.end], ...outline.comments]),
    sections: toSections(outline.headings),
    kind: "markdown",
    metadata: toMetadata(values, limits),
  };
}

/** The first heading of the first level, unless it is one of a series: `Version 3.1` above `Version 3.0` names no changelog. */
function findTitle(headings: readonly Heading[]): string | undefined {
  const first = headings.find(({ level }) => level === 1) ?? headings[0];
  if (first === undefined) return undefined;
  const next = headings.find(({ level, start }) => level === first.level && start > first.start);
  const series = toSeries(first.title);
  return series !== undefined && series === toSeries(next?.title ?? "") ? undefined : first.title;
}

/** What stands before the number in one; undefined where there is none. */
function toSeries(title: string): string | undefined {
  return /^\P{N}*(?=\p{N})/u.exec(title)?.[0];
}

function blank(text: string, ranges: readonly (readonly [number, number])[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const [start, end] of ranges) {
    if (start === end) continue;
    parts.push(text.slice(at, start), text.slice(start, end).replace(/[^\r\n]/g, " "));
    at = end;
  }
  return at === 0 ? text : parts.join("") + text.slice(at);
}
