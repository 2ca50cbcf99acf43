/** How much a term tells, by how many texts hold it, and the constants of BM25. One definition, because stores divide one such weight by another. */

/**
 * Inverse document frequency of a term in n of N texts: ln(1 + (N − n + 0.5) / (n + 0.5)), as in Robertson &
 * Zaragoza, The Probabilistic Relevance Framework (2009), in the form that never goes negative; LanceDB's too.
 */
export function toIdf(frequency: number, texts: number): number {
  return Math.log(1 + (texts - frequency + 0.5) / (frequency + 0.5));
}

/** Robertson and Walker's constants of BM25, as Lucene, LanceDB and FTS5 have them. */
export const K1 = 1.2;
export const B = 0.75;
