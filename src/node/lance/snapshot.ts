/** A collection pinned to one version: its table checked out there, its term statistics loaded when first needed. */
import type { Table } from "@lancedb/lancedb";
import { NEVER } from "../../async/never.ts";
import type { Limiter } from "../../async/limiter.ts";
import type { Chunk } from "../../domain/chunk.ts";
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { checkQuery } from "../../stores/check.ts";
import type { DocumentPage, DocumentPart, DocumentState, Snapshot } from "../../stores/store.ts";
import { toAnalyser } from "./analyser.ts";
import { callNative, type LanceBase } from "./base.ts";
import { toDocumentState } from "./documents.ts";
import { toLiteral, toPageSql, toSql } from "../../stores/lance/filter-sql.ts";
import { readCondition } from "./read-condition.ts";
import { checkStore, type Place } from "./place.ts";
import { isSmall, loadResident, type Resident } from "./resident.ts";
import { CHUNK_COLUMNS, DOCUMENT_COLUMNS } from "../../stores/lance/row-detail.ts";
import { toChunk } from "./rows.ts";
import { createTermsKeep } from "../../stores/lance/keep-terms.ts";
import type { TermTable } from "../../stores/lance/term-table.ts";
import { countFrequencies } from "../../stores/lance/weigh-terms.ts";
import { readSpec, toInstance } from "./schema.ts";
import { keywordSearch, vectorSearch } from "./search.ts";
import { isMissing } from "./store-error.ts";
import { loadTerms } from "./term-store.ts";

/** A look into what is loaded once is too short to wait in line with searches. */
const AT_ONCE: Limiter = (work) => work();
/** Larger collections would push each other out of the cache. */
const WARM_CHUNKS_MAX = 200_000;
/** Most documents of one page, and chunks of one part of a document. */
const PAGE_MAX = 1_000;

/** Pins the collection at the version. Throws native errors; the caller maps them. `onGone` is told that its files are. */
export async function createSnapshot(
  base: LanceBase,
  place: Place,
  version: number,
  onGone: () => unknown,
): Promise<Snapshot> {
  const { collection } = place;
  const table = await base.openAt(place.table, version);
  const schema = await table.schema();
  const spec = readSpec(schema, collection);
  const instance = toInstance(place.table, schema);
  const info = await readInfo(table, spec);
  const terms = createTermsLoader(base, place, version);
  const findResident = (): Resident | undefined =>
    isSmall(info)
      ? base.residents.find(instance, version, () => loadResident(table, spec))
      : undefined;
  findResident(); // loads it ahead of the first question
  const isHeld = isSmall(info) && base.config.residentBytesMax > 0;
  if (!isHeld && info.chunks <= WARM_CHUNKS_MAX) void warm(base, table);
  const call = createCall(base, collection, onGone);

  return {
    info,
    instance,
    async terms(text, signal) {
      const analyser = toAnalyser(spec);
      const [distinct, counted] = await callNative({ limiter: AT_ONCE }, collection, signal, () =>
        Promise.all([base.questionTerms(text, analyser), terms()]),
      );
      return countFrequencies(distinct, info.chunks, { counted, version });
    },
    async search(query, signal) {
      const limit = checkQuery(spec, query);
      const where = query.filter === undefined ? undefined : toSql(query.filter, spec);
      const options = { limit, where, timeoutMs: Math.max(1, Math.floor(query.timeoutMs)) };
      const resident = where === undefined ? findResident() : undefined;
      signal.throwIfAborted();
      if (query.type === "vector") {
        if (resident !== undefined) return resident.nearest(query.vector, limit);
        return call(signal, () => vectorSearch(table, query.vector, { ...options, info }));
      }
      if (query.terms.length === 0) return [];
      if (resident !== undefined) return resident.matching(query.terms, limit);
      return call(signal, async () =>
        keywordSearch(table, query.terms, { ...options, counted: await terms(), version }),
      );
    },
    peek: (row) => findResident()?.chunk(row),
    async take(rows, signal) {
      signal.throwIfAborted();
      if (rows.length === 0) return [];
      const resident = findResident();
      if (resident !== undefined) return rows.map((row) => resident.chunk(row));
      const timeoutMs = base.config.takeTimeoutMs;
      const found = await call(signal, () => takeChunks(table, rows, timeoutMs));
      return rows.map((row) => found.get(row));
    },
    rowsOf: (part, signal) => call(signal, () => findRows(table, part)),
    document: (id, signal) => call(signal, () => readDocument(table, id)),
    documents: (page, signal) => call(signal, () => readDocuments(table, page)),
    condition: (signal) =>
      callNative({ limiter: AT_ONCE }, collection, signal, () => readCondition(table, version)),
  };
}

async function readDocuments(
  table: Table,
  { limit, ...bounds }: DocumentPage,
): Promise<readonly DocumentState[]> {
  const rows: unknown[] = await table
    .query()
    .where(toPageSql(bounds))
    .select([...DOCUMENT_COLUMNS])
    .orderBy([{ columnName: "documentId", ascending: true, nullsFirst: false }])
    .limit(Math.min(Math.max(1, limit), PAGE_MAX))
    .toArray();
  return rows.map((row): DocumentState => toDocumentState(row));
}

async function readDocument(table: Table, id: string): Promise<DocumentState | undefined> {
  const rows: unknown[] = await table
    .query()
    .where(`\`documentId\` = ${toLiteral(id)} AND position = 0`)
    .select([...DOCUMENT_COLUMNS])
    .limit(1)
    .toArray();
  return rows.length === 0 ? undefined : toDocumentState(rows[0]);
}

type Call = <T>(signal: AbortSignal, work: () => Promise<T>) => Promise<T>;

/** Native calls that tell when files of the version are gone. Where it is the store that is, no collection is damaged. */
function createCall(base: LanceBase, collection: string, onGone: () => unknown): Call {
  return async (signal, work) => {
    try {
      return await callNative(base, collection, signal, work);
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      if (isMissing(thrown.cause)) onGone();
      if (thrown.code === "collection_unavailable") {
        await callNative(base, collection, signal, () => checkStore(base));
      }
      throw thrown;
    }
  };
}

/**
 * Loads the indexes into the cache beside the first questions, which else read them piece by piece. An
 * index that cannot be loaded is reported by the first search that needs it.
 */
async function warm({ limiter }: LanceBase, table: Table): Promise<void> {
  try {
    for (const { name } of await table.listIndices()) {
      await limiter(() => table.prewarmIndex(name), NEVER);
    }
  } catch {
    return;
  }
}

/** The rows of a document's chunks, in reading order. */
async function findRows(table: Table, { documentId, from, limit }: DocumentPart) {
  const rows = (await table
    .query()
    .where(`\`documentId\` = ${toLiteral(documentId)} AND position >= ${toLiteral(from)}`)
    .select(["position"])
    .withRowId()
    .orderBy([{ columnName: "position", ascending: true, nullsFirst: false }])
    .limit(Math.min(Math.max(1, limit), PAGE_MAX))
    .toArray()) as readonly { readonly _rowid: unknown }[];
  return rows.map(({ _rowid: row }) => String(row));
}

/** The chunks by row; a damaged one is there as `undefined`. */
async function takeChunks(
  table: Table,
  rows: readonly string[],
  timeoutMs: number,
): Promise<ReadonlyMap<string, Chunk | undefined>> {
  const found = await table
    .takeRowIds(rows.map(BigInt))
    .select([...CHUNK_COLUMNS])
    .withRowId()
    .toArrow({ timeoutMs });
  const [ids, contents, details] = ["_rowid", ...CHUNK_COLUMNS].map((name) => found.getChild(name));
  const chunks = new Map<string, Chunk | undefined>();
  for (let index = 0; index < found.numRows; index += 1) {
    const content: unknown = contents?.get(index);
    const detail: unknown = details?.get(index);
    chunks.set(String(ids?.get(index)), toChunk({ content, detail }));
  }
  return chunks;
}

/** Counts without reading: every document has exactly one chunk at position 0. */
export async function readInfo(table: Table, spec: CollectionSpec): Promise<CollectionInfo> {
  const [version, chunks, documents] = await Promise.all([
    table.version(),
    table.countRows(),
    table.countRows("position = 0"),
  ]);
  return { ...spec, version, documents, chunks };
}

/** Loads when first asked, for all who ask meanwhile; a failure is not kept. */
function createTermsLoader(
  { connection, clock, config: { freshnessMs } }: LanceBase,
  { table }: Place,
  version: number,
): () => Promise<TermTable | undefined> {
  const { find, keep } = createTermsKeep({ version, clock, freshnessMs });
  let loading: Promise<TermTable | undefined> | undefined;
  return async () => {
    const kept = find();
    if (kept !== undefined) return kept.counted;
    loading ??= loadTerms(connection, table)
      .then(keep)
      .finally(() => (loading = undefined));
    return loading;
  };
}
