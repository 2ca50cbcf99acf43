/** The tables of one collection's object, and the one record of how it stands. */
import type { SqlStorage } from "cloudflare:workers";
import type { CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { toColumn } from "./filter-sql.ts";
import { toStride } from "../../stores/int8-block.ts";
import type { Whole } from "./protocol.ts";

/** Metadata fields that can be filtered on; SQLite's tables have at most 100 columns here. */
const FIELDS_MAX = 80;
/** A blob may have 2 MB. */
const BLOCK_BYTES = 2 ** 20;

export interface State {
  readonly spec: CollectionSpec;
  readonly version: number;
  readonly documents: number;
  readonly chunks: number;
  /** Terms of the chunks, with repetitions; absent in an object that was made before they were counted. */
  readonly terms?: number;
  /** What readers see of all of several objects: the first one knows it, the others were told when a writer was done. */
  readonly whole?: Whole;
  /** Rows of the full-text index: the chunks, and those that older snapshots may still read. */
  readonly rows: number;
  readonly nextSlot: number;
  readonly committedAtMs: number;
  readonly lock: { readonly writer: string; readonly untilMs: number } | null;
}

/**
 * Rows are never changed: a commit adds rows that are `born` with its version and has others `died` with
 * it, so that a snapshot goes on reading what it was opened on. Slots count up with the versions.
 */
export function createTables(sql: SqlStorage, spec: CollectionSpec): void {
  const names = Object.keys(spec.metadata);
  if (names.length > FIELDS_MAX) {
    throw new AppError("invalid_request", {
      detail: `collection ${spec.name}: at most ${FIELDS_MAX} metadata fields can be filtered on here, got ${names.length}`,
    });
  }
  const fields = ["documentId", "title", "page", ...names.map((name) => `metadata.${name}`)];
  const columns = fields.map((field) => `, ${toColumn(field)} TEXT`).join("");
  sql.exec(`CREATE TABLE state(id INTEGER PRIMARY KEY, json TEXT NOT NULL);
    CREATE TABLE documents(id TEXT NOT NULL, born INTEGER NOT NULL, died INTEGER, json TEXT NOT NULL, PRIMARY KEY(id, born)) WITHOUT ROWID;
    CREATE TABLE chunks(slot INTEGER PRIMARY KEY, position INTEGER NOT NULL, born INTEGER NOT NULL, died INTEGER, terms INTEGER, vector BLOB, json TEXT NOT NULL${columns});
    CREATE INDEX chunks_of_document ON chunks("field_documentId", position);
    CREATE INDEX chunks_fields ON chunks(${fields.map(toColumn).join(", ")});
    CREATE INDEX chunks_died ON chunks(died) WHERE died IS NOT NULL;
    CREATE TABLE commits(version INTEGER PRIMARY KEY, atMs INTEGER NOT NULL);
    CREATE TABLE blocks(block INTEGER PRIMARY KEY, "values" BLOB NOT NULL, scales BLOB NOT NULL);
    CREATE VIRTUAL TABLE words USING fts5(content, content='', contentless_delete=1, tokenize='ascii');
    CREATE VIRTUAL TABLE vocabulary USING fts5vocab(words, 'row');`);
}

/** Undefined: the object holds no collection. */
export function readState(sql: SqlStorage): State | undefined {
  const { found } = sql
    .exec<{ found: number }>("SELECT count(*) AS found FROM sqlite_master WHERE name = 'state'")
    .one();
  if (found === 0) return undefined;
  const [row] = sql.exec<{ json: string }>("SELECT json FROM state").toArray();
  return row === undefined ? undefined : (JSON.parse(row.json) as State);
}

export function writeState(sql: SqlStorage, state: State): void {
  sql.exec("INSERT OR REPLACE INTO state(id, json) VALUES (1, ?)", JSON.stringify(state));
}

/** Blobs that the vectors of so many slots fill. */
export function toBlockCount({ spec, nextSlot }: State): number {
  return Math.ceil(nextSlot / toBlockRows(spec.dimensions));
}

/** Vectors that lie together in one blob. */
export function toBlockRows(dimensions: number): number {
  return Math.max(1, Math.floor(BLOCK_BYTES / toStride(dimensions)));
}
