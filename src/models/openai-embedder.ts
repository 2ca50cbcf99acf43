/** Embedder over an OpenAI-compatible `/embeddings` endpoint, trusting nothing about what it returns. */
import * as z from "zod";
import type { Embedder } from "./model.ts";
import { type OpenAiClient, toUpstreamError } from "./openai-client.ts";
import { toUnitVector } from "./unit-vector.ts";
import { type Upstream, toBadResponse } from "./upstream.ts";

/** What servers with the smallest default batch (text-embeddings-inference) accept. */
const BATCH_MAX = 32;
/** Even, because nothing is known about the model. */
const FUSION_WEIGHT = 0.5;

interface OpenAiEmbedderOptions {
  readonly client: OpenAiClient;
  readonly model: string;
}

/** Components stay unknown here: checking them in the loop that normalises them is several times faster. */
const Response = z.object({
  data: z.array(z.object({ index: z.int().nonnegative(), embedding: z.unknown() })),
});

/** Creates the embedder. Blank texts are never sent and have no vector. */
export function createOpenAiEmbedder({ client, model }: OpenAiEmbedderOptions): Embedder {
  const upstream = client.toUpstream(`the embedding model "${model}"`, "EMBEDDING_MODEL");
  /** Length every vector must have: that of the first document embedded. */
  let dimensions: number | undefined;

  const request = async (input: string[], signal: AbortSignal): Promise<unknown> => {
    try {
      // Left to itself the SDK asks for base64, which some servers answer with something else.
      const body = { model, input, encoding_format: "float" as const };
      return await client.sdk.embeddings.create(body, { signal });
    } catch (thrown) {
      throw toUpstreamError(thrown, signal, upstream);
    }
  };

  return {
    id: `openai:${model}`,
    batchMax: BATCH_MAX,
    fusionWeight: FUSION_WEIGHT,
    async embed(texts, kind, signal) {
      if (texts.length > BATCH_MAX) {
        throw new RangeError(`at most ${BATCH_MAX} texts a call, got ${texts.length}`);
      }
      const sent = texts.filter((text) => text.trim() !== "");
      if (sent.length === 0) return texts.map(() => undefined);
      const rows = toRows(await request(sent, signal), sent.length, upstream);
      let expected = dimensions;
      const vectors = rows.map((row) => {
        const vector = toUnitVector(row, expected, upstream);
        expected ??= vector.length;
        return vector;
      });
      // Not by a question: whoever searches holds its vector to the collection, and one odd answer
      // must not make the right ones after it look wrong.
      if (kind === "document") dimensions = expected;
      let next = 0;
      return texts.map((text) => (text.trim() === "" ? undefined : vectors[next++]));
    },
  };
}

/** The rows in the order of the texts, each exactly once. */
function toRows(body: unknown, count: number, upstream: Upstream): readonly unknown[] {
  const parsed = Response.safeParse(body);
  if (!parsed.success) {
    throw toBadResponse("sent something that is not a list of embeddings", upstream, parsed.error);
  }
  const rows = new Map(parsed.data.data.map(({ index, embedding }) => [index, embedding]));
  const complete = Array.from({ length: count }, (_, index) => rows.has(index)).every(Boolean);
  if (!complete || parsed.data.data.length !== count) {
    const got = `${parsed.data.data.length} embeddings for ${count} texts`;
    throw toBadResponse(`sent ${got}, or not each index once`, upstream);
  }
  return Array.from({ length: count }, (_, index) => rows.get(index));
}
