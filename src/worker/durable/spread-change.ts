/** One change of a collection in several objects: prepared in all of them, then shown in one step by the first. */
import type { Change, CommitReport } from "../../stores/store.ts";
import { askParts, type Parts } from "./ask-parts.ts";
import { toDocumentWire } from "./document-wire.ts";
import { splitByPart } from "./parts.ts";
import { addTallies, type ChangeWire, NOTHING, type PartReport, type Tally } from "./protocol.ts";

/** The change of each part; a document is always in the same one. */
export function splitChange(change: Change, count: number): ChangeWire[] {
  const removed = splitByPart(change.remove, count, (id) => id);
  return splitByPart(change.put, count, ({ id }) => id).map((put, part) => ({
    put: put.map(toDocumentWire),
    remove: removed[part] ?? [],
  }));
}

/**
 * Readers see the version before until the first object has its part: that commit is the whole one. Every
 * object takes part, also with nothing to change: it keeps the lock, and a writer that comes too late is told.
 */
export async function commitInStep(
  parts: Parts,
  changes: readonly ChangeWire[],
  { writer, version }: { readonly writer: string; readonly version: number },
  signal: AbortSignal,
): Promise<CommitReport> {
  const commit = async (among: number[], others: Tally | null): Promise<PartReport[]> => {
    const reports = await askParts(
      parts,
      signal,
      (stub, part) =>
        stub.commit(writer, changes[part] ?? { put: [], remove: [] }, { version, others }),
      { among },
    );
    return [...reports.values()];
  };
  const prepared = await commit([...parts.names.keys()].slice(1), null);
  const others = prepared.reduce((sum, { change }) => addTallies(sum, change), NOTHING);
  const all = [...prepared, ...(await commit([0], others))];
  return {
    version,
    chunksAdded: all.reduce((sum, { chunksAdded }) => sum + chunksAdded, 0),
    chunksRemoved: all.reduce((sum, { chunksRemoved }) => sum + chunksRemoved, 0),
  };
}
