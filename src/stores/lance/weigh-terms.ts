/** Terms as LanceDB is asked for them, so that its scores weigh each term as the caller does. */
import { toIdf } from "../../text/idf.ts";
import { QUERY_TERMS_MAX } from "../check.ts";
import type { TermStatistics, WeightedTerm } from "../store.ts";
import type { TermTable } from "./term-table.ts";

/** Boosts this close to each other are one. */
const BOOST_TOLERANCE = 1e-3;

export interface BoostedTerm {
  /** A text that analyses to the term. */
  readonly form: string;
  readonly boost: number;
}

/** All that a collection's statistics say of the version that is searched. */
export interface CountedTerms {
  readonly counted: TermTable | undefined;
  readonly version: number;
}

/**
 * What statistics say of a text's terms. Those of an older version know nothing of what came since, and none are there
 * while a collection is loaded for the first time: a term that they lack may be in a chunk all the same, and counts
 * as in one, so that it is looked for.
 */
export function countFrequencies(
  terms: Iterable<string>,
  chunks: number,
  { counted, version }: CountedTerms,
): TermStatistics {
  const unknown = counted?.version === version || chunks === 0 ? 0 : 1;
  const count = (term: string): number => counted?.frequency(term) || unknown;
  return { chunks, frequencies: new Map([...terms].map((term) => [term, count(term)] as const)) };
}

/**
 * LanceDB's score of a term holds the collection's own idf, so each term is boosted by given over own (idf of
 * Robertson and Sparck Jones with 1 added, as in Lucene and LanceDB). The heaviest terms are kept.
 */
export function weighTerms(
  terms: readonly WeightedTerm[],
  { counted, version }: CountedTerms,
): readonly BoostedTerm[] {
  // With statistics of this very version, a term that no chunk holds need not be looked up.
  const isAbsent = (term: string): boolean =>
    counted?.version === version && counted.frequency(term) === 0;
  return terms
    .filter(({ term }) => !isAbsent(term))
    .toSorted((a, b) => b.idf - a.idf)
    .slice(0, QUERY_TERMS_MAX)
    .map(({ term, idf }) => {
      const own = toIdf(counted?.frequency(term) ?? 0, counted?.chunks ?? 0);
      return { form: counted?.forms.get(term) ?? term, boost: own > 0 ? idf / own : 1 };
    });
}

/** As few terms as say the same: one where the collection's own weights are right already, as when it is asked alone; it costs two thirds. */
export function joinTerms(terms: readonly BoostedTerm[]): readonly BoostedTerm[] {
  const boosts = terms.map(({ boost }) => boost);
  const [first = 1] = boosts;
  return boosts.every((boost) => Math.abs(boost / first - 1) <= BOOST_TOLERANCE)
    ? [{ form: terms.map(({ form }) => form).join(" "), boost: first }]
    : terms;
}
