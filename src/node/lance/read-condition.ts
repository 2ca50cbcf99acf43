/** When a version was committed, and how much of it the indexes hold. */
import type { Table } from "@lancedb/lancedb";
import type { Condition } from "../../stores/store.ts";
import { TEXT_INDEX, VECTOR_INDEX } from "./indexer.ts";

/** Of two indexes the one that holds less counts. */
export async function readCondition(table: Table, version: number): Promise<Condition> {
  const [versions, ...stats] = await Promise.all([
    table.listVersions(),
    table.indexStats(TEXT_INDEX),
    table.indexStats(VECTOR_INDEX),
  ]);
  const committed = versions.find((one) => one.version === version)?.timestamp;
  const shares = stats.flatMap((index) => {
    if (index === undefined) return [];
    const rows = index.numIndexedRows + index.numUnindexedRows;
    return rows === 0 ? [] : [index.numIndexedRows / rows];
  });
  return {
    ...(committed === undefined ? {} : { committedAtMs: committed.getTime() }),
    ...(shares.length === 0 ? {} : { indexedShare: Math.min(...shares) }),
  };
}
