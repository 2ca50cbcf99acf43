/** Ports to models: text to vector, conversation to text, passages to an order. */

/** What a text is embedded for; some models embed questions and documents differently. */
export type EmbedKind = "query" | "document";

/** Port: text to vector. Implementations: static (bundled), OpenAI-compatible. */
export interface Embedder {
  /** Names the vector space, e.g. `static:minilm-l6-v2-256` or `openai:text-embedding-3-small`. Vectors of different ids are never compared. */
  readonly id: string;
  /** Components of each vector, where known before the first call. */
  readonly dimensions?: number;
  /** Most texts one call takes. */
  readonly batchMax: number;
  /** Share of this embedder's arm when fused with the keyword arm, 0 to 1, set on data. */
  readonly fusionWeight: number;
  /** Part of that share which is left when the question names someone or something, or a number: 0 to 1; unset: all of it. */
  readonly namesShare?: number;
  /** The same in a run of several searches, where what one of them misses by its words another may bring; unset: as in any. */
  readonly namesShareInSteps?: number;
  /** Cosine of texts that have nothing to do with each other; unset: unknown, and the worst hit stands for it. */
  readonly zero?: number;
  /** Full-text names of the languages it was made for; unset: any. In others its arm only fills in what words do not find. */
  readonly languages?: readonly string[];
  /**
   * Vectors for the texts, in their order, each of unit length and finite; a text without any known
   * token has `undefined` in its place (it has no direction, so it can neither be found nor find).
   * Throws AppError: upstream_*, embedding_invalid, deadline_exceeded, cancelled.
   */
  embed(
    texts: readonly string[],
    kind: EmbedKind,
    signal: AbortSignal,
  ): Promise<readonly (Float32Array | undefined)[]>;
}

/** A call as the model wrote it: its arguments are text that may be anything but JSON. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** What a server wants to have back with the turn in which it called tools. Only the adapter it came from looks into it. */
export interface Echo {
  /** Who said it; no other model is told. */
  readonly modelId: string;
  /** Of the turn, and of each of its calls. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly ofCalls: readonly Readonly<Record<string, unknown>>[];
}

/** A tool as the model is told of it. */
export interface ToolOffer {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type ChatMessage =
  | { readonly role: "system" | "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly content: string;
      readonly toolCalls?: readonly ToolCall[];
      readonly echo?: Echo;
    }
  | { readonly role: "tool"; readonly callId: string; readonly content: string };

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** Most tokens the answer may have. */
  readonly outputTokensMax: number;
  readonly temperature: number;
  /** Called before the first delta when another model than the one asked writes the answer, with its id. */
  readonly onFallback?: (modelId: string) => void;
  /** Called when it goes to an endpoint, perhaps more than once; a call that the policy of its upstream refuses never does. */
  readonly onSent?: () => void;
  readonly tools?: readonly ToolOffer[];
  /** JSON Schema of an object that the text is to be. Endpoints that cannot hold a model to it leave it out. */
  readonly outputSchema?: Readonly<Record<string, unknown>>;
}

export type FinishReason = "stop" | "length" | "tool-calls";

/** A piece of a model's streamed answer. A stream that is complete ends with `finish`, exactly once. */
export type ChatDelta =
  | { readonly type: "text"; readonly text: string }
  /** The model is thinking: a sign of life for watchdogs, never shown. Wrappers of whole models drop it. */
  | { readonly type: "reasoning" }
  /** All calls of the answer at once, when they are complete. */
  | { readonly type: "tool-calls"; readonly calls: readonly ToolCall[]; readonly echo?: Echo }
  | { readonly type: "usage"; readonly inputTokens: number; readonly outputTokens: number }
  | { readonly type: "finish"; readonly reason: FinishReason };

/** Port: conversation to streamed text. */
export interface ChatModel {
  readonly id: string;
  /**
   * Yields deltas and then `finish`. A stream that stops without a finish reason throws
   * AppError upstream_truncated, one that takes no tools unsupported_option; also upstream_*, content_filtered, context_too_long, deadline_exceeded, cancelled.
   */
  stream(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatDelta>;
}

/** Port: how well each text answers the question; higher is better, scales differ between models. */
export interface Reranker {
  readonly id: string;
  /** One score per text, in their order. Throws AppError upstream_*. */
  score(
    question: string,
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly number[]>;
  /** Scores for a search that is one of several of a run, each for a part of the question; absent: as for any. */
  readonly forSteps?: Reranker;
}
