/** Settings of a Worker alone: its bindings, its objects and its secret. Elsewhere only `pnpm ingest … --to edge` reads one. */
import * as z from "zod";
import { Bytes, Count, Key, Names, Text } from "./kinds.ts";

export const EDGE_SETTINGS = {
  adminToken: Key.optional().describe(
    "Secret for writing collections into a Worker; a push sends it. Unset: nobody can write there.",
  ),
  objectVectorBytesMax: Bytes.default(32 * 2 ** 20).describe(
    "Vectors of a collection in one Durable Object of a Worker, a byte for each dimension; a larger collection is spread over several.",
  ),

  aiEmbeddingModel: Text.optional().describe(
    "Model of Workers AI that embeds questions in a Worker, through its binding AI.",
  ),
  aiEmbeddingDimensions: Count.optional().describe(
    "Components of that model's vectors. Only for models that the Worker does not know.",
  ),
  aiEmbeddingPooling: z
    .enum(["mean", "cls"], { error: "must be mean or cls" })
    .default("mean")
    .describe(
      "How a bge model of Workers AI makes one vector of a text: as the collections were embedded.",
    ),
  // Its end may be a blank: that of EMBEDDING_DOCUMENT_PREFIX.
  aiEmbedderId: z
    .string()
    .optional()
    .describe(
      "Embedder of the collections whose questions AI_EMBEDDING_MODEL embeds. Unset: `openai:` and the model's name.",
    ),
  aiRerankModel: Text.optional().describe(
    "Model of Workers AI that reranks in a Worker, through its binding AI.",
  ),
  vectorizeCollections: Names.optional().describe(
    "Collections, with commas between, whose vectors a Worker searches in its binding VECTORIZE too.",
  ),
  rateLimitPeriodMs: z
    .enum(["10000", "60000"], { error: "must be 10000 or 60000, as the binding's period" })
    .transform(Number)
    .optional()
    .describe(
      "Period of a Worker's binding RATE_LIMIT, which each caller's requests then pass: 10000 or 60000.",
    ),
};
