/** Embedder over an OpenAI-compatible `/embeddings` endpoint, trusting nothing about what it returns. */
import * as z from "zod";
import { toEmbedderName } from "../domain/embedder-name.ts";
import type { AppError } from "../errors.ts";
import type { EmbedKind, Embedder } from "./model.ts";
import { readRefusal } from "./chat-dialect.ts";
import { type OpenAiClient, toUpstreamError } from "./openai-client.ts";
import { toUnitVector } from "./unit-vector.ts";
import { refusesBatch } from "./refusal-body.ts";
import { parseResponse, toBadResponse, type Upstream } from "./upstream.ts";

/** What text-embeddings-inference accepts by default. Who takes fewer says so, and is sent fewer from then on. */
const BATCH_MAX = 32;
/** Even, because nothing is known about the model. */
const FUSION_WEIGHT = 0.5;

interface OpenAiEmbedderOptions {
  readonly client: OpenAiClient;
  readonly model: string;
  /** What the model was trained to see before a text of each kind; the protocol has no word for the kind. */
  readonly prefixes?: { readonly [kind in EmbedKind]?: string | undefined };
}

const LIST = "a list of embeddings";
/** Rows are counted before they are looked at: eight million wrong ones, in 16 MiB, are as many faults to a schema. */
const Response = z.object({ data: z.array(z.unknown()) });
/** Components stay unknown here: checking them in the loop that normalises them is several times faster. */
const Rows = z.array(z.object({ index: z.int().nonnegative().nullish(), embedding: z.unknown() }));

/** Creates the embedder. Blank texts are never sent and have no vector. */
export function createOpenAiEmbedder({
  client,
  model,
  prefixes = {},
}: OpenAiEmbedderOptions): Embedder {
  const upstream = client.toUpstream(`the embedding model "${model}"`, "EMBEDDING_MODEL");
  /** Length every vector must have: that of the first document embedded. */
  let dimensions: number | undefined;
  const request = createRequest({ client, model }, upstream);

  return {
    id: toEmbedderName(model, prefixes.document),
    batchMax: BATCH_MAX,
    fusionWeight: FUSION_WEIGHT,
    async embed(texts, kind, signal) {
      if (texts.length > BATCH_MAX) {
        throw new RangeError(`at most ${BATCH_MAX} texts a call, got ${texts.length}`);
      }
      const sent = texts.filter((text) => text.trim() !== "");
      if (sent.length === 0) return texts.map(() => undefined);
      const prefix = prefixes[kind] ?? "";
      const rows = await request(
        sent.map((text) => `${prefix}${text}`),
        signal,
      );
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

/** Asks for the rows of texts, in as many calls as the endpoint needs. */
function createRequest(
  { client, model }: Pick<OpenAiEmbedderOptions, "client" | "model">,
  upstream: Upstream,
): (texts: readonly string[], signal: AbortSignal) => Promise<readonly unknown[]> {
  /** Both are found out by what the endpoint refuses. */
  let batchMax = BATCH_MAX;
  /** Left to itself the SDK asks for base64, which some servers answer with something else. */
  let format: { readonly encoding_format?: "float" } = { encoding_format: "float" };

  const requestSome = async (
    input: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly unknown[]> => {
    for (;;) {
      const sent = format;
      try {
        const body = { model, input, ...sent };
        return toRows(
          await client.sdk.post("/embeddings", { body, signal }),
          input.length,
          upstream,
        );
      } catch (thrown) {
        const words = signal.aborted ? "" : (readRefusal(thrown) ?? "");
        if (input.length > 1 && refusesBatch(words)) {
          batchMax = Math.min(batchMax, Math.ceil(input.length / 2));
          return requestAll(input, signal);
        }
        if (!("encoding_format" in sent && words.includes("encoding_format"))) {
          throw toUpstreamError(thrown, signal, upstream);
        }
        format = {};
      }
    }
  };

  const requestAll = async (
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly unknown[]> => {
    const rows: unknown[] = [];
    while (rows.length < texts.length) {
      rows.push(...(await requestSome(texts.slice(rows.length, rows.length + batchMax), signal)));
    }
    return rows;
  };
  return requestAll;
}

/** The rows in the order of the texts, each exactly once. Gemini leaves out an index of 0; a row without one is the one of its place. */
function toRows(body: unknown, count: number, upstream: Upstream): readonly unknown[] {
  const { data: sent } = parseResponse(Response, body, LIST, upstream);
  const refuse = (): AppError =>
    toBadResponse(
      `sent ${sent.length} embeddings for ${count} texts, or not each index once`,
      upstream,
    );
  if (sent.length !== count) throw refuse();
  const rows = new Map(
    parseResponse(Rows, sent, LIST, upstream).map(({ index, embedding }, at) => [
      index ?? at,
      embedding,
    ]),
  );
  if (!Array.from({ length: count }, (_, index) => rows.has(index)).every(Boolean)) throw refuse();
  return Array.from({ length: count }, (_, index) => rows.get(index));
}
