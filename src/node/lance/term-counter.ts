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
  const counts = new Map<string, number>(start?.entries());
  const startTerms = counts.size;
  let chunks = start?.chunks ?? 0;

  const change = async (contents: readonly string[], by: 1 | -1): Promise<void> => {
    for (const terms of await pieces.analyse(contents)) {
      for (const term of new Set(terms)) counts.set(term, (counts.get(term) ?? 0) + by);
    }
    chunks += by * contents.length;
  };

  return {
    add: (contents) => change(contents, 1),
    remove: (contents) => change(contents, -1),
    async toTable(at) {
      const held = new Map<string, number>();
      const forms = new Map<string, string>();
      /** Those whose form is to be found: of a large vocabulary a few chunks bring few. */
      const fresh: string[] = [];
      let place = 0;
      for (const [term, count] of counts) {
        // Those of the start come first: each analyses to itself or has a form there, unless none was met.
        const isNew = (place += 1) > startTerms;
        if (count <= 0) continue;
        held.set(term, count);
        const form = start?.formOf(term);
        if (form !== undefined) forms.set(term, form);
        else if (isNew || pieces.formOf(term) !== undefined) fresh.push(term);
      }
      for (const [term, form] of await findForms(fresh)) forms.set(term, form);
      return createTermTable({ ...at, chunks, counts: held, forms });
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
