/** What a caller asks for, parsed and with every default filled in. */
import type { Caller } from "./caller.ts";
import type { Filter } from "./filter.ts";
import type { Retriever } from "./hit.ts";

export const RERANK_MODES = ["none", "lexical", "remote", "llm"] as const;
export type RerankMode = (typeof RERANK_MODES)[number];

export const MODES = ["direct", "agent", "research"] as const;
/** One model call, a model with tools, or sub-agents side by side. */
export type Mode = (typeof MODES)[number];

/** What is done about a sentence that its evidence does not support: say so, leave it out, or have it mended once. */
export const GROUNDING_POLICIES = ["flag", "withhold", "repair"] as const;
export type GroundingPolicy = (typeof GROUNDING_POLICIES)[number];

/** One turn of the conversation before the question. */
export interface Turn {
  readonly role: "user" | "assistant";
  readonly content: string;
}

/** What a run may spend; the service's own limits where a caller sets none. */
export interface RunLimits {
  readonly stepsMax: number;
  readonly toolCallsMax: number;
  /** Input and output of all model calls together. */
  readonly tokensMax: number;
  /** Of those the input alone; unset: as many as `tokensMax`. */
  readonly inputTokensMax?: number;
  /** Of those the output alone. */
  readonly outputTokensMax?: number;
}

export interface RetrievalOptions {
  readonly retrievers: readonly Retriever[];
  /** Hits each leg brings. */
  readonly legHitsMax: number;
  /** Share of each arm in the fused score; unset: the embedder's own share, set on data. */
  readonly vectorWeight?: number;
  readonly rerank: RerankMode;
  readonly passagesMax: number;
  readonly contextTokensMax: number;
  /** Collections without which there is no answer. */
  readonly require: readonly string[];
  /** Fewest legs that must have found something or honestly nothing. */
  readonly legsMin: number;
}

export interface Ask {
  readonly question: string;
  /** Empty: every collection. */
  readonly collections: readonly string[];
  readonly filter?: Filter;
  readonly mode: Mode;
  readonly deadlineMs: number;
  readonly retrieval: RetrievalOptions;
  /** On whose behalf: what may be read, and whose share of the service it is. */
  readonly caller: Caller;
  /** Oldest first. */
  readonly history: readonly Turn[];
  /** The caller's own words to the model, beside the service's. */
  readonly instructions?: string;
  readonly grounding: GroundingPolicy;
  readonly limits: RunLimits;
  /** A JSON Schema the answer must satisfy. */
  readonly output?: { readonly schema: Readonly<Record<string, unknown>> };
}

/** Whether the run may search more than once, each time for a part of the question. */
export function searchesInSteps({ mode }: Pick<Ask, "mode">): boolean {
  return mode !== "direct";
}
