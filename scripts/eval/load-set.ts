/** Puts an evaluation set into a store, one collection or one for each `metadata.collection`. */
import { chunkDocument, DEFAULT_CHUNKING, toChunkerId } from "../../ingest/chunk.ts";
import { detectLanguage } from "../../ingest/detect-language.ts";
import type { LoadedDocument } from "../../ingest/document.ts";
import { toContent } from "../../src/domain/chunk.ts";
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
  const writes: DocumentWrite[] = [];
  for (const document of documents) {
    // Some sets hold documents without a word; they can be neither found nor cited.
    if (document.text.trim() !== "") writes.push(await toWrite(document, embedder, signal));
  }
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

async function toWrite(
  { _id: id, title, text }: EvalDocument,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<DocumentWrite> {
  const loaded: LoadedDocument = {
    id,
    source: id,
    title,
    text,
    sections: [],
    kind: "prose",
    metadata: {},
  };
  const chunks = chunkDocument(loaded);
  const vectors = await embedder.embed(chunks.map(toContent), "document", signal);
  const written = chunks.map((chunk, index): ChunkWrite => ({ chunk, vector: vectors[index] }));
  return { id, title, source: id, hash: id, metadata: {}, chunks: written };
}
