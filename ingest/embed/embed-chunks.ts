/** Embeds the chunks of a batch in calls the embedder takes, and finds the text that spoils a call. */
import pMap from "p-map";
import { type Chunk, toContent } from "../../src/domain/chunk.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";

/** What became of one chunk; `undefined` as a vector: found by keyword only. */
export type Embedded =
  | { readonly ok: true; readonly vector: Float32Array | undefined }
  | { readonly ok: false; readonly error: AppError };

/** Refusals that one text can cause for all that travel with it. */
const CAUSED_BY_TEXT: ReadonlySet<ErrorCode> = new Set([
  "context_too_long",
  "content_filtered",
  "payload_too_large",
  "embedding_invalid",
]);

/**
 * One result per chunk, in order. A call refused for what is in it is halved until the text is found;
 * when every text of a call is refused, the refusal is the embedder's own and is thrown, like every
 * other AppError of the embedder.
 */
export async function embedChunks(
  embedder: Embedder,
  chunks: readonly Chunk[],
  signal: AbortSignal,
): Promise<readonly Embedded[]> {
  const calls = toCalls(chunks.map(toContent), embedder.batchMax);
  const results = await pMap(calls, (texts) => embedCall(embedder, texts, signal), {
    concurrency: SYNC_LIMITS.callConcurrencyMax,
    signal,
  });
  return results.flat();
}

function toCalls(texts: readonly string[], textsMax: number): readonly (readonly string[])[] {
  const calls: string[][] = [];
  let chars = 0;
  for (const text of texts) {
    const call = calls.at(-1);
    chars += text.length;
    if (call === undefined || call.length >= textsMax || chars > SYNC_LIMITS.callCharsMax) {
      calls.push([text]);
      chars = text.length;
    } else {
      call.push(text);
    }
  }
  return calls;
}

async function embedCall(
  embedder: Embedder,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly Embedded[]> {
  const results = await embedOrHalve(embedder, texts, signal);
  const [first] = results;
  if (texts.length > 1 && first?.ok === false && results.every(({ ok }) => !ok)) throw first.error;
  return results;
}

async function embedOrHalve(
  embedder: Embedder,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<readonly Embedded[]> {
  try {
    const vectors = await embedder.embed(texts, "document", signal);
    if (vectors.length !== texts.length) {
      throw new AppError("upstream_bad_response", {
        detail: `the embedder ${embedder.id} gave ${vectors.length} vectors for ${texts.length} texts`,
      });
    }
    return vectors.map((vector) => ({ ok: true, vector }));
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof AppError) || !CAUSED_BY_TEXT.has(thrown.code)) throw thrown;
    if (texts.length === 1) return [{ ok: false, error: thrown }];
    const middle = Math.ceil(texts.length / 2);
    const left = await embedOrHalve(embedder, texts.slice(0, middle), signal);
    return [...left, ...(await embedOrHalve(embedder, texts.slice(middle), signal))];
  }
}
