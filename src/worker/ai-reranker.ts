/**
 * Reranker over a model of Workers AI.
 *
 * Shapes: https://developers.cloudflare.com/workers-ai/models/bge-reranker-base/: `{ query, contexts: [{ text }],
 * top_k }` to `{ response: [{ id, score }] }`, best first, `id` the place of a context in the request. Not run
 * against the real service.
 */
import * as z from "zod";
import type { Reranker } from "../models/model.ts";
import { parseResponse, toBadResponse } from "../models/upstream.ts";
import { type AiBinding, runModel, toAiUpstream } from "./ai-binding.ts";

const Answer = z.object({
  response: z.array(z.object({ id: z.int().nonnegative(), score: z.number() })),
});
/**
 * A text is judged by its beginning, as by models anywhere: the documented one reads 512 tokens of it. The platform
 * refuses what is too large and does not say what is; a chunk may have 2 MB, and a question brings 30 of them.
 */
const TEXT_CHARS_MAX = 8_192;
/** The platform refuses an empty text. */
const BLANK = " ";

/** Creates the reranker; nothing is called. Its scores are those of one model and compare only with each other. */
export function createAiReranker(ai: AiBinding, model: string): Reranker {
  const upstream = toAiUpstream(`the reranker "${model}"`, "AI_RERANK_MODEL");
  return {
    id: `workers-ai:${model}`,
    async score(query, texts, signal) {
      if (texts.length === 0) return [];
      const contexts = texts.map((text) => ({
        text: text === "" ? BLANK : text.slice(0, TEXT_CHARS_MAX).toWellFormed(),
      }));
      const inputs = { query, contexts, top_k: texts.length };
      const sent = await runModel(ai, { model, inputs }, upstream, signal);
      const { response } = parseResponse(Answer, sent, "a list of scores", upstream);
      const scores = new Map(response.map(({ id, score }) => [id, score]));
      const ordered = texts.flatMap((_, index) => scores.get(index) ?? []);
      if (ordered.length !== texts.length || response.length !== texts.length) {
        throw toBadResponse(
          `sent ${response.length} scores for ${texts.length} texts, or not each once`,
          upstream,
        );
      }
      return ordered;
    },
  };
}
