/** The SQL of an object over SQLite in this process: the same statements and limits, without the runtime around them. */
import { DatabaseSync } from "node:sqlite";
import type { SqlCursor, SqlStorage, SqlValue } from "cloudflare:workers";

/**
 * Those of the platform, of which the runtime on a developer's machine knows few:
 * https://developers.cloudflare.com/durable-objects/platform/limits/ and, for an expression's depth, workerd.
 */
const LIMITS = {
  length: 2_000_000,
  sqlLength: 100_000,
  column: 100,
  exprDepth: 100,
  functionArg: 32,
  likePatternLength: 50,
  variableNumber: 100,
};

/** An empty database. */
export function createNodeSql(): SqlStorage {
  const database = new DatabaseSync(":memory:");
  Object.assign(database.limits, LIMITS);
  return {
    exec<Row extends Record<string, SqlValue>>(query: string, ...values: SqlValue[]) {
      if (values.length === 0 && query.includes(";")) {
        database.exec(query);
        return toCursor<Row>([]);
      }
      const bound = values.map((value) =>
        value instanceof ArrayBuffer ? new Uint8Array(value) : value,
      );
      const rows = database.prepare(query).all(...bound);
      return toCursor<Row>(rows.map((row) => toRow(row) as Row));
    },
    databaseSize: 0,
  };
}

function toRow(row: object): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Uint8Array ? value.slice().buffer : value,
    ]),
  );
}

function toCursor<Row>(rows: Row[]): SqlCursor<Row> {
  return {
    toArray: () => rows,
    one() {
      const [row] = rows;
      if (row === undefined || rows.length > 1) throw new Error(`one row, got ${rows.length}`);
      return row;
    },
    [Symbol.iterator]: () => rows[Symbol.iterator](),
  };
}
