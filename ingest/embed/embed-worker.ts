/** The thread in which the bundled embedder works. */
import { parentPort } from "node:worker_threads";
import { NEVER } from "../../src/async/never.ts";
import { createStaticEmbedder } from "../../src/models/static/static-embedder.ts";
import { loadStaticTable } from "../../src/node/load/load-static-table.ts";
import type { EmbedAnswer, EmbedRequest } from "./embed-thread.ts";

const loading = loadStaticTable().then(createStaticEmbedder);

parentPort?.on("message", (request: EmbedRequest) => {
  void answer(request);
});

async function answer({ number, texts }: EmbedRequest): Promise<void> {
  const embedder = await loading;
  const { dimensions = 0 } = embedder;
  // Ended from outside: the one who asked looks at its own signal.
  const vectors = await embedder.embed(texts, "document", NEVER);
  const components = new Float32Array(vectors.length * dimensions);
  const isKnown = new Uint8Array(vectors.length);
  for (const [index, vector] of vectors.entries()) {
    if (vector === undefined) continue;
    isKnown[index] = 1;
    components.set(vector, index * dimensions);
  }
  const message: EmbedAnswer = { number, components, isKnown };
  parentPort?.postMessage(message, [components.buffer, isKnown.buffer]);
}
