/** One query of LanceDB's protocol as native calls, and its rows as an Arrow file. */
import type { Query, Table, VectorQuery } from "@lancedb/lancedb";
import type { CollectionInfo } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import type { FullTextQuery, NearestQuery, TableQuery } from "../../http/lance/tables.ts";
import type { RowFilter } from "../../stores/lance/sql-filter.ts";
import { arrow, lancedb } from "./native.ts";

export interface QueryLimits {
  readonly info: CollectionInfo;
  readonly rowFilter: RowFilter;
  /** Rows of one answer. */
  readonly rowsMax: number;
}

/** Throws AppError invalid_request, and native errors, which the caller maps. */
export async function runTableQuery(
  table: Table,
  query: TableQuery,
  { info, rowFilter, rowsMax }: QueryLimits,
): Promise<Uint8Array> {
  await checkColumns(table, query);
  const { rows, where } = rowFilter;
  const options = { timeoutMs: query.timeoutMs };
  if (rows !== undefined) {
    checkRows(rows, query, rowsMax);
    const taken = table.takeRowIds([...rows]);
    const chosen = query.columns === undefined ? taken : taken.select([...query.columns]);
    return toFile(await (query.withRowId ? chosen.withRowId() : chosen).toArrow(options));
  }
  const started = start(table, query, info);
  if (where !== undefined) started.where(where);
  if (query.columns !== undefined) started.select([...query.columns]);
  const needsRowId = isOrderedUnseen(query);
  if (query.withRowId || needsRowId) started.withRowId();
  if (query.offset > 0) started.offset(query.offset);
  started.limit(await toLimit(table, { ...query, where, rowsMax }));
  const found = await started.toArrow(options);
  return toFile(needsRowId ? found.select([...(query.columns ?? [])]) : found);
}

/** The library fails at an order by a column that is not read, unless it reads the row ids too. */
function isOrderedUnseen({ columns, orderBy, withRowId }: TableQuery): boolean {
  const isSeen = ({ column }: { readonly column: string }): boolean =>
    columns === undefined || columns.includes(column);
  return !withRowId && !columns?.includes("_rowid") && !orderBy.every(isSeen);
}

/** Rows by their ids are all of them or refused. */
function checkRows(rows: readonly bigint[], query: TableQuery, rowsMax: number): void {
  const { nearest, fullText, orderBy, offset, limit } = query;
  if (rows.length > rowsMax) throw toTooMany(rows.length, rowsMax);
  const isSearch = nearest !== undefined || fullText !== undefined;
  if (isSearch || orderBy.length > 0 || offset > 0 || limit < rows.length) {
    throw new AppError("invalid_filter", {
      detail:
        "rows by their ids are read alone: without a search, an order, an offset or a lower k",
    });
  }
}

function start(table: Table, query: TableQuery, info: CollectionInfo): Query | VectorQuery {
  const { nearest, fullText, orderBy } = query;
  if (nearest !== undefined) return toNearest(table, nearest, info);
  const plain = table.query();
  if (fullText !== undefined) plain.fullTextSearch(toNative(fullText));
  if (orderBy.length > 0) {
    plain.orderBy(
      orderBy.map(({ column, isAscending, areNullsFirst }) => ({
        columnName: column,
        ascending: isAscending,
        nullsFirst: areNullsFirst,
      })),
    );
  }
  return plain;
}

function toNearest(table: Table, nearest: NearestQuery, info: CollectionInfo): VectorQuery {
  const { vector, distance, probesMin, probesMax, refineFactor, isExact } = nearest;
  if (vector.length !== info.dimensions) {
    // Not the code of another embedder: its status is one after which LanceDB's clients try again.
    throw new AppError("invalid_request", {
      detail: `the vector has ${vector.length} dimensions, collection ${info.name} has ${info.dimensions} (embedder ${info.embedder})`,
    });
  }
  if (!vector.every(Number.isFinite)) {
    throw new AppError("invalid_request", { detail: "the vector is not of finite numbers" });
  }
  const query = table.vectorSearch(vector).distanceType(distance);
  // One sets both, because the lower may never be above the higher; 0 is no upper limit.
  const probes = probesMin !== undefined && probesMin > 0 ? probesMin : (probesMax ?? 0);
  if (probes > 0) query.nprobes(probes);
  if (probesMax !== undefined && (probesMax === 0 || probesMax > probes)) {
    query.maximumNprobes(probesMax);
  }
  if (refineFactor !== undefined) query.refineFactor(refineFactor);
  if (isExact) query.bypassVectorIndex();
  return query;
}

function toNative(query: FullTextQuery): lancedb.FullTextQuery {
  if ("terms" in query) {
    const { terms, boost, needsAll } = query;
    const operator = needsAll ? lancedb.Operator.And : lancedb.Operator.Or;
    return new lancedb.MatchQuery(terms, "content", { boost, operator });
  }
  const { Must, MustNot, Should } = lancedb.Occur;
  const parts: [lancedb.Occur, lancedb.FullTextQuery][] = [
    ...query.must.map((one): [lancedb.Occur, lancedb.FullTextQuery] => [Must, toNative(one)]),
    ...query.mustNot.map((one): [lancedb.Occur, lancedb.FullTextQuery] => [MustNot, toNative(one)]),
    ...query.should.map((one): [lancedb.Occur, lancedb.FullTextQuery] => [Should, toNative(one)]),
  ];
  return new lancedb.BooleanQuery(parts);
}

interface Wanted extends Pick<TableQuery, "limit" | "offset"> {
  readonly where: string | undefined;
  readonly rowsMax: number;
}

/** A client that wants all rows asks for more than there can be. Too many are refused: fewer would look like all. */
async function toLimit(table: Table, { limit, offset, where, rowsMax }: Wanted): Promise<number> {
  if (limit <= rowsMax) return Math.ceil(limit);
  const count = (await table.countRows(where)) - offset;
  if (count > rowsMax) throw toTooMany(count, rowsMax);
  return Math.max(1, count);
}

function toTooMany(rows: number, rowsMax: number): AppError {
  return new AppError("invalid_request", {
    detail: `an answer may have at most ${rowsMax} rows (LANCE_GATEWAY_ROWS_MAX), and these could be ${rows}; ask for fewer with k`,
  });
}

/** Of what the library would fail at. */
async function checkColumns(table: Table, query: TableQuery): Promise<void> {
  const { columns = [], orderBy, nearest, fullText } = query;
  const { fields } = await table.schema();
  const names = fields.map(({ name }) => name);
  const added = [
    "_rowid",
    ...(nearest === undefined ? [] : ["_distance"]),
    ...(fullText === undefined ? [] : ["_score"]),
  ];
  refuseUnknown(columns, [...names, ...added], "gives");
  const twice = columns.find((name, index) => columns.indexOf(name) < index);
  if (twice !== undefined) {
    throw new AppError("invalid_request", { detail: `the query names column ${twice} twice` });
  }
  const { DataType } = arrow;
  const sortable = fields.filter(
    ({ type }) => !DataType.isList(type) && !DataType.isFixedSizeList(type),
  );
  const inOrder = orderBy.map(({ column }) => column);
  refuseUnknown(
    inOrder,
    sortable.map(({ name }) => name),
    "is ordered by",
  );
  if (inOrder.length > 0 && (nearest !== undefined || fullText !== undefined)) {
    throw new AppError("invalid_request", {
      detail: "order_by: what is searched for comes best first",
    });
  }
}

function refuseUnknown(wanted: readonly string[], known: readonly string[], does: string): void {
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new AppError("invalid_request", {
    detail: `the query names column ${unknown.slice(0, 80)}; it ${does} ${known.join(", ")}`,
  });
}

function toFile(found: Awaited<ReturnType<Query["toArrow"]>>): Uint8Array {
  return arrow.tableToIPC(found as never, "file");
}
