/** A run as an AI SDK UI message stream (version 1). */
import type { Passage, RunEnd, RunEvent } from "../../domain/event.ts";
import { type Problem, problemResponse, toProblem } from "../response/problem.ts";
import { hasAnswer } from "../response/run-record.ts";
import { type EventWriter, joinDeltas } from "./native.ts";

/** Tells the client's transport which protocol this is. */
export const UI_STREAM_HEADERS = { "x-vercel-ai-ui-message-stream": "v1" };

type Chunk = Readonly<Record<string, unknown>> & { readonly type: string };

/** An error as this client shows it: the body is the message. The code is in a header. */
export function uiErrorResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  const { status, headers: own } = problemResponse(problem, headers);
  own.set("Content-Type", "text/plain; charset=utf-8");
  own.set("X-Error-Code", problem.code);
  return new Response(problem.detail, { status, headers: own });
}

/**
 * Creates the writer of a message's chunks. Sources come before the answer's step, so that a withdrawn text
 * takes only its own parts with it. A run that did not finish ends in `error` or `abort`, never in `finish`.
 */
export function createUiWriter(requestId: string): EventWriter {
  const tell = createTeller(requestId);
  const toChunks = (event: RunEvent): readonly Chunk[] =>
    (tell[event.type] as (event: RunEvent) => readonly Chunk[])(event);
  return (events) =>
    joinDeltas(events)
      .flatMap((event) => toChunks(event))
      .map(
        (chunk) => `data: ${JSON.stringify(chunk)}\n\n${isLast(chunk) ? "data: [DONE]\n\n" : ""}`,
      )
      .join("");
}

function isLast({ type }: Chunk): boolean {
  return type === "finish" || type === "abort" || type === "error";
}

/** For each kind of event what is said of it. */
type Teller = {
  readonly [Type in RunEvent["type"]]: (
    event: Extract<RunEvent, { type: Type }>,
  ) => readonly Chunk[];
};

function createTeller(requestId: string): Teller {
  const answer = createAnswerParts();
  const tool = (event: ToolEvent): readonly Chunk[] => [...answer.closeText(), toTool(event)];
  const subrun = (event: SubrunEvent): readonly Chunk[] => [
    data("subrun", event, `subrun-${event.subrunId}`),
  ];
  let isOutputShown = false;
  const output = (value: unknown): readonly Chunk[] => {
    isOutputShown = value !== null;
    return [data("output", value, "output")];
  };
  const silence = (): readonly Chunk[] => []; // the last chunks hold what counts of it
  return {
    "run-start": ({ runId }) => [{ type: "start", messageId: runId }],
    "leg-end": silence,
    "retrieval-end": ({ passages }) => [
      ...passages.map(toSource),
      ...passages.map((passage) => data("passage", passage, `passage-${passage.label}`)),
    ],
    "step-start": silence,
    "tool-call": tool,
    "tool-result": tool,
    "tool-error": tool,
    "subrun-start": subrun,
    "subrun-end": subrun,
    "text-delta": ({ text }) => answer.say(text),
    citation: ({ type: _type, ...citation }) => [data("citation", citation)],
    "sentence-check": ({ type: _type, ...check }) => [data("check", check)],
    "output-partial": ({ value }) => output(value),
    "text-reset": () => [...answer.reset(), ...(isOutputShown ? output(null) : [])],
    degraded: ({ code }) => [data("degraded", { code })],
    usage: silence,
    "run-end": (end) => [...answer.close(), ...toEnd(end, requestId)],
  };
}

/** The text parts of the answer, within a step that can be withdrawn. */
function createAnswerParts() {
  let texts = 0;
  let isTextOpen = false;
  let isStepOpen = false;
  const closeText = (): readonly Chunk[] => {
    if (!isTextOpen) return [];
    isTextOpen = false;
    return [{ type: "text-end", id: `text-${texts}` }];
  };
  return {
    closeText,
    say(delta: string): readonly Chunk[] {
      const opened: Chunk[] = [];
      if (!isStepOpen) opened.push({ type: "start-step" });
      if (!isTextOpen) opened.push({ type: "text-start", id: `text-${(texts += 1)}` });
      isStepOpen = true;
      isTextOpen = true;
      return [...opened, { type: "text-delta", id: `text-${texts}`, delta }];
    },
    reset(): readonly Chunk[] {
      isTextOpen = false;
      return isStepOpen ? [{ type: "reset-step" }] : [];
    },
    close(): readonly Chunk[] {
      const closed = [...closeText(), ...(isStepOpen ? [{ type: "finish-step" }] : [])];
      isStepOpen = false;
      return closed;
    },
  };
}

function toEnd({ type: _type, ledger, timeline, ...end }: RunEnd, requestId: string): Chunk[] {
  const told = [data("ledger", ledger), data("timeline", timeline)];
  if (end.outcome === "cancelled") return [...told, { type: "abort", reason: "cancelled" }];
  if (!hasAnswer(end)) {
    const error = end.error ?? { code: "internal" as const, retryable: false };
    return [...told, { type: "error", errorText: toProblem(error, requestId).detail }];
  }
  const isCut = end.outcome === "exhausted" || end.truncated === true;
  const finishReason = isCut ? "length" : "stop";
  return [...told, { type: "finish", finishReason, messageMetadata: end }];
}

/** With an id a later part of the same id takes the place of the earlier. */
function data(name: string, value: unknown, id?: string): Chunk {
  return { type: `data-${name}`, ...(id === undefined ? {} : { id }), data: value };
}

function toSource({ label, title, documentId, collection }: Passage): Chunk {
  return {
    type: "source-document",
    sourceId: `passage-${label}`,
    mediaType: "text/plain",
    title,
    filename: documentId,
    providerMetadata: { tributary: { label, collection } },
  };
}

type SubrunEvent = Extract<RunEvent, { type: "subrun-start" | "subrun-end" }>;
type ToolEvent = Extract<RunEvent, { type: "tool-call" | "tool-result" | "tool-error" }>;

/** Tools ran here, and the client does not know them: hence `dynamic` and `providerExecuted`. */
function toTool(event: ToolEvent): Chunk {
  // Two sub-agents may use the same call id.
  const toolCallId =
    event.subrunId === undefined ? event.callId : `${event.subrunId}/${event.callId}`;
  const common = { toolCallId, dynamic: true, providerExecuted: true };
  switch (event.type) {
    case "tool-call":
      return {
        type: "tool-input-available",
        ...common,
        toolName: event.name,
        input: event.arguments ?? {},
      };
    case "tool-result":
      return { type: "tool-output-available", ...common, output: event.summary };
    case "tool-error":
      return { type: "tool-output-error", ...common, errorText: event.detail };
    default:
      return event satisfies never;
  }
}
