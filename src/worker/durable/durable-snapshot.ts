/** A collection in its objects, read at one version. */
import type { Hit } from "../../domain/hit.ts";
import type { Chunk } from "../../domain/chunk.ts";
import type { CollectionInfo } from "../../domain/collection.ts";
import { checkQuery } from "../../stores/check.ts";
import { compareText } from "../../stores/filter.ts";
import type {
  DocumentPage,
  DocumentState,
  LostPart,
  Snapshot,
  StoreQuery,
  TermStatistics,
} from "../../stores/store.ts";
import { askEvery, askParts, type PartCall, type Parts } from "./ask-parts.ts";
import { mergeHits, takeRows, toRow } from "./part-rows.ts";
import { toPart } from "./parts.ts";
import {
  type PartInfo,
  type QueryWire,
  type TermsWire,
  toBuffer,
  vectorsLost,
} from "./protocol.ts";

/** `first`: what the first object says of itself and of all. */
export function createDurableSnapshot(parts: Parts, first: PartInfo): Snapshot {
  const info = toInfo(first);
  const { version } = info;
  const chunkTerms = toChunkTerms(first);
  return {
    info,
    async terms(text, signal, onLost) {
      const ask: PartCall<TermsWire> = (stub) => stub.terms(version, text);
      return addTerms((await askParts(parts, signal, ask, { onLost })).values());
    },
    async search(query, signal) {
      signal.throwIfAborted();
      const limit = checkQuery(info, query);
      const wire = toWire(query, limit, chunkTerms);
      const ask: PartCall<readonly Hit[]> = (stub) => stub.search(version, wire);
      const found = await askParts(parts, signal, ask, { onLost: query.onLost });
      return mergeHits(found, parts.names.length).slice(0, limit);
    },
    async take(wanted, signal) {
      signal.throwIfAborted();
      if (wanted.length === 0) return [];
      const found = await takeRows(parts, wanted, signal);
      return found.map((json) => (json === null ? undefined : parseChunk(json)));
    },
    async rowsOf(wanted, signal) {
      const count = parts.names.length;
      const part = toPart(wanted.documentId, count);
      const ask: PartCall<readonly string[]> = (stub) => stub.rowsOf(version, wanted);
      const found = await askParts(parts, signal, ask, { among: [part] });
      return (found.get(part) ?? []).map((slot) => toRow(slot, part, count));
    },
    documents: async (page, signal) => readPage(parts, { version, page }, signal),
    async document(id, signal) {
      const part = toPart(id, parts.names.length);
      const page = { from: id, limit: 1 };
      const ask: PartCall<readonly DocumentState[]> = (stub) => stub.documents(version, page);
      const found = await askParts(parts, signal, ask, { among: [part] });
      return found.get(part)?.find((state) => state.id.toWellFormed() === id.toWellFormed());
    },
    async condition() {
      return { committedAtMs: first.committedAtMs, indexedShare: 1 };
    },
    lost: async (signal) => findLost(parts, signal),
  };
}

/** The collection as readers see it. */
export function toInfo(first: PartInfo): CollectionInfo {
  const { name, embedder, dimensions, chunker, language, tokenizer, metadata } = first;
  const { version, documents, chunks } = first.whole ?? first;
  const spec = { name, embedder, dimensions, chunker, language, tokenizer, metadata };
  return { ...spec, version, documents, chunks };
}

/** Mean number of terms of a chunk; null where they were not counted. */
function toChunkTerms({ whole, terms, chunks }: PartInfo): number | null {
  const [all, among] = whole === null ? [terms, chunks] : [whole.terms, whole.chunks];
  return all === null || all === 0 || among === 0 ? null : all / among;
}

/** A page of the documents of all parts, ordered by id. */
export async function readPage(
  parts: Parts,
  { version, page }: { readonly version: number; readonly page: DocumentPage },
  signal: AbortSignal,
): Promise<readonly DocumentState[]> {
  const found = await askEvery(parts, signal, (stub) => stub.documents(version, page));
  if (parts.names.length === 1) return found.flat();
  return found
    .flat()
    .toSorted((a, b) => compareText(a.id.toWellFormed(), b.id.toWellFormed()))
    .slice(0, page.limit);
}

/** Counts of the parts as those of one. */
function addTerms(found: Iterable<TermsWire>): TermStatistics {
  let chunks = 0;
  const frequencies = new Map<string, number>();
  for (const part of found) {
    chunks += part.chunks;
    for (const [term, count] of part.frequencies) {
      frequencies.set(term, (frequencies.get(term) ?? 0) + count);
    }
  }
  return { chunks, frequencies };
}

async function findLost(parts: Parts, signal: AbortSignal): Promise<readonly LostPart[]> {
  const lost: LostPart[] = [];
  const onLost = (part: LostPart): unknown => lost.push(part);
  const found = await askParts(parts, signal, (stub) => stub.describe(), { onLost });
  for (const [part, { isDamaged }] of found) {
    if (isDamaged)
      lost.push({ part: parts.names[part] ?? "", error: vectorsLost(parts.collection) });
  }
  return lost;
}

function toWire(query: StoreQuery, limit: number, chunkTerms: number | null): QueryWire {
  const filter = query.filter === undefined ? null : JSON.stringify(query.filter);
  return query.type === "keyword"
    ? { type: "keyword", terms: query.terms, limit, filter, chunkTerms }
    : { type: "vector", vector: toBuffer(query.vector), limit, filter };
}

/** A damaged chunk is none. */
function parseChunk(json: string): Chunk | undefined {
  try {
    return JSON.parse(json) as Chunk;
  } catch {
    return undefined;
  }
}
