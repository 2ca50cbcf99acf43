/** Counts in how many chunks each term occurs, while chunks come and go. */
import type { Analyser } from "./analyser.ts";
import { createPieceAnalyser } from "./piece-analyser.ts";
import { createTermTable, type TermTable } from "../../stores/lance/term-table.ts";

export interface TermCounter {
  add(contents: readonly string[]): Promise<void>;
  remove(contents: readonly string[]): Promise<void>;
  /** The counts as they are now, in the form that is stored and read. */
  toTable(at: Pick<TermTable, "version" | "trainedRows" | "changedRows">): Promise<TermTable>;
}

/** Starts from the counts of a table, or from nothing. */
export function createTermCounter(analyser: Analyser, start?: TermTable): TermCounter {
  const pieces = createPieceAnalyser(analyser);
  /** Since `start`: of a large vocabulary a few chunks change little. */
  const changes = new Map<string, number>();
  let chunks = start?.chunks ?? 0;

  const change = async (contents: readonly string[], by: 1 | -1): Promise<void> => {
    for (const terms of await pieces.analyse(contents)) {
      for (const term of new Set(terms)) changes.set(term, (changes.get(term) ?? 0) + by);
    }
    chunks += by * contents.length;
  };

  return {
    add: (contents) => change(contents, 1),
    remove: (contents) => change(contents, -1),
    async toTable(at) {
      // Those of the start analyse to themselves or have a form there, unless none was met.
      const isFresh = (term: string): boolean =>
        start?.forms.get(term) === undefined &&
        ((start?.frequency(term) ?? 0) === 0 || pieces.formOf(term) !== undefined);
      const forms = await findForms([...changes.keys()].filter(isFresh));
      return createTermTable({ ...at, chunks, counts: changes, forms }, start);
    },
  };

  /** For terms that do not analyse to themselves: a form that does become the term. */
  async function findForms(terms: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const again = await createPieceAnalyser(analyser).analyse(terms);
    const found = terms.flatMap((term, index) => {
      const terms = again[index] ?? [];
      if (terms.length === 1 && terms[0] === term) return [];
      const form = pieces.formOf(term);
      return form === undefined || form === term ? [] : [[term, form] as const];
    });
    return new Map(found);
  }
}
