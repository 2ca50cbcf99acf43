/** The vectors of any number of texts. */
import type { Embedder } from "../../models/model.ts";

/** In the order of the texts, in calls of as many as the embedder takes. Undefined: it knows no word of the text. */
export async function embedTexts(
  embedder: Embedder,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly (Float32Array | undefined)[]> {
  const vectors: (Float32Array | undefined)[] = [];
  for (let from = 0; from < texts.length; from += embedder.batchMax) {
    const batch = texts.slice(from, from + embedder.batchMax);
    vectors.push(...(await embedder.embed(batch, "document", signal)));
  }
  return vectors;
}
