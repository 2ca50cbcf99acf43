/** Documents and the chunks they are cut into. Offsets are UTF-16 code units into the document's loaded text. */

/** The place of a chunk in its document. */
export interface Location {
  /** Titles of the sections around it, outermost first. */
  readonly headings: readonly string[];
  /** From 1, where the format has pages, slides or sheets. */
  readonly page?: number;
}

export type MetadataValue = string | number | boolean | readonly string[];
export type Metadata = Readonly<Record<string, MetadataValue>>;

/** A contiguous slice of a document: what is embedded, indexed and cited. */
export interface Chunk {
  /** `documentId#position`, unique within its collection. */
  readonly id: string;
  readonly documentId: string;
  /** From 0, in reading order. */
  readonly position: number;
  readonly title: string;
  readonly location: Location;
  /** `document.text.slice(start, end) === text`. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly metadata: Metadata;
}

/** Between the title and the headings of a content's first line. */
export const HEADING_MARK = " › ";

/** What is embedded and indexed for a chunk: its title and headings, a line break, its text. */
export function toContent(chunk: {
  readonly title: string;
  readonly location: Pick<Chunk["location"], "headings">;
  readonly text: string;
}): string {
  const path = [chunk.title, ...chunk.location.headings].filter(
    (part, index, all) => part !== "" && part !== all[index - 1],
  );
  return path.length === 0 ? chunk.text : `${path.join(HEADING_MARK)}\n${chunk.text}`;
}
