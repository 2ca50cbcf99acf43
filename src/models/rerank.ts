/** Reranker over a `/rerank` endpoint: Cohere v2, Jina and vLLM, or text-embeddings-inference. */
import * as z from "zod";
import { toAbortError } from "../async/deadline.ts";
import { AppError } from "../errors.ts";
import type { Reranker } from "./model.ts";
import type { RefusalWords } from "./refusal-body.ts";
import { createUpstreamFetch, type EndpointLine, readWords } from "./upstream-fetch.ts";
import { type Upstream, toBadResponse, toConnectionError, toRefusalError } from "./upstream.ts";

export interface RemoteRerankerOptions extends EndpointLine {
  /** The whole address, with its /rerank. */
  readonly url: string;
  readonly model?: string | undefined;
  readonly apiKey?: string | undefined;
}

const Index = z.int().nonnegative();
/** `{results: [{index, relevance_score}]}`, or a bare `[{index, score}]`. */
const Scores = z.union([
  z
    .object({ results: z.array(z.object({ index: Index, relevance_score: z.number() })) })
    .transform(({ results }) =>
      results.map(({ index, relevance_score: score }) => ({ index, score })),
    ),
  z.array(z.object({ index: Index, score: z.number() })),
]);

/** Creates the reranker. Which of the two request forms the endpoint takes is found out on the first call. */
export function createRemoteReranker(options: RemoteRerankerOptions): Reranker {
  const { url, model, apiKey } = options;
  const upstream: Upstream = {
    name: model === undefined ? "the reranker" : `the reranker "${model}"`,
    settings: { url: "RERANK_URL", key: "RERANK_API_KEY", model: "RERANK_MODEL" },
    apiKey: apiKey ?? null,
  };
  const send = createUpstreamFetch(upstream, options);
  let field: "documents" | "texts" = "documents";

  const post = async (body: object, signal: AbortSignal): Promise<Response> =>
    send(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
      signal,
    });

  const request = async (
    query: string,
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<unknown> => {
    const named = model === undefined ? {} : { model };
    const forms = {
      documents: () => post({ ...named, query, documents: texts, top_n: texts.length }, signal),
      texts: () => post({ query, texts, truncate: true }, signal),
    };
    let response = await forms[field]();
    if (field === "documents" && (response.status === 400 || response.status === 422)) {
      const refusal = await readWords(response);
      if (!/\btexts\b/.test(refusal.message)) throw refuse(response, refusal, upstream);
      response = await forms.texts();
      if (response.ok) field = "texts";
    }
    if (!response.ok) throw refuse(response, await readWords(response), upstream);
    return response.json();
  };

  return {
    id: model === undefined ? "rerank" : `rerank:${model}`,
    async score(question, texts, signal) {
      if (signal.aborted) throw toAbortError(signal.reason);
      if (texts.length === 0) return [];
      try {
        return toScores(await request(question, texts, signal), texts.length, upstream);
      } catch (thrown) {
        if (signal.aborted) throw toAbortError(signal.reason);
        if (thrown instanceof AppError) throw thrown;
        if (thrown instanceof SyntaxError) {
          throw toBadResponse("sent something that is not JSON", upstream, thrown);
        }
        throw toConnectionError(upstream, thrown);
      }
    },
  };
}

function refuse({ status, headers }: Response, words: RefusalWords, upstream: Upstream): AppError {
  return toRefusalError({ ...words, status, headers }, upstream, new Error(words.message));
}

/** One score for each index, each exactly once. */
function toScores(body: unknown, count: number, upstream: Upstream): readonly number[] {
  const parsed = Scores.safeParse(body);
  if (!parsed.success) {
    throw toBadResponse("sent something that is not a list of scores", upstream, parsed.error);
  }
  const scores = new Map(parsed.data.map(({ index, score }) => [index, score]));
  const ordered = Array.from({ length: count }, (_, index) => scores.get(index));
  if (!isComplete(ordered) || parsed.data.length !== count) {
    throw toBadResponse(
      `sent ${parsed.data.length} scores for ${count} texts, or not each once`,
      upstream,
    );
  }
  return ordered;
}

function isComplete(scores: readonly (number | undefined)[]): scores is readonly number[] {
  return scores.every((score) => score !== undefined);
}
