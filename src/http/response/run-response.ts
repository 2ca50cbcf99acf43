/** One run as a response: an event stream in some format, one object, or the problem it ended with. */
import { type Reader, WAIT_MS_MAX } from "../../async/broadcast.ts";
import type { RunEnd, RunEvent } from "../../domain/event.ts";
import { createNativeWriter, type EventWriter } from "../formats/native.ts";
import { holdBack } from "./hold-back.ts";
import { type Problem, problemResponse, toProblem } from "./problem.ts";
import { type FinishedRun, hasAnswer, toFinishedRun } from "./run-record.ts";
import { leaveWith } from "./leave-early.ts";
import { toClientReason } from "../admission/run-gate.ts";
import type { Listening, RunRequest } from "../admission/run-sharing.ts";
import type { JournalRun } from "../runs/journal-run.ts";
import { toServerTiming } from "./server-timing.ts";
import type { Service } from "../service.ts";
import { createEventStream } from "./sse.ts";

/** What a failure looks like to this kind of client. */
export type ErrorShape = (problem: Problem, headers?: Record<string, string>) => Response;

/** A format of event streams. */
export interface StreamFormat {
  /** `events` are all of the run's so far, and grow with it. */
  readonly createWriter: (events: readonly RunEvent[]) => EventWriter;
  readonly toError: ErrorShape;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RecordFormat {
  readonly toBody: (record: FinishedRun) => unknown;
  readonly toError: ErrorShape;
}

const NATIVE_STREAM: StreamFormat = {
  createWriter: () => createNativeWriter(),
  toError: problemResponse,
};
const NATIVE_RECORD: RecordFormat = { toBody: (record) => record, toError: problemResponse };

/** Runs to the end and answers with what `toBody` makes of it; a run that failed is an error. Nothing is shown before. */
export async function respondWithRecord(
  service: Service,
  request: RunRequest,
  { toBody, toError }: RecordFormat = NATIVE_RECORD,
): Promise<Response> {
  const { reader, source } = await service.sharing.listen({ ...request, isWhole: true });
  const record = toFinishedRun(await readToEnd(reader, request.client));
  const headers = runHeaders(record.runId, record.degraded, source);
  const problem = toRunProblem(record, request.requestId);
  if (problem !== undefined) return toError(problem, headers);
  return new Response(JSON.stringify(toBody(record)), {
    headers: { "Content-Type": "application/json", ...timingHeader(record), ...headers },
  });
}

/** All events, when the run is over. Throws AppError cancelled when the client left before. */
export async function readToEnd(
  reader: Reader<RunEvent>,
  client: AbortSignal,
  onEvents?: (events: readonly RunEvent[]) => void,
): Promise<readonly RunEvent[]> {
  const all: RunEvent[] = [];
  while (!reader.over) {
    const events = await reader.read(WAIT_MS_MAX);
    all.push(...events);
    onEvents?.(events);
  }
  reader.leave();
  if (client.aborted && all.at(-1)?.type !== "run-end") throw toClientReason(client.reason);
  return all;
}

/**
 * Streams the run's events. A run that fails before the stream opens is an error with its true status. One that is to
 * be kept is so from then on: before, its client knows of no run that it could come back to, unless by a key of its own.
 */
export async function respondWithEvents(
  service: Service,
  request: RunRequest,
  format: StreamFormat = NATIVE_STREAM,
): Promise<Response> {
  const { config, clock, sharing } = service;
  const { isKept, key } = request;
  const isKeptLater = isKept === true && key === undefined;
  const asked = isKeptLater ? { ...request, isKept: false, isAlone: true } : request;
  const { run, reader, source } = await sharing.listen(asked);
  const held = await holdBack(reader, clock, config.holdBackMs);
  if (request.client.aborted) throw toClientReason(request.client.reason);
  const end = held.find((event) => event.type === "run-end");
  const degraded = held.flatMap((event) => (event.type === "degraded" ? [event.code] : []));
  const headers = runHeaders(run.id, end?.degraded ?? degraded, source);
  const problem = end === undefined ? undefined : toRunProblem(end, request.requestId);
  if (problem !== undefined) {
    reader.leave();
    return format.toError(problem, headers);
  }
  if (isKeptLater) run.keep();
  return toStream(
    service,
    reader,
    { held, write: format.createWriter(run.events) },
    { ...headers, ...format.headers },
  );
}

export interface Replay {
  readonly client: AbortSignal;
  /** In our own format: only the events after this one. */
  readonly afterId?: number;
  /** Another format, from the beginning. */
  readonly format?: StreamFormat;
}

/** The run's events once more, as a stream that opens at once. */
export function replayEvents(
  service: Service,
  run: JournalRun,
  { client, afterId = 0, format }: Replay,
): Response {
  const reader = leaveWith(client, run.read(afterId));
  const write = format?.createWriter(run.events) ?? createNativeWriter(afterId);
  const headers = { ...runHeaders(run.id, []), ...format?.headers };
  return toStream(service, reader, { held: [], write }, headers);
}

function toStream(
  { config, clock }: Service,
  reader: Reader<RunEvent>,
  { held, write }: { readonly held: readonly RunEvent[]; readonly write: EventWriter },
  headers: Readonly<Record<string, string>>,
): Response {
  const { pingIntervalMs, writeStallTimeoutMs, flushIntervalMs, flushBytesMax } = config;
  const options = {
    clock,
    write,
    pingIntervalMs,
    writeStallTimeoutMs,
    flushIntervalMs,
    flushBytesMax,
  };
  return new Response(createEventStream(held, reader, options), {
    headers: {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
      ...headers,
    },
  });
}

/** The problem of a run that gave nothing to show. */
export function toRunProblem(
  end: Pick<RunEnd, "outcome" | "error">,
  requestId: string,
): Problem | undefined {
  if (end.error === undefined || hasAnswer(end)) return undefined;
  return toProblem(end.error, requestId);
}

function timingHeader({ timeline }: Pick<RunEnd, "timeline">): Record<string, string> {
  const timing = toServerTiming(timeline);
  return timing === undefined ? {} : { "Server-Timing": timing };
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
