/** A collection on a LanceDB server, read at one version. */
import type { Hit } from "../../domain/hit.ts";
import * as z from "zod";
import type { Clock } from "../../async/clock.ts";
import type { Chunk } from "../../domain/chunk.ts";
import type { CollectionInfo, CollectionSpec } from "../../domain/collection.ts";
import { AppError } from "../../errors.ts";
import { toSha256 } from "../../text/digest.ts";
import { parseJson } from "../../text/parse-json.ts";
import { checkQuery, ifThere } from "../check.ts";
import type { DocumentState, Snapshot, StoreQuery } from "../store.ts";
import type { ArrowTable, Cell } from "./arrow-table.ts";
import { toLiteral, toPageSql, toSql } from "./filter-sql.ts";
import { createTermsKeep } from "./keep-terms.ts";
import { toProbes } from "./probes.ts";
import {
  CHUNK_COLUMNS,
  DOCUMENT_COLUMNS,
  HASH_CHARS,
  parseDetail,
  toChunkOf,
  toHashed,
} from "./row-detail.ts";
import type { ServerTables, TableAt } from "./server-tables.ts";
import { readTermTable, type TermTable } from "./term-table.ts";
import { countFrequencies, joinTerms, weighTerms } from "./weigh-terms.ts";

/** How a collection's text becomes terms, as LanceDB does it: distinct, in order of first occurrence. */
export type Analyse = (
  text: string,
  spec: Pick<CollectionSpec, "language" | "tokenizer">,
) => Promise<ReadonlySet<string>>;

export interface RestSnapshotParts {
  readonly tables: ServerTables;
  readonly info: CollectionInfo;
  readonly analyse: Analyse;
  readonly takeTimeoutMs: number;
  readonly clock: Clock;
  readonly freshnessMs: number;
}

/** Most documents of one page, and chunks of one part of a document. */
const PAGE_MAX = 1_000;
const Forms = z.record(z.string(), z.string());

export function createRestSnapshot(parts: RestSnapshotParts): Snapshot {
  const { tables, info, analyse } = parts;
  const at: TableAt = { table: info.name, version: info.version };
  const loadTerms = createTermsLoader(parts);
  return {
    info,
    async terms(text, signal) {
      const counted = await loadTerms(signal);
      const distinct = await analyse(text, info);
      signal.throwIfAborted();
      return countFrequencies(distinct, info.chunks, { counted, version: info.version });
    },
    async search(query, signal) {
      signal.throwIfAborted();
      const wanted = toWanted(query, info);
      if (query.type === "vector") {
        const { min, max } = toProbes(info.chunks);
        const probes = { min, max: wanted.filter === undefined ? min : max };
        const { vector } = query;
        const found = await tables.nearest(at, { ...wanted, vector, probes }, signal);
        return toHits(found, "_distance").map(({ row, score }) => ({ row, score: 1 - score }));
      }
      const { version } = info;
      const weighed = weighTerms(query.terms, { counted: await loadTerms(signal), version });
      if (weighed.length === 0) return [];
      const terms = joinTerms(weighed);
      return toHits(await tables.matching(at, { ...wanted, terms }, signal), "_score");
    },
    async take(rows, signal) {
      signal.throwIfAborted();
      const distinct = [...new Set(rows)].filter((row) => /^\d{1,20}$/.test(row));
      if (distinct.length === 0) return rows.map(() => undefined);
      const filter = `_rowid IN (${distinct.join(", ")})`;
      const { takeTimeoutMs: timeoutMs } = parts;
      const query = { columns: CHUNK_COLUMNS, filter, limit: distinct.length, timeoutMs };
      const found = await tables.plain(at, { ...query, withRowId: true }, signal);
      const chunks = await toChunks(found);
      return rows.map((row) => chunks.get(row));
    },
    async rowsOf({ documentId, from, limit }, signal) {
      const filter = `\`documentId\` = ${toLiteral(documentId)} AND position >= ${toLiteral(from)}`;
      const query = { columns: ["position"], filter, limit: toPage(limit), orderBy: "position" };
      const found = await tables.plain(at, { ...query, withRowId: true }, signal);
      return columnOf(found, "_rowid").map(String);
    },
    async documents({ limit, ...bounds }, signal) {
      const filter = toPageSql(bounds);
      const query = { filter, limit: toPage(limit), orderBy: "documentId" };
      return toStates(await tables.plain(at, { ...query, columns: DOCUMENT_COLUMNS }, signal));
    },
    async document(id, signal) {
      const filter = `\`documentId\` = ${toLiteral(id)} AND position = 0`;
      const query = { columns: DOCUMENT_COLUMNS, filter, limit: 1 };
      return toStates(await tables.plain(at, query, signal))[0];
    },
  };
}

function toWanted(query: StoreQuery, info: CollectionInfo) {
  return {
    limit: checkQuery(info, query),
    filter: query.filter === undefined ? undefined : toSql(query.filter, info),
    timeoutMs: Math.max(1, Math.floor(query.timeoutMs)),
  };
}

function toPage(limit: number): number {
  return Math.min(Math.max(1, limit), PAGE_MAX);
}

/** The statistics beside the collection, kept once they are there. Those who ask meanwhile ask for themselves: on a Worker nobody may wait for another's request. */
function createTermsLoader({ tables, info, clock, freshnessMs }: RestSnapshotParts) {
  const { find, keep } = createTermsKeep({ version: info.version, clock, freshnessMs });
  return async (signal: AbortSignal): Promise<TermTable | undefined> => {
    const kept = find();
    return kept === undefined ? keep(await load(tables, info.name, signal)) : kept.counted;
  };
}

async function load(tables: ServerTables, name: string, signal: AbortSignal) {
  const at = { table: `${name}.terms`, version: null };
  const found = await ifThere(tables.plain(at, { limit: 1 }, signal));
  if (found === undefined || found.rows === 0) return undefined; // it was not indexed yet
  const cell = (column: string): Cell => columnOf(found, column)[0] ?? null;
  const bytes = (column: string): Uint8Array => {
    const value = cell(column);
    if (value instanceof Uint8Array) return value;
    throw toDamaged(name);
  };
  const forms = String(cell("forms"));
  if (!Forms.safeParse(parseJson(forms)).success) throw toDamaged(name);
  try {
    return readTermTable({
      version: Number(cell("version")),
      chunks: Number(cell("chunks")),
      trainedRows: Number(cell("trainedRows")),
      changedRows: 0, // only a writer asks
      terms: bytes("terms"),
      ends: bytes("ends"),
      counts: bytes("counts"),
      forms,
    });
  } catch (thrown) {
    if (thrown instanceof RangeError) throw toDamaged(name); // lengths that do not fit
    throw thrown;
  }
}

function toDamaged(name: string): AppError {
  return new AppError("collection_unavailable", {
    detail: `the statistics of collection ${name} at LANCE_URL are not of this program; ingest it again`,
  });
}

/** Rows without a vector come back without a distance; they are no hits. */
function toHits(found: ArrowTable, column: string): Hit[] {
  const scores = columnOf(found, column);
  return columnOf(found, "_rowid").flatMap((row, index) => {
    const score = scores[index];
    return typeof score === "number" && Number.isFinite(score) ? [{ row: String(row), score }] : [];
  });
}

/** An answer without rows may come without columns. */
function columnOf({ rows, columns }: ArrowTable, name: string): readonly Cell[] {
  const column = columns.get(name);
  if (column !== undefined || rows === 0) return column ?? [];
  throw new AppError("store_unavailable", {
    detail: `the LanceDB server left out column ${name}: check that LANCE_URL is one`,
  });
}

/** The chunks by row; a damaged one is there as `undefined`. */
async function toChunks(found: ArrowTable): Promise<ReadonlyMap<string, Chunk | undefined>> {
  const [contents, details] = CHUNK_COLUMNS.map((name) => columnOf(found, name));
  const chunks = new Map<string, Chunk | undefined>();
  for (const [index, row] of columnOf(found, "_rowid").entries()) {
    chunks.set(String(row), await toChunk(contents?.[index], details?.[index]));
  }
  return chunks;
}

async function toChunk(content: unknown, detail: unknown): Promise<Chunk | undefined> {
  if (typeof content !== "string" || typeof detail !== "string") return undefined;
  const json = detail.slice(HASH_CHARS);
  const digest = await toSha256(toHashed(content, json));
  if (digest.slice(0, HASH_CHARS) !== detail.slice(0, HASH_CHARS)) return undefined;
  const parsed = parseDetail(json);
  return parsed === undefined ? undefined : toChunkOf(content, parsed);
}

function toStates(found: ArrowTable): readonly DocumentState[] {
  const [ids, titles, sources, hashes, chunks] = DOCUMENT_COLUMNS.map((name) =>
    columnOf(found, name),
  );
  return (ids ?? []).map((id, index) => ({
    id: String(id),
    title: String(titles?.[index]),
    source: String(sources?.[index]),
    hash: String(hashes?.[index]),
    chunks: Number(chunks?.[index]),
  }));
}
