/** Cuts a document into chunks along its headings, paragraphs and sentences, with exact offsets. */
import type { Chunk, Location } from "../../src/domain/chunk.ts";
import type { Span } from "../../src/text/sentences.ts";
import { type Atom, splitAtoms } from "./atoms.ts";
import { chooseCuts } from "./cuts.ts";
import { groupSections, type SectionSpan } from "./sections.ts";
import type { LoadedDocument } from "../document.ts";

export interface ChunkSettings {
  /** The length aimed at, in characters of a script with blanks between words. */
  readonly charsTarget: number;
  /** No chunk is longer, not even for the sake of a sentence, a table or a code block. */
  readonly charsMax: number;
  /** A section below this may share a chunk with its small neighbours. */
  readonly sectionCharsMin: number;
}

/** 1,200 characters find 71 of 100 answers among the top five chunks of long articles; 600 find 65, 2,400 find 74. */
export const DEFAULT_CHUNKING: ChunkSettings = {
  charsTarget: 1_200,
  charsMax: 1_800,
  sectionCharsMin: 200,
};

/** Raise it when the same settings make other chunks, so that collections are not a mix of both. */
const METHOD = "tree2";

/** The chunker's name in a collection's fingerprint, e.g. `tree2-1200`. */
export function toChunkerId({ charsTarget }: ChunkSettings): string {
  return `${METHOD}-${charsTarget}`;
}

/** A sign of Chinese, Japanese or Korean says as much as two and a half letters. */
const WIDE_SIGN_LETTERS = 2.5;
const SAMPLE_CHARS = 10_000;

/**
 * The document's chunks in reading order, without overlap: every character that is not blank is in
 * exactly one, and `document.text.slice(start, end) === text`.
 *
 * A document that fits is one chunk. Otherwise a chunk keeps to its section and page; only small
 * sections of one parent share one, and a heading goes with the text under it. Code blocks, tables,
 * list items and sentences are whole unless one alone is longer than `charsMax`, and so are lists where it can be. Within a section
 * the cuts are chosen together so that sizes are even and near the target: there is no small rest.
 * A blank document has no chunks.
 */
export function chunkDocument(
  document: LoadedDocument,
  settings: ChunkSettings = DEFAULT_CHUNKING,
): readonly Chunk[] {
  const scaled = scaleTo(document.text, settings);
  const chunks: Chunk[] = [];
  for (const group of groupSections(document, scaled)) {
    for (const { start, end, columns } of chooseCuts(toAtoms(document, group, scaled), scaled)) {
      const position = chunks.length;
      const location = locate(group, { start, end });
      chunks.push({
        id: `${document.id}#${position}`,
        documentId: document.id,
        position,
        title: document.title,
        location: columns === undefined ? location : { ...location, columns },
        start,
        end,
        text: document.text.slice(start, end),
        metadata: document.metadata,
      });
    }
  }
  return chunks;
}

/** The sizes for the script the text is written in. */
function scaleTo(text: string, settings: ChunkSettings): ChunkSettings {
  const sample = text.slice(0, SAMPLE_CHARS);
  const wide = sample.match(/[\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef]/g)?.length ?? 0;
  const share = wide / Math.max(1, sample.length);
  const factor = 1 / (1 + share * (WIDE_SIGN_LETTERS - 1));
  return {
    charsTarget: Math.max(1, Math.round(settings.charsTarget * factor)),
    charsMax: Math.max(2, Math.round(settings.charsMax * factor)),
    sectionCharsMin: Math.round(settings.sectionCharsMin * factor),
  };
}

/** The atoms of all sections of the group; a cut at a section costs nothing. */
function toAtoms(
  document: LoadedDocument,
  group: readonly SectionSpan[],
  { charsMax }: ChunkSettings,
): readonly Atom[] {
  return group.flatMap((section) =>
    splitAtoms(document.text, section, document.kind, charsMax).map((atom, index) =>
      index === 0 ? { ...atom, cutCost: 0 } : atom,
    ),
  );
}

/** A section that makes up this much of a chunk gives it its headings. */
const MAIN_SECTION_SHARE = 0.6;

/** The headings of the section a chunk lies in, or those that all its sections share; the page it begins on. */
function locate(group: readonly SectionSpan[], { start, end }: Span): Location {
  const touched = group.filter((section) => section.start < end && section.end > start);
  const main = touched.find((section) => {
    const shared = Math.min(end, section.end) - Math.max(start, section.start);
    return shared >= (end - start) * MAIN_SECTION_SHARE;
  });
  const headings =
    main?.headings ?? touched.map((section) => section.headings).reduce(shareHeadings);
  const page = touched[0]?.page;
  return page === undefined ? { headings } : { headings, page };
}

function shareHeadings(one: readonly string[], other: readonly string[]): readonly string[] {
  const firstDifferent = one.findIndex((heading, index) => heading !== other[index]);
  return firstDifferent === -1 ? one : one.slice(0, firstDifferent);
}
