/**
 * Embedder over a text embedding model of Workers AI.
 *
 * Shapes and limits: https://developers.cloudflare.com/workers-ai/models/bge-base-en-v1.5/ and its siblings
 * bge-small-en-v1.5, bge-large-en-v1.5, bge-m3: `{ text: [≤ 100], pooling }` to `{ shape, data, pooling }`.
 * The English models want an instruction before a question and none before a document
 * (https://github.com/FlagOpen/FlagEmbedding, "Usage for Embedding Model"). Vectors of the two poolings do
 * not compare. Not run against the real service.
 */
import * as z from "zod";
import { AppError } from "../errors.ts";
import type { Embedder } from "../models/model.ts";
import { toUnitVector } from "../models/unit-vector.ts";
import { parseResponse, toBadResponse } from "../models/upstream.ts";
import { type AiBinding, runModel, toAiUpstream } from "./ai-binding.ts";
import { misconfigured } from "./misconfigured.ts";

/** What the documentation says of the models. */
const BATCH_MAX = 100;
const FUSION_WEIGHT = 0.5;

export type Pooling = "mean" | "cls";

export interface AiEmbedderOptions {
  readonly model: string;
  readonly pooling: Pooling;
  /** Unset: those of a model that is known here. */
  readonly dimensions?: number | undefined;
  /** Id of the embedder for which it embeds questions. Unset: what the same model is called behind an OpenAI-compatible address. */
  readonly id?: string | undefined;
  /** What the model wants before a question. Unset: the instruction of a model that is known here. */
  readonly queryPrefix?: string | undefined;
}

interface Model {
  readonly dimensions: number;
  /** It can be told how to pool. */
  readonly pools?: boolean;
  readonly instruction?: string;
  readonly languages?: readonly string[];
  /** Texts above its size are cut where it is asked to, as the others do by themselves. */
  readonly truncates?: boolean;
}

const ENGLISH = {
  pools: true,
  instruction: "Represent this sentence for searching relevant passages: ",
  languages: ["english"],
} as const;

const MODELS: Readonly<Record<string, Model>> = {
  "@cf/baai/bge-small-en-v1.5": { ...ENGLISH, dimensions: 384 },
  "@cf/baai/bge-base-en-v1.5": { ...ENGLISH, dimensions: 768 },
  "@cf/baai/bge-large-en-v1.5": { ...ENGLISH, dimensions: 1024 },
  "@cf/baai/bge-m3": { dimensions: 1024, truncates: true },
};

const Answer = z.object({ data: z.array(z.unknown()), pooling: z.string().optional() });

/** Creates the embedder; nothing is called. Throws AppError misconfigured that names the setting. */
export function createAiEmbedder(ai: AiBinding, options: AiEmbedderOptions): Embedder {
  const { model: name, pooling } = options;
  const model = findModel(options);
  const queryPrefix = options.queryPrefix ?? model.instruction ?? "";
  const upstream = toAiUpstream(`the embedding model "${name}"`, "AI_EMBEDDING_MODEL");
  const form = {
    ...(model.pools === true ? { pooling } : {}),
    ...(model.truncates === true ? { truncate_inputs: true } : {}),
  };

  const embedAll = async (text: readonly string[], signal: AbortSignal) => {
    const call = { model: name, inputs: { text, ...form } };
    const sent = await runModel(ai, call, upstream, signal);
    const answer = parseResponse(Answer, sent, "a list of vectors", upstream);
    const { data, pooling: pooled = pooling } = answer;
    if (data.length !== text.length) {
      throw toBadResponse(`sent ${data.length} vectors for ${text.length} texts`, upstream);
    }
    if (model.pools === true && pooled !== pooling) {
      throw new AppError("embedding_invalid", {
        detail: `${upstream.name} pools otherwise than AI_EMBEDDING_POOLING says, which is ${pooling}`,
      });
    }
    return data.map((row) => toUnitVector(row, model.dimensions, upstream));
  };

  return {
    id: options.id ?? `openai:${name}`,
    dimensions: model.dimensions,
    batchMax: BATCH_MAX,
    fusionWeight: FUSION_WEIGHT,
    ...(model.languages === undefined ? {} : { languages: model.languages }),
    async embed(texts, kind, signal) {
      if (texts.length > BATCH_MAX) {
        throw new RangeError(`at most ${BATCH_MAX} texts a call, got ${texts.length}`);
      }
      const sent = texts.filter((text) => text.trim() !== "");
      if (sent.length === 0) return texts.map(() => undefined);
      const vectors = await embedAll(
        sent.map((text) => (kind === "query" ? `${queryPrefix}${text}` : text)),
        signal,
      );
      let next = 0;
      return texts.map((text) => (text.trim() === "" ? undefined : vectors[next++]));
    },
  };
}

function findModel({ model: name, dimensions, pooling, id }: AiEmbedderOptions): Model {
  const known = Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
  if (known === undefined) {
    if (dimensions !== undefined) return { dimensions };
    throw misconfigured(
      `AI_EMBEDDING_MODEL names a model that is not known here (known: ${Object.keys(MODELS).join(", ")}); for another one set AI_EMBEDDING_DIMENSIONS`,
    );
  }
  if (dimensions !== undefined && dimensions !== known.dimensions) {
    throw misconfigured(
      `AI_EMBEDDING_DIMENSIONS is ${dimensions}, but vectors of ${name} have ${known.dimensions}`,
    );
  }
  // Under its usual name the model pools by the mean, which is its default.
  if (known.pools === true && pooling === "cls" && id === undefined) {
    throw misconfigured(
      "AI_EMBEDDING_POOLING is cls, whose vectors are others than the usual ones: set AI_EMBEDDER_ID to the embedder that the collections were built with",
    );
  }
  return known;
}
