/** The bundled embedder: the mean of a text's token vectors, read from a table. No network, no native code. */

import type { Embedder } from "../model.ts";
import type { StaticTable } from "./table.ts";
import { TokenPool } from "./token-pool.ts";
import { createWordpiece } from "./wordpiece.ts";

const TEXTS_PER_CALL_MAX = 1024;
/** About 10 ms of work: other requests get their turn after each slice. */
const SLICE_UNITS_MAX = 50_000;
/** Next to a keyword arm a table of word vectors is the weaker judge. */
const FUSION_WEIGHT = 0.4;
/**
 * A table of tokens knows little of rare names: there exact words count more. With more than this fusion loses more
 * than 0.01 on rgb-en; in runs of several searches it finds more with it (multihop-wiki All@10 .314, else .275).
 */
const NAMES_SHARE = 0.07;
const NAMES_SHARE_IN_STEPS = 0.3;
/** Its vocabulary is English: on the Spanish and Chinese of XQuAD it took 0.8 and 1.0 points off the keyword arm's nDCG@10. */
const LANGUAGES = ["english"] as const;

/**
 * An embedder over a token table; each is a vector space of its own, named after the table.
 *
 * A text's vector is the sum of the vectors of all its tokens, brought to unit length, which is the
 * direction of their mean; how much a token counts is in the length of its vector. Texts of any
 * length are taken whole, so the vector of a long one blurs: chunk before. Unknown words add
 * nothing. Questions and documents are embedded alike. Equal texts have equal vectors.
 * Method: Model2Vec, https://github.com/MinishLab/model2vec.
 *
 * `embed` works on the calling thread in slices, gives way to other work between them, and looks at
 * the signal before each; it throws the signal's reason, and a RangeError above `batchMax` texts.
 */
export function createStaticEmbedder(table: StaticTable): Embedder {
  const wordpiece = createWordpiece(table.vocabulary);

  return {
    id: `static:${table.name}`,
    dimensions: table.dimensions,
    batchMax: TEXTS_PER_CALL_MAX,
    fusionWeight: FUSION_WEIGHT,
    namesShare: NAMES_SHARE,
    namesShareInSteps: NAMES_SHARE_IN_STEPS,
    zero: 0,
    languages: LANGUAGES,
    async embed(texts, _kind, signal) {
      if (texts.length > TEXTS_PER_CALL_MAX) {
        throw new RangeError(`${texts.length} texts in one call, at most ${TEXTS_PER_CALL_MAX}`);
      }
      signal.throwIfAborted();
      // Of this call alone: another call may run while this one gives way.
      const pool = new TokenPool(table);
      const vectors: (Float32Array | undefined)[] = [];
      let sliceUnits = 0;
      for (const text of texts) {
        for (let from = 0, to = 0; from < text.length; from = to) {
          to = stretchEnd(text, from);
          sliceUnits += to - from;
          if (sliceUnits > SLICE_UNITS_MAX) {
            await nextTask();
            signal.throwIfAborted();
            sliceUnits = to - from;
          }
          wordpiece.tokenize(text.slice(from, to), pool);
        }
        vectors.push(pool.drain());
      }
      return vectors;
    },
  };
}

/** Where the stretch of `text` that begins at `from` ends: all of it, or at the last blank before a slice is full. */
function stretchEnd(text: string, from: number): number {
  const limit = from + SLICE_UNITS_MAX;
  if (limit >= text.length) return text.length;
  const blank = text.slice(from, limit).lastIndexOf(" ");
  return blank > 0 ? from + blank : limit;
}

/** A macrotask on every runtime, so that waiting I/O and timers get through. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
