/** What a loader makes of a file: plain text with its headings and pages, every offset exact. */
import type { Metadata } from "../src/domain/chunk.ts";

export interface LoadedDocument {
  /** Stable across runs: the file's path relative to the ingest root with `/`, and `#row` where one file holds many documents. */
  readonly id: string;
  /** File it was loaded from, relative like the id, without `#row`. */
  readonly source: string;
  readonly title: string;
  /** The text all offsets refer to. For text formats the file's own characters, so that offsets hold there too. */
  readonly text: string;
  /** Where headings and pages change, ascending by `start`; what a section says holds until the next one. */
  readonly sections: readonly Section[];
  /** How the chunker finds paragraphs: prose at blank lines, code at blank lines with indentation kept whole. */
  readonly kind: "prose" | "markdown" | "code";
  readonly metadata: Metadata;
}

export interface Section {
  /** Offset of its first character, its heading line included. */
  readonly start: number;
  /** Titles from the outermost to its own. */
  readonly headings: readonly string[];
  readonly page?: number;
}
