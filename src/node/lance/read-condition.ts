/** When a version was committed, and how much of it the indexes hold. */
import type { Table } from "@lancedb/lancedb";
import type { Condition } from "../../stores/store.ts";
import { TEXT_INDEX, VECTOR_INDEX } from "./indexer.ts";

/** Of two indexes the one that lacks more counts. Without one for its words nothing of a collection is indexed. */
export async function readCondition(table: Table, version: number): Promise<Condition> {
  const [versions, rows, text, vector] = await Promise.all([
    table.listVersions(),
    table.countRows(),
    table.indexStats(TEXT_INDEX),
    table.indexStats(VECTOR_INDEX),
  ]);
  const committed = versions.find((one) => one.version === version)?.timestamp;
  // A small collection has no index for its vectors.
  const lacking = Math.max(text?.numUnindexedRows ?? rows, vector?.numUnindexedRows ?? 0);
  return {
    ...(committed === undefined ? {} : { committedAtMs: committed.getTime() }),
    ...(rows === 0 ? {} : { indexedShare: Math.max(0, 1 - lacking / rows) }),
  };
}
