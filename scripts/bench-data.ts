/** Collections made of Zipf words and clustered vectors, the same in every run. */
import { toContent } from "../src/domain/chunk.ts";
import type { CollectionSpec } from "../src/domain/collection.ts";
import type { DocumentWrite, WriteStore } from "../src/stores/store.ts";
import { createRandom } from "./chaos/random.ts";
import { toPlainChunk } from "./plain-chunk.ts";

export const DIMENSIONS = 256;
const CHUNKS_PER_DOCUMENT = 10;
const COMMIT_DOCUMENTS = 250;
const VOCABULARY = 40_000;
const CLUSTERS = 400;
/** Neighbouring seeds are far apart. */
const STRIDE = 2_654_435_761;
/** How far vectors scatter around their cluster's centre, relative to it. */
const SPREAD = 1.5;

export interface Source {
  words(count: number): string;
  vector(): Float32Array;
}

/** Words and vectors from a seed. Sources share the clusters but give other words the frequent places. */
export function createSource(seed: number): Source {
  const random = createRandom(seed * STRIDE);
  const centres = createRandom(STRIDE);
  const clusters = Array.from({ length: CLUSTERS }, () =>
    Float32Array.from({ length: DIMENSIONS }, () => gauss(centres)),
  );
  const stride = 2 * seed + 1;
  const word = (): string => {
    const rank = Math.floor(VOCABULARY ** random()) - 1;
    return toWord((rank * stride) % VOCABULARY);
  };
  return {
    words: (count) => Array.from({ length: count }, word).join(" "),
    vector() {
      const centre = clusters[Math.floor(random() * CLUSTERS)] ?? new Float32Array(DIMENSIONS);
      const values = centre.map((value) => value + SPREAD * gauss(random));
      const length = Math.hypot(...values);
      return values.map((value) => value / length);
    },
  };
}

export interface CollectionOptions {
  readonly chunks: number;
  /** Decides which words are frequent. */
  readonly seed: number;
  readonly embedder?: string;
}

/** Loads and indexes one collection. */
export async function loadCollection(
  store: WriteStore,
  name: string,
  { chunks, seed, embedder = `synthetic:${DIMENSIONS}` }: CollectionOptions,
): Promise<void> {
  const { signal } = new AbortController();
  const source = createSource(seed);
  const writer = await store.create({ ...toSpec(name), embedder }, signal);
  const documents = Math.ceil(chunks / CHUNKS_PER_DOCUMENT);
  for (let first = 0; first < documents; first += COMMIT_DOCUMENTS) {
    const count = Math.min(COMMIT_DOCUMENTS, documents - first);
    const put = Array.from({ length: count }, (_, index) =>
      toDocument(`${name}-${first + index}`, source),
    );
    await writer.commit({ put, remove: [] }, signal);
  }
  await writer.index(signal);
  await writer.close();
}

export function toSpec(name: string): CollectionSpec {
  return {
    name,
    embedder: `synthetic:${DIMENSIONS}`,
    dimensions: DIMENSIONS,
    chunker: "synthetic",
    language: "english",
    tokenizer: "words",
    metadata: {},
  };
}

function toDocument(id: string, source: Source): DocumentWrite {
  const chunks = Array.from({ length: CHUNKS_PER_DOCUMENT }, (_, position) => {
    const text = source.words(60 + ((position * 37) % 61));
    return { chunk: toPlainChunk(id, text, position), vector: source.vector() };
  });
  const hash = toContent(chunks[0]?.chunk ?? { title: "", location: { headings: [] }, text: "" });
  return { id, title: id, source: id, hash, metadata: {}, chunks };
}

/** A pronounceable word for a number, so that stemming meets something like a language. */
function toWord(number: number): string {
  let rest = number + 1;
  let word = "";
  while (rest > 0) {
    word += `${"bdfgklmnprstvz"[rest % 14] ?? ""}${"aeiou"[rest % 5] ?? ""}`;
    rest = Math.floor(rest / 14);
  }
  return word;
}

function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
}
