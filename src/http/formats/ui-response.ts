/** A run as an AI SDK UI message stream (version 1). */
import type { Passage, RunEnd, RunEvent } from "../../domain/event.ts";
import { type Problem, problemResponse, toProblem } from "../problem.ts";
import type { EventWriter } from "./native.ts";

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
  const sources = new Set<string>();
  let texts = 0;
  let isTextOpen = false;
  let isStepOpen = false;

  const openText = (): Chunk[] => {
    if (isTextOpen) return [];
    const opened: Chunk[] = isStepOpen ? [] : [{ type: "start-step" }];
    isStepOpen = true;
    isTextOpen = true;
    texts += 1;
    return [...opened, { type: "text-start", id: `text-${texts}` }];
  };
  const closeText = (): Chunk[] => {
    if (!isTextOpen) return [];
    isTextOpen = false;
    return [{ type: "text-end", id: `text-${texts}` }];
  };
  const closeStep = (): Chunk[] => {
    const closed = [...closeText(), ...(isStepOpen ? [{ type: "finish-step" }] : [])];
    isStepOpen = false;
    return closed;
  };
  const reset = (): Chunk[] => {
    isTextOpen = false;
    return isStepOpen ? [{ type: "reset-step" }] : [];
  };
  const list = (passages: readonly Passage[]): Chunk[] => {
    const fresh = passages.filter(({ chunkId, collection }) => {
      const known = sources.has(`${collection}/${chunkId}`);
      sources.add(`${collection}/${chunkId}`);
      return !known;
    });
    return [
      ...fresh.map(toSource),
      ...fresh.map((passage) => data("passage", passage, `passage-${passage.label}`)),
    ];
  };
  const end = (event: RunEnd): Chunk[] => {
    const { type: _type, ledger, timeline, ...metadata } = event;
    const told = [...closeStep(), data("ledger", ledger), data("timeline", timeline)];
    if (event.outcome === "cancelled") return [...told, { type: "abort", reason: "cancelled" }];
    if (event.outcome !== "finished" && event.outcome !== "exhausted") {
      const error = event.error ?? { code: "internal" as const, retryable: false };
      return [...told, { type: "error", errorText: toProblem(error, requestId).detail }];
    }
    const isCut = event.outcome === "exhausted" || event.truncated === true;
    return [
      ...told,
      { type: "finish", finishReason: isCut ? "length" : "stop", messageMetadata: metadata },
    ];
  };
  const toChunks = (event: RunEvent): Chunk[] => {
    switch (event.type) {
      case "run-start":
        return [{ type: "start", messageId: event.runId }];
      case "retrieval-end":
        return list(event.passages);
      case "text-delta":
        return [...openText(), { type: "text-delta", id: `text-${texts}`, delta: event.text }];
      case "text-reset":
        return reset();
      case "citation":
      case "sentence-check": {
        const { type, ...value } = event;
        return [data(type === "citation" ? "citation" : "check", value)];
      }
      case "tool-call":
      case "tool-result":
      case "tool-error":
        return [...closeText(), toTool(event)];
      case "subrun-start":
      case "subrun-end":
        return [data("subrun", event, `subrun-${event.subrunId}`)];
      case "degraded":
        return [data("degraded", { code: event.code })];
      case "output-partial":
        return [data("output", event.value, "output")];
      case "run-end":
        return end(event);
      case "leg-end":
      case "step-start":
      case "usage":
        return []; // the last chunks hold what counts of them
      default:
        return event satisfies never;
    }
  };
  return (events) =>
    events
      .flatMap(toChunks)
      .map((chunk) => {
        const isLast = chunk.type === "finish" || chunk.type === "abort" || chunk.type === "error";
        return `data: ${JSON.stringify(chunk)}\n\n${isLast ? "data: [DONE]\n\n" : ""}`;
      })
      .join("");
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
