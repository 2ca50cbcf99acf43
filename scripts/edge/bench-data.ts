/** What the Worker is measured with: texts of words in a Zipf-like distribution, vectors of any direction. The same in every run. */
import type { DocumentWrite } from "../../src/stores/store.ts";
import { createRandom } from "../chaos/random.ts";
import { toPlainChunk } from "../plain-chunk.ts";

const WORDS = 20_000;
const CHUNK_WORDS = 120;

export interface Source {
  /** A document with one chunk. */
  document(index: number): DocumentWrite;
  /** So many words, none more frequent than the one of this rank: stop words are left out of questions. */
  words(count: number, rankMin: number): string;
  /** Of unit length: the worst case for vectors of few bits. */
  vector(): Float32Array;
}

/** Creates the source of one seed. */
export function createSource(seed: number, dimensions: number): Source {
  const random = createRandom(seed);
  const word = (): string => `w${Math.floor(WORDS ** random())}x`;
  const vector = (): Float32Array => {
    const values = Float32Array.from(
      { length: dimensions },
      () => random() + random() + random() - 1.5,
    );
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  };
  return {
    vector,
    words(count, rankMin) {
      const words: string[] = [];
      while (words.length < count) {
        const next = word();
        if (Number(next.slice(1, -1)) > rankMin) words.push(next);
      }
      return words.join(" ");
    },
    document(index) {
      const id = `d${index}`;
      const text = Array.from({ length: CHUNK_WORDS }, word).join(" ");
      const chunk = toPlainChunk(id, text);
      return {
        id,
        title: id,
        source: id,
        hash: id,
        metadata: {},
        chunks: [{ chunk, vector: vector() }],
      };
    },
  };
}
