/** The bodies of our own responses that no other file has a schema for; what makes them has its types from here. Tests hold them against what routes really send. */
import * as z from "zod";
import { MODES } from "../../domain/ask.ts";
import { type RunEvent, RunRecord } from "../../domain/event.ts";
import { Explanation } from "../../domain/explanation.ts";
import { ERROR_CODES } from "../../errors.ts";

export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.enum(ERROR_CODES),
  detail: z.string(),
  /** Of a run: where in it. */
  stage: z.string().optional(),
  retryable: z.boolean(),
  retryAfterMs: z.number().nonnegative().optional(),
  requestId: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

export const SearchResult = RunRecord.pick({
  runId: true,
  outcome: true,
  passages: true,
  ledger: true,
  degraded: true,
  timeline: true,
  versions: true,
});

export const ExplainResult = z.object({
  ...RunRecord.pick({
    runId: true,
    outcome: true,
    ledger: true,
    degraded: true,
    timeline: true,
    versions: true,
  }).shape,
  ...Explanation.shape,
});

const RunEnding = RunRecord.omit({
  runId: true,
  answer: true,
  passages: true,
  citations: true,
  checks: true,
}).partial();

/** A run while it goes on or after: what is known of it so far. */
export const RunView = RunEnding.extend({
  runId: z.string(),
  status: z.enum(["running", "ended"]),
  lastEventId: z.int().nonnegative(),
  question: z.string().optional(),
  collections: z.array(z.string()).optional(),
  mode: z.enum(MODES).optional(),
  deadlineMs: z.int().positive().optional(),
  ...RunRecord.pick({ answer: true, passages: true, citations: true, checks: true }).shape,
});
export type RunView = z.infer<typeof RunView>;

/** The address of a run that has begun. */
export const RunAddress = z.object({
  runId: z.string(),
  status: z.enum(["running", "ended"]),
  location: z.string(),
});
export type RunAddress = z.infer<typeof RunAddress>;

const Info = z.object({
  name: z.string(),
  embedder: z.string(),
  dimensions: z.int().nonnegative(),
  chunker: z.string(),
  language: z.string(),
  tokenizer: z.enum(["words", "icu"]),
  metadata: z.record(z.string(), z.enum(["string", "number", "boolean", "string[]"])),
  version: z.int(),
  documents: z.int().nonnegative(),
  chunks: z.int().nonnegative(),
});

/** A collection that can be read. */
export const Collection = Info.extend({
  embedderReady: z.boolean(),
  /** Parts that cannot be searched now, one line each. */
  lost: z.array(z.string()).exactOptional(),
});
export const CollectionView = z.discriminatedUnion("status", [
  Collection.extend({ status: z.literal("ready") }),
  z.object({
    name: z.string(),
    status: z.literal("unavailable"),
    code: z.enum(ERROR_CODES),
    /** What is wrong and what to do, where that is known. */
    detail: z.string().exactOptional(),
  }),
]);
export const CollectionList = z.object({ collections: z.array(CollectionView) });

export const Liveness = z.object({ status: z.literal("live") });
export const Readiness = z.object({
  status: z.enum(["ready", "draining", "store-unavailable"]),
  collections: z.array(
    z.object({
      name: z.string(),
      /** `incomplete`: it is searched without the parts in `lost`. */
      status: z.enum(["ready", "incomplete", "unavailable"]),
      /** Without its embedder a collection is searched by keyword only. */
      embedderReady: z.boolean(),
      /** The embedder that it was built with, where that is not at hand. */
      embedder: z.string().optional(),
      /** Of an unavailable one. */
      code: z.enum(ERROR_CODES).exactOptional(),
      detail: z.string().exactOptional(),
      /** Of an incomplete one: what is missing, one line each. */
      lost: z.array(z.string()).exactOptional(),
    }),
  ),
  /** The list of keys cannot be read any more, and the last good one counts. */
  keys: z.literal("stale").optional(),
  /** Where limits are meant to be shared: whether they are, or each process goes by its own counts. */
  limits: z.enum(["shared", "own"]).optional(),
  /** Why there is no store, in our own words: which setting to look at. */
  code: z.enum(ERROR_CODES).exactOptional(),
  detail: z.string().exactOptional(),
});

/** What each event says, in a sentence. */
export const EVENT_WORDS: Readonly<Record<RunEvent["type"], string>> = {
  "run-start": "The run has begun, with this time and these collections.",
  "leg-end": "One leg of the search (a collection and a retriever) is over.",
  "retrieval-end": "The passages of the context; with tools again, for what they add.",
  "step-start": "A model with tools is called.",
  "tool-call": "The model uses a tool.",
  "tool-result": "A tool has answered.",
  "tool-error": "A tool could not answer.",
  "subrun-start": "A sub-agent begins with a question of its own.",
  "subrun-end": "A sub-agent is done.",
  "text-delta": "The next piece of the answer.",
  citation: "A span of the answer, and the span of a document that it rests on.",
  "sentence-check": "How its evidence bears out a sentence of the answer.",
  "output-partial": "What there is of the value that the caller's schema asks for.",
  "text-reset": "Every `text-delta` so far is withdrawn.",
  degraded: "The answer does without something.",
  usage: "Tokens and model calls so far.",
  "run-end": "Always the last event: outcome, grounding, ledger, usage, timeline.",
};
