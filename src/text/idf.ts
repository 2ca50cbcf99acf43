/** How much a term tells, by how many texts hold it. One definition, because stores divide one such weight by another. */

/**
 * Inverse document frequency of a term in n of N texts: ln(1 + (N − n + 0.5) / (n + 0.5)), as in Robertson &
 * Zaragoza, The Probabilistic Relevance Framework (2009), in the form that never goes negative; LanceDB's too.
 */
export function toIdf(frequency: number, texts: number): number {
  return Math.log(1 + (texts - frequency + 0.5) / (frequency + 0.5));
}
