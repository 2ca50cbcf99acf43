/** The changes of a collection's object, each one transaction: commits, tidying up, and the writer's lock. */
import type { SqlStorage } from "cloudflare:workers";
import { type Chunk, toContent } from "../../domain/chunk.ts";
import { AppError } from "../../errors.ts";
import { checkRow } from "./check-row.ts";
import { toColumns } from "./chunk-columns.ts";
import type { Collection } from "./collection.ts";
import { encodeText } from "./encode.ts";
import { toTokens } from "./keyword-index.ts";
import {
  addTallies,
  type ChangeWire,
  type CommitStep,
  type DocumentWire,
  NOTHING,
  type PartReport,
  type Tally,
} from "./protocol.ts";
import type { State } from "./tables.ts";
import { toStride } from "../../stores/int8-block.ts";
import { appendVectors } from "./vector-index.ts";

/** A writer that says nothing for so long has lost its collection to the next one. */
const LOCK_MS = 120_000;
/** Replaced rows are kept this long for those who read an older version; no run takes longer. */
const KEEP_MS = 600_000;
/** Vectors that fit into an object's memory beside everything else. */
const VECTOR_BYTES_MAX = 64 * 2 ** 20;

/** Throws AppError ingest_locked. */
export function lock(collection: Collection, writer: string, nowMs: number): void {
  const { state } = collection;
  const held = state.lock;
  if (held !== null && held.writer !== writer && held.untilMs > nowMs) {
    throw new AppError("ingest_locked", {
      detail: `collection ${state.spec.name} is being written by another process; wait until it is done`,
    });
  }
  collection.replace({ ...state, lock: { writer, untilMs: nowMs + LOCK_MS } });
}

export function unlock(collection: Collection, writer: string): void {
  const { state } = collection;
  if (state.lock?.writer === writer) collection.replace({ ...state, lock: null });
}

/** Replaces and removes whole documents. Throws AppError: ingest_locked, payload_too_large; what it has written by then is for its caller to undo. */
export function commit(
  sql: SqlStorage,
  collection: Collection,
  { put, remove }: ChangeWire,
  { step, nowMs }: { readonly step: CommitStep | null; readonly nowMs: number },
): PartReport {
  const { state } = collection;
  const version = toNextVersion(state, step);
  const chunksAdded = put.reduce((sum, { chunks }) => sum + chunks.length, 0);
  checkRoom(state, chunksAdded);
  const before = bury(sql, state, [...put.map(({ id }) => id), ...remove], version);
  const vectors: (ArrayBuffer | null)[] = [];
  let terms = 0;
  for (const document of put) {
    addDocument(sql, document, version);
    for (const [position, chunk] of document.chunks.entries()) {
      const slot = state.nextSlot + vectors.length;
      const parsed = JSON.parse(chunk.chunk) as Chunk;
      const tokens = toTokens(toContent(parsed), state);
      const counted = state.terms === undefined ? {} : { terms: tokens.length };
      const columns = { ...toColumns(parsed, state.spec), ...counted };
      const words = tokens.join(" ");
      checkRow(`chunk ${position}`, document.id, [
        chunk.chunk,
        chunk.vector,
        ...Object.values(columns),
      ]);
      checkRow(`the index of chunk ${position}`, document.id, [words]);
      addChunk(sql, { slot, position, version, chunk, columns });
      sql.exec("INSERT INTO words(rowid, content) VALUES (?, ?)", slot, words);
      vectors.push(chunk.vector);
      terms += tokens.length;
    }
  }
  const change: Tally = {
    documents: put.length - before.documents,
    chunks: chunksAdded - before.chunks,
    terms: terms - before.terms,
  };
  appendVectors(sql, state.spec.dimensions, state.nextSlot, vectors);
  sql.exec("INSERT INTO commits(version, atMs) VALUES (?, ?)", version, nowMs);
  collection.replace({
    ...state,
    version,
    ...toStanding(state, version, change, step),
    rows: state.rows + chunksAdded,
    nextSlot: state.nextSlot + chunksAdded,
    committedAtMs: nowMs,
  });
  return { version, chunksAdded, chunksRemoved: before.chunks, change };
}

function toNextVersion({ spec, version }: State, step: CommitStep | null): number {
  if (step === null) return version + 1;
  if (step.version > version) return step.version;
  throw new AppError("ingest_locked", {
    detail: `collection ${spec.name} was changed by another process meanwhile; open it again`,
  });
}

/** How much there is after the change, here and, where that is known, in all objects. */
function toStanding(state: State, version: number, change: Tally, step: CommitStep | null) {
  const { documents, chunks, terms, whole } = state;
  const others = step?.others ?? null;
  return {
    documents: documents + change.documents,
    chunks: chunks + change.chunks,
    ...(terms === undefined ? {} : { terms: terms + change.terms }),
    ...(whole === undefined || others === null
      ? {}
      : { whole: { ...addTallies(addTallies(whole, change), others), version } }),
  };
}

function checkRoom({ nextSlot, spec }: State, added: number): void {
  const most = Math.floor(VECTOR_BYTES_MAX / toStride(spec.dimensions));
  if (nextSlot + added <= most) return;
  throw new AppError("payload_too_large", {
    detail: `collection ${spec.name} would have more than ${most} chunks of ${spec.dimensions} dimensions, which is what one object holds; split it into several collections`,
  });
}

/** Has the present rows of these documents end with this version; how many there were. */
function bury(sql: SqlStorage, state: State, ids: readonly string[], version: number): Tally {
  const list = JSON.stringify(ids.map(encodeText));
  const { documents } = sql
    .exec<{ documents: number }>(
      "SELECT count(*) AS documents FROM documents WHERE died IS NULL AND id IN (SELECT value FROM json_each(?))",
      list,
    )
    .one();
  if (documents === 0) return NOTHING;
  const sum = state.terms === undefined ? "0" : "coalesce(sum(terms), 0)";
  const { chunks, terms } = sql
    .exec<{ chunks: number; terms: number }>(
      `SELECT count(*) AS chunks, ${sum} AS terms FROM chunks WHERE died IS NULL AND "field_documentId" IN (SELECT value FROM json_each(?))`,
      list,
    )
    .one();
  sql.exec(
    "UPDATE documents SET died = ? WHERE died IS NULL AND id IN (SELECT value FROM json_each(?))",
    version,
    list,
  );
  sql.exec(
    'UPDATE chunks SET died = ? WHERE died IS NULL AND "field_documentId" IN (SELECT value FROM json_each(?))',
    version,
    list,
  );
  return { documents, chunks, terms };
}

function addDocument(sql: SqlStorage, document: DocumentWire, version: number): void {
  const { id, title, source, hash, chunks } = document;
  const key = encodeText(id);
  const json = JSON.stringify({ id, title, source, hash, chunks: chunks.length });
  checkRow("the entry", id, [key, json]);
  sql.exec("INSERT INTO documents(id, born, json) VALUES (?, ?, ?)", key, version, json);
}

interface ChunkRow {
  readonly slot: number;
  readonly position: number;
  readonly version: number;
  readonly chunk: DocumentWire["chunks"][number];
  /** By name; `terms` is not among them where the table has no column for it. */
  readonly columns: Readonly<Record<string, string | number>>;
}

function addChunk(sql: SqlStorage, { slot, position, version, chunk, columns }: ChunkRow): void {
  const names = Object.keys(columns)
    .map((name) => `, ${name}`)
    .join("");
  const values = Object.values(columns);
  sql.exec(
    `INSERT INTO chunks(slot, position, born, vector, json${names}) VALUES (?, ?, ?, ?, ?${", ?".repeat(values.length)})`,
    slot,
    position,
    version,
    chunk.vector,
    chunk.chunk,
    ...values,
  );
}

/** Removes what no snapshot can still read, and merges the index. */
export function tidy(sql: SqlStorage, collection: Collection, nowMs: number): void {
  const { state } = collection;
  const [last] = sql
    .exec<{ version: number | null }>(
      "SELECT max(version) AS version FROM commits WHERE atMs < ?",
      nowMs - KEEP_MS,
    )
    .toArray();
  const until = last?.version ?? null;
  if (until === null) return;
  const { gone } = sql
    .exec<{ gone: number }>("SELECT count(*) AS gone FROM chunks WHERE died <= ?", until)
    .one();
  sql.exec("DELETE FROM words WHERE rowid IN (SELECT slot FROM chunks WHERE died <= ?)", until);
  sql.exec("DELETE FROM chunks WHERE died <= ?", until);
  sql.exec("DELETE FROM documents WHERE died <= ?", until);
  sql.exec("DELETE FROM commits WHERE version < ?", until);
  if (gone === 0) return;
  collection.replace({ ...state, rows: state.rows - gone });
}

/** What is wrong with the collection, one line each. */
export function verify(sql: SqlStorage, { state }: Collection): readonly string[] {
  const faults: string[] = [];
  const count = (query: string): number => sql.exec<{ n: number }>(query).one().n;
  const expect = (what: string, found: number, wanted: number): void => {
    if (found !== wanted) faults.push(`there are ${found} ${what}, and should be ${wanted}`);
  };
  expect(
    "documents",
    count("SELECT count(*) AS n FROM documents WHERE died IS NULL"),
    state.documents,
  );
  expect("chunks", count("SELECT count(*) AS n FROM chunks WHERE died IS NULL"), state.chunks);
  expect("rows", count("SELECT count(*) AS n FROM chunks"), state.rows);
  expect(
    "rows of the full-text index",
    count("SELECT count(*) AS n FROM words_docsize"),
    state.rows,
  );
  expect(
    "chunks that are no JSON",
    count("SELECT count(*) AS n FROM chunks WHERE NOT json_valid(json)"),
    0,
  );
  const wrong = sql.exec<{ id: string }>(
    `SELECT d.id AS id FROM documents d WHERE d.died IS NULL AND json_extract(d.json, '$.chunks') <>
       (SELECT count(*) FROM chunks c WHERE c."field_documentId" = d.id AND c.died IS NULL)`,
  );
  for (const { id } of wrong) faults.push(`document ${id} lacks chunks`);
  return faults;
}
