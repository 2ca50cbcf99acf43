/** What the service's codes mean, in words for people. A code without words is shown as it is. */
import type { Grounding, Outcome, SentenceCheck } from "../../domain/event.ts";

/** How a thing is to be taken: colour and sign follow from it. */
export type Tone = "good" | "fair" | "bad" | "plain";

export const GROUNDING: Readonly<Record<Grounding, readonly [Tone, name: string, what: string]>> = {
  grounded: ["good", "Grounded", "Every sentence is supported by its sources."],
  "partly-grounded": [
    "fair",
    "Partly grounded",
    "Only a part of this is supported by the documents.",
  ],
  ungrounded: ["bad", "Not grounded", "The documents do not support this."],
  "no-evidence": ["fair", "No evidence", "Nothing in the documents answers this."],
};

/** Quoted sentences that are supported, as all quotations are, and may not answer. */
export const UNCERTAIN: (typeof GROUNDING)[Grounding] = [
  "fair",
  "Uncertain",
  "Every sentence is in its source; it is not sure that they answer the question.",
];

export const OUTCOME: Readonly<Record<Outcome, readonly [Tone, name: string, what: string]>> = {
  finished: ["good", "Finished", "The run finished."],
  exhausted: [
    "fair",
    "Exhausted",
    "A limit ended the search; the answer is made from what was there.",
  ],
  cancelled: ["fair", "Cancelled", "The run was cancelled."],
  expired: ["bad", "Expired", "The time was up before the answer was done."],
  failed: ["bad", "Failed", "The run failed."],
};

export const VERDICT: Readonly<
  Record<SentenceCheck["verdict"], readonly [Tone, name: string, what: string]>
> = {
  supported: ["good", "supported", "The cited passage supports this sentence."],
  weak: ["fair", "weak", "The cited passage supports this sentence only in part."],
  unsupported: ["bad", "unsupported", "No cited passage supports this sentence."],
};

const DEGRADED: Readonly<Record<string, string>> = {
  rerank_skipped: "The reranker failed or was late; the fused order stands.",
  context_reduced: "Fewer passages than usual were read.",
  corrupt_chunk: "A damaged chunk was left out.",
  leg_unavailable: "One leg of the search did not answer.",
  vector_unavailable: "Searching by meaning did not work anywhere.",
  keyword_unavailable: "Searching by words did not work anywhere.",
  collection_unavailable: "A whole collection could not be searched.",
  collection_stale:
    "A collection was searched as it was a moment ago; the store did not say what is new.",
  collections_stale:
    "Collections that are new may be missing; the store did not list them in time.",
  tool_failed: "A tool failed.",
  tools_unsupported: "The model takes no tools.",
  tools_unavailable: "The model failed while it gathered.",
  subrun_failed: "A sub-agent failed.",
  plan_skipped: "The question was not split into parts.",
  research_unavailable: "No part of the question could be looked into.",
  rewrite_skipped: "The follow-up was searched as it was put.",
  context_trimmed: "The model takes less text; the last passages were left out.",
  llm_fallback_model: "A fallback model wrote the answer.",
  uncertain: "It is not sure that these sentences answer the question.",
  sentences_withheld: "Sentences without support were withheld.",
  repair_failed: "The second draft failed.",
  prompt_leak: "The text ends where the model began to repeat its prompt.",
  extractive: "The model failed; sentences are quoted instead.",
};

/** What the answer does without, for a code such as `leg_unavailable:faq/vector`. */
export function toLoss(code: string): string {
  return DEGRADED[code.split(":")[0] ?? code] ?? "The answer was made with less.";
}
