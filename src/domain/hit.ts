/** What a retriever finds, before and after the arms are put together. */

export const RETRIEVERS = ["vector", "keyword"] as const;
/** One way to get hits. */
export type Retriever = (typeof RETRIEVERS)[number];

/** A row that a leg found in its collection. Texts are taken later, for those that go on. */
export interface Hit {
  /** Identifies the row within the collection's snapshot; opaque outside the store. */
  readonly row: string;
  /** Higher is better: cosine similarity for `vector`, BM25 with global document frequencies for `keyword`. */
  readonly score: number;
}

/** The score trail of a candidate: its rank (from 1) in each list it was in, named `collection/retriever`, `fused`, `rerank`. */
export type Trail = Readonly<Record<string, number>>;
