/** Reranker over a `/rerank` endpoint: Cohere v2, Jina and vLLM, Voyage AI, or text-embeddings-inference. */
import * as z from "zod";
import { toAbortError } from "../async/deadline.ts";
import { AppError } from "../errors.ts";
import type { Reranker } from "./model.ts";
import { refusesBatch, type RefusalWords } from "./refusal-body.ts";
import { createUpstreamFetch, type EndpointLine, readWords } from "./upstream-fetch.ts";
import {
  parseResponse,
  toBadResponse,
  toConnectionError,
  toRefusalError,
  type Upstream,
} from "./upstream.ts";

export interface RemoteRerankerOptions extends EndpointLine {
  /** The whole address, with its /rerank. */
  readonly url: string;
  readonly model?: string | undefined;
  readonly apiKey?: string | undefined;
}

const LIST = "a list of scores";
/** Scores are counted before they are looked at: millions of wrong ones are as many faults to a schema. */
const Listed = z.union([
  z.object({ results: z.array(z.unknown()) }).transform(({ results }) => results),
  z.object({ data: z.array(z.unknown()) }).transform(({ data }) => data),
  z.array(z.unknown()),
]);

const Index = z.int().nonnegative();
const Relevant = z
  .object({ index: Index, relevance_score: z.number() })
  .transform(({ index, relevance_score: score }) => ({ index, score }));
/** `{results: [{index, relevance_score}]}`, Voyage's `{data: …}`, or a bare `[{index, score}]`. */
const Scores = z.union([
  z.object({ results: z.array(Relevant) }).transform(({ results }) => results),
  z.object({ data: z.array(Relevant) }).transform(({ data }) => data),
  z.array(z.object({ index: Index, score: z.number() })),
]);

/** The forms of a request: Voyage refuses `top_n`, which others want. */
const FORMS = {
  documents: (query: string, documents: readonly string[]) => ({
    query,
    documents,
    top_n: documents.length,
  }),
  unnumbered: (query: string, documents: readonly string[]) => ({ query, documents }),
  texts: (query: string, texts: readonly string[]) => ({ query, texts, truncate: true }),
};
type Form = keyof typeof FORMS;

/** Creates the reranker. Which form of the request the endpoint takes, and how many texts at once, is found out on the first calls. */
export function createRemoteReranker(options: RemoteRerankerOptions): Reranker {
  const { model, apiKey } = options;
  const upstream: Upstream = {
    name: model === undefined ? "the reranker" : `the reranker "${model}"`,
    settings: { url: "RERANK_URL", key: "RERANK_API_KEY", model: "RERANK_MODEL" },
    apiKey: apiKey ?? null,
  };
  const request = createRequest(options, upstream);
  return {
    id: model === undefined ? "rerank" : `rerank:${model}`,
    async score(question, texts, signal) {
      if (signal.aborted) throw toAbortError(signal.reason);
      try {
        return await request(question, texts, signal);
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

type Request = (
  query: string,
  texts: readonly string[],
  signal: AbortSignal,
) => Promise<readonly number[]>;

/** Asks for the scores of texts, in as many calls as the endpoint needs. */
function createRequest(options: RemoteRerankerOptions, upstream: Upstream): Request {
  const { url, model } = options;
  const send = createUpstreamFetch(upstream, options);
  /** Both are found out by what the endpoint refuses. */
  let form: Form = "documents";
  let textsMax = Number.POSITIVE_INFINITY;

  const ask = (body: object, current: Form, signal: AbortSignal): Promise<Response> =>
    send(url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(model === undefined || current === "texts" ? body : { model, ...body }),
      signal,
    });

  const requestSome: Request = async (query, texts, signal) => {
    const tried = new Set<Form>();
    for (let current = form; ;) {
      tried.add(current);
      const response = await ask(FORMS[current](query, texts), current, signal);
      if (response.ok) {
        form = current;
        return toScores(await response.json(), texts.length, upstream);
      }
      const refusal = await readWords(response);
      if (texts.length > 1 && refusesBatch(refusal.message)) {
        textsMax = Math.min(textsMax, Math.ceil(texts.length / 2));
        return requestAll(query, texts, signal);
      }
      const other = findForm(current, response, refusal);
      if (other === undefined || tried.has(other)) throw toRefused(response, refusal, upstream);
      current = other;
    }
  };

  /** Each text is judged by itself, so that scores of several calls compare. */
  const requestAll: Request = async (query, texts, signal) => {
    const scores: number[] = [];
    while (scores.length < texts.length) {
      const some = texts.slice(scores.length, scores.length + textsMax);
      scores.push(...(await requestSome(query, some, signal)));
    }
    return scores;
  };
  return requestAll;
}

/** The form that a refusal asks for. What was taken before may be refused by another server that has come to its address. */
function findForm(
  refused: Form,
  { status }: Response,
  { message }: RefusalWords,
): Form | undefined {
  if (status !== 400 && status !== 422) return undefined;
  if (refused === "texts") return /\bdocuments\b/.test(message) ? "documents" : undefined;
  if (refused === "unnumbered") return undefined;
  if (/\btexts\b/.test(message)) return "texts";
  return /\btop_n\b/.test(message) ? "unnumbered" : undefined;
}

function toRefused(
  { status, headers }: Response,
  words: RefusalWords,
  upstream: Upstream,
): AppError {
  return toRefusalError({ ...words, status, headers }, upstream, new Error(words.message));
}

/** One score for each index, each exactly once. */
function toScores(body: unknown, count: number, upstream: Upstream): readonly number[] {
  const { length } = parseResponse(Listed, body, LIST, upstream);
  const refuse = (): AppError =>
    toBadResponse(`sent ${length} scores for ${count} texts, or not each once`, upstream);
  if (length !== count) throw refuse();
  const scores = new Map(
    parseResponse(Scores, body, LIST, upstream).map(({ index, score }) => [index, score]),
  );
  const ordered = Array.from({ length: count }, (_, index) => scores.get(index));
  if (!isComplete(ordered)) throw refuse();
  return ordered;
}

function isComplete(scores: readonly (number | undefined)[]): scores is readonly number[] {
  return scores.every((score) => score !== undefined);
}
