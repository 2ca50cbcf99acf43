/** The passages of one run, whoever found them: each has one label, and labels count on. */
import type { Passage } from "../domain/event.ts";
import type { Run } from "../run.ts";

export interface Pool {
  /** In the order of their labels. */
  readonly passages: readonly Passage[];
  /** What one agent has seen of it; it may add so many at most. */
  view(shown: readonly Passage[], addedMax?: number): AddPassages;
}

/** Gives those of the passages that the agent has not seen, under their labels; those that are new to the run are told to the client. */
export type AddPassages = (found: readonly Passage[]) => Promise<readonly Passage[]>;

/** Creates a pool that begins with what retrieval has found for the question itself. */
export function createPool(first: readonly Passage[], run: Run): Pool {
  const passages = [...first];
  const byKey = new Map(first.map((passage) => [toKey(passage), passage]));

  /** Without a wait, so that no two agents give the same label. */
  const label = (found: Passage): Passage | undefined => {
    if (passages.length >= run.config.passagesOfToolsMax) return undefined;
    const labelled = { ...found, label: passages.length + 1 };
    passages.push(labelled);
    byKey.set(toKey(found), labelled);
    return labelled;
  };

  return {
    passages,
    view(shown, addedMax = Number.POSITIVE_INFINITY) {
      const seen = new Set(shown.map(toKey));
      let added = 0;
      return async (found) => {
        const unseen: Passage[] = [];
        const fresh: Passage[] = [];
        for (const passage of found) {
          const key = toKey(passage);
          if (seen.has(key)) continue;
          const known = byKey.get(key);
          const labelled = known ?? (added < addedMax ? label(passage) : undefined);
          if (labelled === undefined) continue;
          seen.add(key);
          unseen.push(labelled);
          if (known !== undefined) continue;
          added += 1;
          fresh.push(labelled);
        }
        if (fresh.length > 0) await run.emit({ type: "retrieval-end", passages: fresh });
        return unseen;
      };
    },
  };
}

function toKey({ collection, chunkId }: Passage): string {
  return `${collection}\n${chunkId}`;
}
