/** Port: the store's tables as LanceDB's protocol reads them. */

/** `chunks`: the collection itself; `terms`: its term statistics, a table beside it. */
export interface TableRef {
  readonly collection: string;
  readonly part: "chunks" | "terms";
  /** Absent: the newest. */
  readonly version?: number;
}

export interface TableDescription {
  readonly version: number;
  readonly schema: JsonSchema;
}

/** An Arrow schema in the JSON of LanceDB's protocol. */
export interface JsonSchema {
  readonly fields: readonly JsonField[];
  readonly metadata: Readonly<Record<string, string>>;
}

export interface JsonField {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: JsonType;
}

export interface JsonType {
  readonly type: string;
  readonly fields?: readonly JsonField[];
  readonly length?: number;
}

/** What may be asked of a table. Rows of the table are what comes back, as an Arrow file. */
export interface TableQuery {
  /** Absent: no nearest rows are looked for. */
  readonly nearest?: NearestQuery;
  readonly fullText?: FullTextQuery;
  /** A condition in SQL; it must be one that our own filters can express. */
  readonly filter?: string;
  /** Absent: all of them. */
  readonly columns?: readonly string[];
  readonly orderBy: readonly RowOrder[];
  readonly limit: number;
  readonly offset: number;
  readonly withRowId: boolean;
  readonly timeoutMs: number;
}

export interface NearestQuery {
  readonly vector: Float32Array;
  readonly distance: "cosine" | "l2" | "dot";
  readonly probesMin?: number;
  readonly probesMax?: number;
  readonly refineFactor?: number;
  readonly isExact: boolean;
}

export type FullTextQuery =
  | { readonly terms: string; readonly boost: number; readonly needsAll: boolean }
  | {
      readonly must: readonly FullTextQuery[];
      readonly mustNot: readonly FullTextQuery[];
      readonly should: readonly FullTextQuery[];
    };

export interface RowOrder {
  readonly column: string;
  readonly isAscending: boolean;
  readonly areNullsFirst: boolean;
}

export interface TableAnswer {
  readonly version: number;
  /** In Arrow's file format. */
  readonly file: Uint8Array;
}

export interface TableVersion {
  readonly version: number;
  readonly committedAtMs: number;
}

/** Throws AppError: collection_not_found (the version too), collection_unavailable, invalid_filter, invalid_request, deadline_exceeded, cancelled. */
export interface LanceTables {
  describe(table: TableRef, signal: AbortSignal): Promise<TableDescription>;
  /** Rows that satisfy the condition. */
  count(table: TableRef, filter: string | undefined, signal: AbortSignal): Promise<number>;
  query(table: TableRef, query: TableQuery, signal: AbortSignal): Promise<TableAnswer>;
  versions(table: TableRef, signal: AbortSignal): Promise<readonly TableVersion[]>;
}
