/** Small collections in memory, embedded by the bundled embedder's stand-in: letters as dimensions, so that likeness is plain. */
import type { Chunk } from "../../src/domain/chunk.ts";
import { toPlainChunk } from "../../scripts/plain-chunk.ts";
import { toContent } from "../../src/domain/chunk.ts";
import type { Embedder } from "../../src/models/model.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import type { DocumentWrite, WriteStore } from "../../src/stores/store.ts";

const DIMENSIONS = 64;

/** The embedder with batches of two, and how many texts each call had. */
export function createSmallEmbedder(): { embedder: Embedder; sizes: number[] } {
  const sizes: number[] = [];
  const embedder: Embedder = {
    ...wordEmbedder,
    batchMax: 2,
    embed(texts, kind, signal) {
      sizes.push(texts.length);
      return wordEmbedder.embed(texts, kind, signal);
    },
  };
  return { embedder, sizes };
}

/** Words hashed into dimensions: equal words, equal direction. A text without letters has no vector. */
export const wordEmbedder: Embedder = {
  id: "test:words",
  dimensions: DIMENSIONS,
  batchMax: 100,
  fusionWeight: 0.3,
  embed(texts, _kind, signal) {
    signal.throwIfAborted();
    return Promise.resolve(texts.map(toVector));
  },
};

/** The models of a service that has nothing but this embedder. */
export const wordModels = {
  embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
  sentenceEmbedder: wordEmbedder,
  rerankers: {},
} as const;

function toVector(text: string): Float32Array | undefined {
  const vector = new Float32Array(DIMENSIONS);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    let hash = 7;
    for (const letter of word.slice(0, 6)) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
    vector[hash % DIMENSIONS] = (vector[hash % DIMENSIONS] ?? 0) + 1;
  }
  const length = Math.hypot(...vector);
  return length === 0 ? undefined : vector.map((value) => value / length);
}

export type Texts = Readonly<Record<string, string>>;

/** A store with the named collections; each entry is a document of one chunk. */
export async function createTestStore(
  collections: Readonly<Record<string, Texts>>,
  embedder: Embedder = wordEmbedder,
): Promise<WriteStore> {
  const store = createMemoryStore();
  for (const [name, texts] of Object.entries(collections)) {
    const chunks = Object.entries(texts).map(([id, text]) => toPlainChunk(id, text));
    await fillCollection(store, name, chunks, embedder);
  }
  return store;
}

/** Makes a collection of documents of one chunk each. */
export async function fillCollection(
  store: WriteStore,
  name: string,
  chunks: readonly Chunk[],
  embedder: Embedder,
): Promise<void> {
  const { signal } = new AbortController();
  const spec = {
    name,
    embedder: embedder.id,
    dimensions: embedder.dimensions ?? DIMENSIONS,
    chunker: "whole",
    language: "english",
    tokenizer: "words",
    metadata: {},
  } as const;
  const writer = await store.create(spec, signal);
  const put = await toDocuments(chunks, embedder, signal);
  await writer.commit({ put, remove: [] }, signal);
  await writer.index(signal);
  await writer.close();
}

/** Each chunk as a document of its own. */
export async function toDocuments(
  chunks: readonly Chunk[],
  embedder: Embedder,
  signal: AbortSignal,
): Promise<readonly DocumentWrite[]> {
  const vectors = await embedder.embed(chunks.map(toContent), "document", signal);
  return chunks.map((chunk, index) => ({
    id: chunk.documentId,
    title: chunk.title,
    source: chunk.documentId,
    hash: chunk.text,
    metadata: {},
    chunks: [{ chunk, vector: vectors[index] }],
  }));
}
