/** One run as a response: an event stream, a JSON record, or the problem it ended with. */
import type { Reader } from "../async/broadcast.ts";
import type { RunEnd, RunEvent } from "../domain/event.ts";
import { createNativeWriter } from "./formats/native.ts";
import { holdBack } from "./hold-back.ts";
import { problemResponse, toProblem } from "./problem.ts";
import { type FinishedRun, toRunRecord } from "./run-record.ts";
import { toClientReason } from "./run-gate.ts";
import type { Listening, RunRequest } from "./run-sharing.ts";
import type { Service } from "./service.ts";
import { createEventStream } from "./sse.ts";

/** Nothing depends on it: the reader is asked again. */
const READ_WAIT_MS = 60_000;

/** Runs to the end and answers with what `toBody` makes of it; a run that failed is a problem. */
export async function respondWithRecord(
  service: Service,
  request: RunRequest,
  toBody: (record: FinishedRun) => unknown = (record) => record,
): Promise<Response> {
  const { reader, source } = await service.sharing.listen(request);
  const record = await toRunRecord(iterate(reader, request.client));
  const problem = toFailure(record, request.requestId);
  if (problem !== undefined) return problem;
  return new Response(JSON.stringify(toBody(record)), {
    headers: {
      "Content-Type": "application/json",
      ...runHeaders(record.runId, record.degraded, source),
    },
  });
}

/** Streams the run's events. A run that fails before the stream opens is a problem with its true status. */
export async function respondWithEvents(service: Service, request: RunRequest): Promise<Response> {
  const { config, clock } = service;
  const { reader, source } = await service.sharing.listen(request);
  const held = await holdBack(reader, clock, config.holdBackMs);
  if (request.client.aborted) throw toClientReason(request.client.reason);
  const end = held.find((event) => event.type === "run-end");
  const problem = end === undefined ? undefined : toFailure(end, request.requestId);
  if (problem !== undefined) {
    reader.leave();
    return problem;
  }
  const degraded = held.flatMap((event) => (event.type === "degraded" ? [event.code] : []));
  const runId = held.find((event) => event.type === "run-start")?.runId ?? "";
  const { pingIntervalMs, writeStallTimeoutMs, flushIntervalMs, flushBytesMax } = config;
  const stream = createEventStream(held, reader, {
    clock,
    write: createNativeWriter(),
    pingIntervalMs,
    writeStallTimeoutMs,
    flushIntervalMs,
    flushBytesMax,
  });
  return new Response(stream, {
    headers: {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
      ...runHeaders(runId, degraded, source),
    },
  });
}

/** Reads to the end. Throws AppError cancelled when the client left before. */
async function* iterate(
  reader: Reader<RunEvent>,
  client: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  try {
    while (!reader.over) yield* await reader.read(READ_WAIT_MS);
  } finally {
    reader.leave();
  }
  if (client.aborted) throw toClientReason(client.reason);
}

/** The problem of a run that gave nothing to show. */
function toFailure(
  { outcome, error, runId, degraded }: Pick<RunEnd, "outcome" | "error" | "runId" | "degraded">,
  requestId: string,
): Response | undefined {
  if (error === undefined || outcome === "finished" || outcome === "exhausted") return undefined;
  return problemResponse(toProblem(error, requestId), runHeaders(runId, degraded));
}

/** What is known of the run when its response begins. */
function runHeaders(
  runId: string,
  degraded: readonly string[],
  source: Listening["source"] = "own",
): Record<string, string> {
  const headers: Record<string, string> = source === "own" ? {} : { "X-Cache": source };
  if (runId !== "") headers["X-Run-Id"] = runId;
  if (degraded.length > 0) headers["X-Degraded"] = toHeader(degraded.join(", "));
  return headers;
}

/** Names may one day hold what a header must not. */
function toHeader(text: string): string {
  return text.replace(/[^ -~]/g, "?");
}
