/** Rows of a collection in several objects: each says in which object it lies. */
import type { Hit } from "../../domain/hit.ts";
import { askParts, type Parts } from "./ask-parts.ts";

/** The slot alone where there is one object, else the part before it. */
export function toRow(slot: string, part: number, count: number): string {
  return count === 1 ? slot : `${part}.${slot}`;
}

/** The hits of all parts, best first; among equals in the order of the parts. */
export function mergeHits(
  found: ReadonlyMap<number, readonly Hit[]>,
  count: number,
): readonly Hit[] {
  if (count === 1) return found.get(0) ?? [];
  return [...found]
    .flatMap(([part, hits]) =>
      hits.map(({ row, score }) => ({ row: toRow(row, part, count), score })),
    )
    .toSorted((a, b) => b.score - a.score);
}

/** Chunks as JSON in the order of the rows; null for a row that is not there, or whose object was lost since the search. */
export async function takeRows(
  parts: Parts,
  rows: readonly string[],
  signal: AbortSignal,
): Promise<readonly (string | null)[]> {
  const count = parts.names.length;
  const places = rows.flatMap((row) => parseRow(row, count) ?? []);
  const slots = Map.groupBy(places, ({ part }) => part);
  if (slots.size === 0) return rows.map(() => null);
  const chunks = new Map<string, string | null>();
  const found = await askParts(
    parts,
    signal,
    (stub, part) => stub.take((slots.get(part) ?? []).map(({ slot }) => slot)),
    { among: [...slots.keys()], onLost: () => undefined },
  );
  for (const [part, texts] of found) {
    for (const [at, place] of (slots.get(part) ?? []).entries()) {
      chunks.set(toRow(place.slot, part, count), texts[at] ?? null);
    }
  }
  return rows.map((row) => chunks.get(row) ?? null);
}

interface Place {
  readonly part: number;
  readonly slot: string;
}

/** Undefined: no row of this collection. */
function parseRow(row: string, count: number): Place | undefined {
  if (count === 1) return { part: 0, slot: row };
  const [, part, slot] = /^(\d+)\.(\d+)$/.exec(row) ?? [];
  if (part === undefined || slot === undefined || Number(part) >= count) return undefined;
  return { part: Number(part), slot };
}
