/** Takes back what was prepared in one of several objects and never shown to readers. */
import type { SqlStorage } from "cloudflare:workers";
import type { Collection } from "./collection.ts";

/** Everything later than the version goes, and what it had replaced is back; how many chunks that concerned. */
export function restore(sql: SqlStorage, collection: Collection, version: number): number {
  const { state } = collection;
  if (state.version <= version) return 0;
  const { concerned } = sql
    .exec<{ concerned: number }>(
      "SELECT count(*) AS concerned FROM chunks WHERE born > ?1 OR died > ?1",
      version,
    )
    .one();
  sql.exec("DELETE FROM words WHERE rowid IN (SELECT slot FROM chunks WHERE born > ?)", version);
  for (const table of ["chunks", "documents"]) {
    sql.exec(`DELETE FROM ${table} WHERE born > ?`, version);
    sql.exec(`UPDATE ${table} SET died = NULL WHERE died > ?`, version);
  }
  sql.exec("DELETE FROM commits WHERE version > ?", version);
  const { documents } = sql
    .exec<{ documents: number }>("SELECT count(*) AS documents FROM documents WHERE died IS NULL")
    .one();
  const counts = sql
    .exec<{ rows: number; chunks: number; terms: number }>(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE died IS NULL) AS chunks,
       coalesce(sum(terms) FILTER (WHERE died IS NULL), 0) AS terms FROM chunks`,
    )
    .one();
  collection.replace({ ...state, ...counts, documents, version });
  return concerned;
}
