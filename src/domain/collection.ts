/** A collection: a named set of chunks with one embedder, searched together. */

/** Collection names are folder names, table names and URL parts at once. */
export const COLLECTION_NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export type MetadataType = "string" | "number" | "boolean" | "string[]";

/** What a collection was built with. Asking or writing with something else is an error, never a silent mix. */
export interface CollectionSpec {
  readonly name: string;
  /** The embedder's id and the length of its vectors; vectors have unit length. */
  readonly embedder: string;
  readonly dimensions: number;
  /** The chunker's id with its settings, e.g. `tree2-1200`. */
  readonly chunker: string;
  /** Full-text language (`english`, `spanish`, …) or `none` for no stemming. */
  readonly language: string;
  /** `words` splits at blanks and punctuation; `icu` also segments scripts without blanks. */
  readonly tokenizer: "words" | "icu";
  /** Metadata fields that can be filtered on. */
  readonly metadata: Readonly<Record<string, MetadataType>>;
}

/** A collection as it stands at one version. */
export interface CollectionInfo extends CollectionSpec {
  /** Grows with every commit. */
  readonly version: number;
  readonly documents: number;
  readonly chunks: number;
}
