/** What is read of a chunk: made once for chunks that stores keep, so that what is known of a text is found by the text itself. */
import { oncePer } from "../async/once.ts";
import { type Chunk, toContent } from "../domain/chunk.ts";
import type { Snapshot } from "../stores/store.ts";
import { toStems } from "../text/stems.ts";
import type { Arm } from "./leg.ts";

/** The chunk's title, headings and text, as they are embedded and indexed. */
export const contentOf = oncePer<Chunk, string>(toContent);

/**
 * Reads what the best hits of a finished arm say, where it is in memory: the arms that are still waited
 * for will most likely bring the same chunks, and the time until then is free.
 */
export function readAhead(
  { legs }: Arm,
  snapshots: readonly Snapshot[],
  candidatesMax: number,
): void {
  const best = legs
    .flatMap(({ leg, hits }) => {
      const snapshot = snapshots.find(({ info }) => info.name === leg.collection);
      return hits.slice(0, candidatesMax).map((hit) => ({ hit, snapshot }));
    })
    .toSorted((a, b) => b.hit.score - a.hit.score)
    .slice(0, candidatesMax);
  for (const { hit, snapshot } of best) {
    const chunk = snapshot?.peek?.(hit.row);
    if (chunk !== undefined) toStems(contentOf(chunk));
  }
}
