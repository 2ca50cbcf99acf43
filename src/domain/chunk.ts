/** Documents and the chunks they are cut into. Offsets are UTF-16 code units into the document's loaded text. */

/** The place of a chunk in its document. */
export interface Location {
  /** Titles of the sections around it, outermost first. */
  readonly headings: readonly string[];
  /** From 1, where the format has pages, slides or sheets. */
  readonly page?: number;
  /** Where it begins in the middle of a table: the row that names the columns. */
  readonly columns?: string;
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

interface Placed {
  readonly location: Omit<Location, "page">;
  readonly text: string;
}

/** The text as one reads it: the rest of a table below the names of its columns. */
export function toReadable({ location: { columns }, text }: Placed): string {
  return columns === undefined ? text : `${columns}\n${text}`;
}

/** Where a text stands, `Title › Heading › Heading`: a document is often called like its first heading, which is said once. */
export function toPath(title: string, headings: readonly string[]): string {
  return [title, ...headings]
    .filter((part, index, all) => part !== "" && part !== all[index - 1])
    .join(HEADING_MARK);
}

/** What is embedded and indexed for a chunk: its title and headings, a line break, its text as one reads it. */
export function toContent(chunk: Placed & { readonly title: string }): string {
  const path = toPath(chunk.title, chunk.location.headings);
  const text = toReadable(chunk);
  return path === "" ? text : `${path}\n${text}`;
}
