/** A run in the words of OpenAI's Chat Completions: chunks, one completion, errors. */
import { COLLECTION_NAME } from "../../domain/collection.ts";
import type { Passage, RunEnd, RunEvent, RunFailure, Usage } from "../../domain/event.ts";
import type { ErrorCode } from "../../errors.ts";
import { type Problem, problemResponse, toProblem } from "../response/problem.ts";
import {
  type FinishedRun,
  hasAnswer,
  type RunSoFar,
  toFinishedRun,
} from "../response/run-record.ts";
import { type EventWriter, joinDeltas } from "./native.ts";

export interface CompletionOptions {
  /** As the caller named it. */
  readonly model: string;
  readonly createdSeconds: number;
  readonly requestId: string;
  /** Where this service is reached, for the addresses of sources. */
  readonly origin: string;
  readonly isUsageWanted: boolean;
  /** The answer is the value of a schema, written as JSON; words instead of it are a refusal. */
  readonly isOutputWanted?: boolean;
  /** Fields of the request that had no effect. */
  readonly ignored: readonly string[];
}

/** The types of error that OpenAI's clients know, by status. */
function toErrorType(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** What those clients call our codes. */
const OPENAI_CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  unauthenticated: "invalid_api_key",
  rate_limited: "rate_limit_exceeded",
  quota_exceeded: "insufficient_quota",
};

/** The code as those clients know it. */
export function toOpenAiCode(code: ErrorCode): string {
  return OPENAI_CODES[code] ?? code;
}

/** A problem as OpenAI's error body. */
function toOpenAiError({ status, detail, code, issues, requestId }: Problem) {
  return {
    error: {
      message: detail,
      type: toErrorType(status),
      param: issues?.[0]?.path ?? null,
      code: toOpenAiCode(code),
      request_id: requestId,
    },
  };
}

/** The same as a response with its true status and the time to wait. */
export function openAiErrorResponse(
  problem: Problem,
  headers: Record<string, string> = {},
): Response {
  const { status, headers: own } = problemResponse(problem, headers);
  own.set("Content-Type", "application/json");
  // OpenAI's own clients would send whatever has failed again, however hopeless it is.
  if (!problem.retryable) own.set("X-Should-Retry", "false");
  // They read the wait in milliseconds where they can.
  if (problem.retryAfterMs !== undefined) own.set("Retry-After-Ms", String(problem.retryAfterMs));
  return new Response(JSON.stringify(toOpenAiError(problem)), { status, headers: own });
}

/** A finished run as a completion. */
export function toCompletion(record: FinishedRun, options: CompletionOptions) {
  const { model, createdSeconds: created } = options;
  return {
    id: `chatcmpl-${record.runId}`,
    object: "chat.completion",
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          ...toContent(record, options),
          annotations: toAnnotations(record, options.origin),
          tributary: toOwnField(record, options.ignored),
        },
        logprobs: null,
        finish_reason: toFinishReason(record),
      },
    ],
    usage: toUsage(record.usage),
  };
}

function toContent(
  { answer, output }: FinishedRun,
  { isOutputWanted }: CompletionOptions,
): { readonly content: string | null; readonly refusal: string | null } {
  if (isOutputWanted !== true) return { content: answer, refusal: null };
  return output === undefined
    ? { content: null, refusal: answer }
    : { content: JSON.stringify(output), refusal: null };
}

/**
 * Creates the writer of a completion's chunks. A run that did not finish ends in an `error` object and without
 * `[DONE]`; so does one that withdraws text, because this format has no way to take words back. For the same
 * reason the value of a schema comes in one piece, when it is final. `events` are all
 * of the run's, of which the last chunk tells the whole.
 */
export function createOpenAiWriter(
  options: CompletionOptions,
  events: readonly RunEvent[],
): EventWriter {
  let envelope: Envelope = { head: "", tail: "" };
  let isOver = false;

  const fail = (failure: RunFailure): string => {
    isOver = true;
    return toData(toOpenAiError(toProblem(failure, options.requestId)));
  };
  const say = (event: RunEvent): string => {
    if (isOver) return "";
    if (options.isOutputWanted === true && isTextEvent(event)) return "";
    if (event.type === "text-delta") {
      return envelope.head + JSON.stringify(event.text) + envelope.tail;
    }
    if (event.type === "run-start") {
      envelope = toEnvelope(event.runId, options);
      return `${envelope.head}"","role":"assistant","refusal":null${envelope.tail}`;
    }
    if (event.type === "text-reset") return fail(WITHDRAWN);
    if (event.type !== "run-end") return "";
    return hasAnswer(event)
      ? toLastChunks(toFinishedRun(events), options)
      : fail(event.error ?? BROKEN);
  };
  return (batch) => {
    let text = "";
    for (const event of joinDeltas(batch)) text += say(event);
    return text;
  };
}

/** What is around each token. It is the same every time: it is written once, and only the text each time. */
interface Envelope {
  readonly head: string;
  readonly tail: string;
}

function toEnvelope(runId: string, options: CompletionOptions): Envelope {
  const fixed = JSON.stringify(toChunk(runId, options)).slice(0, -1);
  const usage = options.isUsageWanted ? ',"usage":null' : "";
  return {
    head: flatten(`data: ${fixed},"choices":[{"index":0,"delta":{"content":`),
    tail: flatten(`},"finish_reason":null}]${usage}}\n\n`),
  };
}

/** The same text in one piece: one that was put together is walked through piece by piece each time it is written. */
function flatten(text: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(text));
}

function toChunk(runId: string, { model, createdSeconds: created }: CompletionOptions) {
  return { id: `chatcmpl-${runId}`, object: "chat.completion.chunk", created, model };
}

function toLastChunks(record: FinishedRun, options: CompletionOptions): string {
  const { isUsageWanted, origin, ignored } = options;
  const chunk = toChunk(record.runId, options);
  const delta = toContent(record, options);
  const whole = { ...chunk, choices: [{ index: 0, delta, logprobs: null, finish_reason: null }] };
  const choice = {
    index: 0,
    delta: { annotations: toAnnotations(record, origin) },
    logprobs: null,
    finish_reason: toFinishReason(record),
  };
  const last = {
    ...chunk,
    choices: [choice],
    tributary: toOwnField(record, ignored),
    ...(isUsageWanted ? { usage: null } : {}),
  };
  const count = { ...chunk, choices: [], usage: toUsage(record.usage) };
  const value = options.isOutputWanted === true ? toData(whole) : "";
  return `${value}${toData(last)}${isUsageWanted ? toData(count) : ""}data: [DONE]\n\n`;
}

function toData(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

const BROKEN: RunFailure = { code: "internal", retryable: false };
const WITHDRAWN: RunFailure = {
  code: "internal",
  retryable: true,
  detail: "the answer so far was withdrawn; ask again without streaming",
};

function isTextEvent({ type }: RunEvent): boolean {
  return type === "text-delta" || type === "text-reset";
}

function toFinishReason({
  outcome,
  truncated,
}: Pick<RunEnd, "outcome" | "truncated">): "stop" | "length" {
  return outcome === "exhausted" || truncated === true ? "length" : "stop";
}

function toUsage({ inputTokens, outputTokens }: Usage) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

/** Each citation as the kind of annotation that clients show as a source. */
function toAnnotations(
  { passages, citations }: Pick<RunSoFar, "passages" | "citations">,
  origin: string,
) {
  const byLabel = new Map(passages.map((passage) => [passage.label, passage]));
  return citations.flatMap(({ label, start, end }) => {
    const passage = byLabel.get(label);
    if (passage === undefined) return [];
    // What a tool gave has no address.
    if (!COLLECTION_NAME.test(passage.collection)) return [];
    const { title } = passage;
    const url = toSourceUrl(passage, origin);
    return [
      { type: "url_citation", url_citation: { start_index: start, end_index: end, title, url } },
    ];
  });
}

/** The document's own address where its metadata has one, else the address of the document here. */
function toSourceUrl({ metadata, collection, documentId }: Passage, origin: string): string {
  const { url } = metadata;
  if (typeof url === "string" && /^https?:\/\//.test(url)) return url;
  return `${origin}/v1/collections/${collection}/documents/${encodeURIComponent(documentId)}`;
}

/** What this format has no place for. */
function toOwnField(record: FinishedRun, ignored: readonly string[]) {
  const { runId, outcome, grounding, answerer, versions, passages, citations, checks } = record;
  const { ledger, degraded, timeline, output, outputChecks } = record;
  return {
    runId,
    outcome,
    grounding,
    answerer,
    versions,
    passages,
    citations,
    checks,
    ledger,
    degraded,
    timeline,
    ...(output === undefined ? {} : { output, outputChecks }),
    ...(ignored.length === 0 ? {} : { ignored }),
  };
}
