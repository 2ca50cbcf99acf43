/** The settings of models: which there are, where, and what they take. */
import * as z from "zod";
import { BaseUrl, Flag, Key, Names, Text, Tokens } from "./kinds.ts";
import { Pairs, parsePairs } from "./pairs.ts";

/** They are about the one request, and written with it. */
const OF_REQUEST = /^(?:accept|connection|content-.+|host|traceparent|transfer-encoding)$/;
const OwnHeaders = Pairs.refine(
  (text) => !Object.keys(parsePairs(text) ?? {}).some((name) => OF_REQUEST.test(name)),
  { error: "names a header that each request has of its own, such as Host or Content-Type" },
);

export const MODEL_SETTINGS = {
  openaiApiKey: Key.optional().describe("Key of the OpenAI-compatible endpoint."),
  openaiBaseUrl: BaseUrl.optional().describe("Address of the endpoint, with its /v1."),
  openaiHeaders: OwnHeaders.optional().describe(
    "Headers for OPENAI_BASE_URL beside the key, as in name=value,other=value; may hold a key. They are sent nowhere else.",
  ),
  chatModel: Text.optional().describe(
    "Model that writes answers. Unset: gpt-4.1-mini when only a key is given, else the extractive answerer.",
  ),
  chatModelsFallback: Names.optional().describe(
    "Models, separated by commas, that write when the one before fails before its first text.",
  ),
  chatFallbackBaseUrl: BaseUrl.optional().describe(
    "Address of the endpoint of the fallback models. Unset: that of the first model.",
  ),
  chatFallbackApiKey: Key.optional().describe(
    "Key for CHAT_FALLBACK_BASE_URL; the other key is never sent there.",
  ),
  chatContextTokensMax: Tokens.optional().describe(
    "Tokens the chat model takes, input and answer together; passages beyond that are left out. Unset: only what it refuses is.",
  ),
  chatResponseFormat: Flag.default(true).describe(
    "Whether endpoints are given the JSON Schema of an output as response_format. Off: in the prompt alone.",
  ),

  embeddingModel: Text.optional().describe(
    "Model that embeds what is ingested from now on. Unset: the bundled static embedder.",
  ),
  embeddingBaseUrl: BaseUrl.optional().describe(
    "Address of the endpoint of EMBEDDING_MODEL, with its /v1. Unset: that of OPENAI_BASE_URL.",
  ),
  embeddingApiKey: Key.optional().describe(
    "Key for EMBEDDING_BASE_URL; OPENAI_API_KEY and OPENAI_HEADERS are never sent there.",
  ),
  // Taken as they are: the blank at the end is part of what models were trained with.
  embeddingQueryPrefix: z
    .string()
    .optional()
    .describe(
      "What that model wants before a question, with the blank at its end, such as `query: `. In a Worker without it: what AI_EMBEDDING_MODEL wants.",
    ),
  embeddingDocumentPrefix: z
    .string()
    .optional()
    .describe(
      "What it wants before a document's text. Another one is another embedder: collections are built anew.",
    ),

  rerankUrl: BaseUrl.optional().describe(
    "Address of a /rerank endpoint (Cohere, Jina, Voyage AI, TEI, vLLM).",
  ),
  rerankModel: Text.optional().describe("Model named to the /rerank endpoint."),
  rerankApiKey: Key.optional().describe("Key of the /rerank endpoint."),
};
