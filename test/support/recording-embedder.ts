/** An embedder that writes down what it is asked for; all texts mean the same to it. */
import type { Embedder } from "../../src/models/model.ts";

/** Creates it; the texts go into `embedded`. */
export function createRecordingEmbedder(embedded: string[]): Embedder {
  return {
    id: "test:one",
    dimensions: 2,
    batchMax: 4,
    fusionWeight: 0.5,
    async embed(texts) {
      embedded.push(...texts);
      return texts.map(() => Float32Array.of(1, 0));
    },
  };
}
