/** What a caller asks for, parsed and with every default filled in. */
import type { Filter } from "./filter.ts";
import type { Retriever } from "./hit.ts";

export const RERANK_MODES = ["none", "lexical", "remote", "llm"] as const;
export type RerankMode = (typeof RERANK_MODES)[number];

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
  readonly mode: "direct";
  readonly deadlineMs: number;
  readonly retrieval: RetrievalOptions;
}
