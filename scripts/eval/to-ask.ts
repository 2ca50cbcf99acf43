/** The query as the HTTP surface would ask it. */
import type { Ask } from "../../src/domain/ask.ts";
import { LOCAL_CALLER } from "../../src/domain/caller.ts";
import type { EvalQuery } from "./beir.ts";
import type { AnswerContext } from "./evaluate-set.ts";

export function toAsk(
  query: EvalQuery,
  { config, collectionsOf }: Pick<AnswerContext, "config" | "collectionsOf">,
  vectorWeight?: number,
): Ask {
  return {
    question: query.text,
    collections: collectionsOf(query),
    mode: "direct",
    caller: LOCAL_CALLER,
    history: [],
    grounding: "flag",
    limits: { stepsMax: 8, toolCallsMax: 32, tokensMax: 200_000 },
    deadlineMs: config.deadlineMs,
    retrieval: {
      retrievers: ["vector", "keyword"],
      legHitsMax: config.legHitsMax,
      rerank: "lexical",
      passagesMax: config.passagesMax,
      contextTokensMax: config.contextTokensMax,
      require: [],
      legsMin: 1,
      ...(vectorWeight === undefined ? {} : { vectorWeight }),
    },
  };
}
