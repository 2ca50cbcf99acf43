/** Runs the bundled embedder in a thread of its own, so that a bulk of texts is embedded while the next is read and the last is stored. */
import { Worker } from "node:worker_threads";
import { AppError } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";

/** What the thread is asked, and what it answers: all vectors in one array, and which of them there are. */
export interface EmbedRequest {
  readonly number: number;
  readonly texts: readonly string[];
}
export interface EmbedAnswer {
  readonly number: number;
  readonly components: Float32Array<ArrayBuffer>;
  readonly isKnown: Uint8Array<ArrayBuffer>;
}

/** Fewer texts are embedded here: starting the thread takes longer. */
const TEXTS_MIN = 64;
/** The thread's work is short-lived strings; without a limit its heap grows to use what there is. */
const YOUNG_MEBIBYTES_MAX = 16;
const OLD_MEBIBYTES_MAX = 256;

export interface EmbedThread {
  readonly embedder: Embedder;
  /** Ends the thread; the next large call starts another. Nothing may be under way. */
  close(): Promise<void>;
}

type Waiting = PromiseWithResolvers<EmbedAnswer>;

/** The same embedder, whose larger calls run in a thread that is started by the first of them. `dimensions` must be known. */
export function createEmbedThread(bundled: Embedder): EmbedThread {
  const { dimensions = 0 } = bundled;
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let number = 0;

  const failAll = (cause: unknown): void => {
    const error = new AppError("internal", { detail: "the embedding thread ended", cause });
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker = undefined;
  };
  const start = (): Worker => {
    const started = new Worker(new URL("./embed-worker.ts", import.meta.url), {
      resourceLimits: {
        maxYoungGenerationSizeMb: YOUNG_MEBIBYTES_MAX,
        maxOldGenerationSizeMb: OLD_MEBIBYTES_MAX,
      },
    });
    started.on("message", (answer: EmbedAnswer) => {
      waiting.get(answer.number)?.resolve(answer);
      waiting.delete(answer.number);
    });
    started.on("error", failAll).on("exit", failAll);
    return started;
  };

  return {
    embedder: {
      ...bundled,
      async embed(texts, kind, signal) {
        if (texts.length < TEXTS_MIN) return bundled.embed(texts, kind, signal);
        signal.throwIfAborted();
        worker ??= start();
        number += 1;
        const answered: Waiting = Promise.withResolvers();
        waiting.set(number, answered);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage({ number, texts } satisfies EmbedRequest);
        const { components, isKnown } = await answered.promise;
        signal.throwIfAborted();
        return Array.from(isKnown, (known, index) =>
          known === 1
            ? components.subarray(index * dimensions, (index + 1) * dimensions)
            : undefined,
        );
      },
    },
    async close() {
      const ending = worker;
      worker = undefined;
      ending?.off("exit", failAll);
      await ending?.terminate();
    },
  };
}
