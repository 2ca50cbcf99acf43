/**
 * The events of a run: one table in zod, from which types and every wire format follow.
 * Times are milliseconds from the run's start; character offsets are UTF-16 code units.
 */
import * as z from "zod";
import { ERROR_CODES } from "../errors.ts";
import { MODES } from "./ask.ts";
import { RETRIEVERS } from "./hit.ts";

const Ms = z.number().nonnegative();
const Offset = z.int().nonnegative();
const Label = z.int().positive();

/** What one leg (collection × retriever) of the search came to. `code` says why it did not find, or beside `found` why a part of the collection is missing. */
export const Leg = z.object({
  collection: z.string(),
  retriever: z.enum(RETRIEVERS),
  status: z.enum(["found", "failed", "timed-out", "skipped"]),
  code: z.string().optional(),
  startMs: Ms,
  endMs: Ms,
  /** Hits it brought. */
  found: z.int().nonnegative(),
  /** Hits of it that became passages. */
  kept: z.int().nonnegative(),
});
export type Leg = z.infer<typeof Leg>;

/** It did not answer. */
export function isLost({ status }: Pick<Leg, "status">): boolean {
  return status === "failed" || status === "timed-out";
}

/** A chunk as placed in the context, with the label the answer cites it by. */
export const Passage = z.object({
  label: Label,
  chunkId: z.string(),
  collection: z.string(),
  documentId: z.string(),
  title: z.string(),
  location: z.object({
    headings: z.array(z.string()),
    page: z.int().positive().optional(),
    /** Where the text begins in the middle of a table: the row that names the columns. */
    columns: z.string().exactOptional(),
  }),
  start: Offset,
  end: Offset,
  text: z.string(),
  score: z.number(),
  trail: z.record(z.string(), z.number()),
  metadata: z.record(
    z.string(),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
  ),
});
export type Passage = z.infer<typeof Passage>;

export const Citation = z.object({
  label: Label,
  /** The cited span of the answer. */
  start: Offset,
  end: Offset,
  /** The span of the document it rests on. */
  evidence: z.object({ documentId: z.string(), start: Offset, end: Offset }),
});
export type Citation = z.infer<typeof Citation>;

export const SentenceCheck = z.object({
  start: Offset,
  end: Offset,
  verdict: z.enum(["supported", "weak", "unsupported"]),
  labels: z.array(Label),
  /** It claims nothing: a heading, the names of columns, a lead-in, an offer, a rule. It is `weak`, and does not count. */
  framing: z.literal(true).optional(),
});
export type SentenceCheck = z.infer<typeof SentenceCheck>;

/** How the evidence bears out one text or number of the output. `unchecked`: what the schema itself lists, true, false, null and blanks. */
export const LeafCheck = z.object({
  /** JSON Pointer into the output. */
  pointer: z.string(),
  verdict: z.enum(["supported", "weak", "unsupported", "unchecked"]),
  /** The passages it rests on, and the span of the document in each. */
  citations: z.array(Citation.pick({ label: true, evidence: true })),
});
export type LeafCheck = z.infer<typeof LeafCheck>;

export const Usage = z.object({
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  requests: z.int().nonnegative(),
});
export type Usage = z.infer<typeof Usage>;
export const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, requests: 0 };

/** Of both together. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    requests: a.requests + b.requests,
  };
}

export const TimelineEntry = z.object({
  stage: z.string(),
  startMs: Ms,
  endMs: Ms,
  /** On the path that decided how long the run took. */
  critical: z.boolean(),
  /** Why it ended without its result: `deadline_exceeded` where its time was up. */
  cut: z.enum(ERROR_CODES).optional(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const Outcome = z.enum(["finished", "cancelled", "expired", "exhausted", "failed"]);
export type Outcome = z.infer<typeof Outcome>;
export const Grounding = z.enum(["grounded", "partly-grounded", "ungrounded", "no-evidence"]);
export type Grounding = z.infer<typeof Grounding>;

export const RunFailure = z.object({
  code: z.enum(ERROR_CODES),
  stage: z.string().optional(),
  detail: z.string().optional(),
  retryable: z.boolean(),
  retryAfterMs: Ms.optional(),
});
export type RunFailure = z.infer<typeof RunFailure>;

const RunEnd = z.object({
  type: z.literal("run-end"),
  runId: z.string(),
  outcome: Outcome,
  grounding: Grounding,
  /** Which answerer wrote the text: `extractive` or a model's id. */
  answerer: z.string(),
  /** Version of each collection that was read, so that citations resolve later. */
  versions: z.record(z.string(), z.int()),
  ledger: z.array(Leg),
  degraded: z.array(z.string()),
  usage: Usage,
  timeline: z.array(TimelineEntry),
  /** The model stopped at its token limit. */
  truncated: z.boolean().optional(),
  /** The value the caller's schema asked for. */
  output: z.unknown().optional(),
  /** Every leaf of it, in the order of the value. */
  outputChecks: z.array(LeafCheck).optional(),
  error: RunFailure.optional(),
});
export type RunEnd = z.infer<typeof RunEnd>;

const ToolCall = { step: z.int().positive(), callId: z.string(), name: z.string() };
/** Absent: the run itself. */
const InSubrun = { subrunId: z.string().optional() };

export const RunEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("run-start"),
    runId: z.string(),
    question: z.string(),
    collections: z.array(z.string()),
    mode: z.enum(MODES),
    /** Time it has; what it waited for its turn is already gone from it. */
    deadlineMs: z.int().positive(),
    /** Version of each collection that is open and will be read. */
    versions: z.record(z.string(), z.int()).optional(),
  }),
  Leg.extend({ type: z.literal("leg-end") }),
  /** What a search brought into the context. When tools search again it comes again, with what is new; labels count on. */
  z.object({ type: z.literal("retrieval-end"), passages: z.array(Passage) }),
  /** A step is one model call with its tool calls; steps count from 1, within a sub-agent too. */
  z.object({ type: z.literal("step-start"), step: z.int().positive(), ...InSubrun }),
  z.object({ type: z.literal("tool-call"), ...ToolCall, arguments: z.unknown(), ...InSubrun }),
  /** In order of completion. `summary` is one line for people. */
  z.object({
    type: z.literal("tool-result"),
    ...ToolCall,
    summary: z.string(),
    startMs: Ms,
    endMs: Ms,
    ...InSubrun,
  }),
  /** `retry`: the model was told and may try again. */
  z.object({
    type: z.literal("tool-error"),
    ...ToolCall,
    code: z.string(),
    detail: z.string(),
    retry: z.boolean(),
    startMs: Ms,
    endMs: Ms,
    ...InSubrun,
  }),
  z.object({ type: z.literal("subrun-start"), subrunId: z.string(), question: z.string() }),
  z.object({
    type: z.literal("subrun-end"),
    subrunId: z.string(),
    outcome: Outcome,
    code: z.string().optional(),
    passages: z.int().nonnegative(),
    startMs: Ms,
    endMs: Ms,
  }),
  z.object({ type: z.literal("text-delta"), text: z.string() }),
  Citation.extend({ type: z.literal("citation") }),
  SentenceCheck.extend({ type: z.literal("sentence-check") }),
  /** What there is of the value the caller's schema asked for; each one is valid as far as it goes. */
  z.object({ type: z.literal("output-partial"), value: z.unknown() }),
  /** Every text-delta since the last commit point is withdrawn, and every output-partial. */
  z.object({ type: z.literal("text-reset") }),
  z.object({ type: z.literal("degraded"), code: z.string() }),
  Usage.extend({ type: z.literal("usage") }),
  RunEnd,
]);
export type RunEvent = z.infer<typeof RunEvent>;

/** A finished run as one object: what `POST /v1/ask` returns as JSON. */
export const RunRecord = z.object({
  ...RunEnd.omit({ type: true }).shape,
  answer: z.string(),
  passages: z.array(Passage),
  citations: z.array(Citation),
  checks: z.array(SentenceCheck),
});
export type RunRecord = z.infer<typeof RunRecord>;
