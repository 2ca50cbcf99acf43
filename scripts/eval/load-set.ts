/** Puts an evaluation set into a store, one collection or one for each `metadata.collection`. */
import { chunkDocument, DEFAULT_CHUNKING, toChunkerId } from "../../ingest/chunk/chunk.ts";
import { detectLanguage } from "../../ingest/collection/detect-language.ts";
import type { LoadedDocument } from "../../ingest/document.ts";
import { embedChunks } from "../../ingest/embed/embed-chunks.ts";
import type { Chunk } from "../../src/domain/chunk.ts";
import type { Embedder } from "../../src/models/model.ts";
import type { ChunkWrite, DocumentWrite, WriteStore } from "../../src/stores/store.ts";
import type { EvalDocument, EvalSet } from "./beir.ts";

export interface LoadSetOptions {
  readonly store: WriteStore;
  readonly embedder: Embedder;
  /** Everything into one collection, as the reference for merging. */
  readonly oneCollection: boolean;
  readonly signal: AbortSignal;
}

const DOCUMENTS_PER_COMMIT = 2_000;

/** The names of the collections, made afresh. */
export async function loadSet(set: EvalSet, options: LoadSetOptions): Promise<readonly string[]> {
  const groups = Map.groupBy(set.documents, ({ metadata }) =>
    toName(options.oneCollection ? undefined : metadata.collection, set.name),
  );
  for (const [name, documents] of groups) await loadCollection(name, documents, options);
  return [...groups.keys()];
}

function toName(collection: string | undefined, setName: string): string {
  return (collection ?? setName).toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-");
}

async function loadCollection(
  name: string,
  documents: readonly EvalDocument[],
  { store, embedder, signal }: LoadSetOptions,
): Promise<void> {
  const sample = documents.slice(0, 100).map(({ text }) => text);
  const { language, tokenizer } = detectLanguage(sample);
  // Some sets hold documents without a word; they can be neither found nor cited.
  const chunked = documents
    .filter(({ text }) => text.trim() !== "")
    .map((document) => ({ document, chunks: chunkDocument(toLoaded(document)) }));
  const all = chunked.flatMap(({ chunks }) => chunks);
  const vectors = await embedAll(embedder, all, signal);
  const writes = chunked.map(({ document, chunks }) => toWrite(document, chunks, vectors));
  const dimensions = writes
    .flatMap(({ chunks }) => chunks)
    .find(({ vector }) => vector !== undefined)?.vector?.length;
  if (dimensions === undefined) throw new Error(`no document of ${name} has a vector`);
  const writer = await store.create(
    {
      name,
      embedder: embedder.id,
      dimensions,
      chunker: toChunkerId(DEFAULT_CHUNKING),
      language,
      tokenizer,
      metadata: {},
    },
    signal,
  );
  try {
    for (let from = 0; from < writes.length; from += DOCUMENTS_PER_COMMIT) {
      await writer.commit(
        { put: writes.slice(from, from + DOCUMENTS_PER_COMMIT), remove: [] },
        signal,
      );
    }
    await writer.index(signal);
  } finally {
    await writer.close();
  }
}

/** Throws what the embedder throws, also of a single text. */
async function embedAll(
  embedder: Embedder,
  chunks: readonly Chunk[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Chunk, Float32Array | undefined>> {
  const embedded = await embedChunks(embedder, chunks, signal);
  return new Map(
    embedded.map((one, index) => {
      if (!one.ok) throw one.error;
      return [chunks[index] as Chunk, one.vector];
    }),
  );
}

function toLoaded({ _id: id, title, text }: EvalDocument): LoadedDocument {
  return { id, source: id, title, text, sections: [], kind: "prose", metadata: {} };
}

function toWrite(
  { _id: id, title }: EvalDocument,
  chunks: readonly Chunk[],
  vectors: ReadonlyMap<Chunk, Float32Array | undefined>,
): DocumentWrite {
  const written = chunks.map((chunk): ChunkWrite => ({ chunk, vector: vectors.get(chunk) }));
  return { id, title, source: id, hash: id, metadata: {}, chunks: written };
}
