/** One run as a response: an event stream in some format, one object, or the problem it ended with. */
import { type Reader, WAIT_MS_MAX } from "../async/replay.ts";
import type { Ask } from "../domain/ask.ts";
import type { RunEnd, RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import { createNativeWriter, type EventWriter } from "./formats/native.ts";
import { holdBack } from "./hold-back.ts";
import { type Problem, problemResponse, toProblem } from "./problem.ts";
import { type FinishedRun, toFinishedRun } from "./run-record.ts";
import type { JournalRun } from "./runs/journal.ts";
import type { RequestKey } from "./runs/archive.ts";
import type { Runner, Service } from "./service.ts";
import { toServerTiming } from "./server-timing.ts";
import { createEventStream } from "./sse.ts";

export interface RunRequest {
  readonly ask: Ask;
  readonly run: Runner;
  /** Aborts when the client leaves. */
  readonly client: AbortSignal;
  readonly requestId: string;
  /** The run goes on when the client leaves. */
  readonly isKept?: boolean | undefined;
  readonly key?: RequestKey | undefined;
  /** Not to be found later under its id. */
  readonly isUnlisted?: boolean;
}

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

/** Runs to the end and answers with what `toBody` makes of it; a run that failed is an error. */
export async function respondWithRecord(
  service: Service,
  request: RunRequest,
  { toBody, toError }: RecordFormat = NATIVE_RECORD,
): Promise<Response> {
  const run = await service.journal.start(request);
  await awaitEnd(run, request.client);
  const record = toFinishedRun(run.events);
  const problem = toFailure(record, request.requestId);
  if (problem !== undefined) return toError(problem, runHeaders(record.runId, record.degraded));
  return new Response(JSON.stringify(toBody(record)), {
    headers: {
      "Content-Type": "application/json",
      ...timingHeader(record),
      ...runHeaders(record.runId, record.degraded),
    },
  });
}

/** Resolves when the run is over. A client that leaves no longer counts as its reader. Throws AppError cancelled. */
export async function awaitEnd(
  run: JournalRun,
  client: AbortSignal,
  onEvents?: (events: readonly RunEvent[]) => void,
): Promise<void> {
  const reader = readUntilGone(run, client, 0);
  try {
    while (!run.ended && !client.aborted) {
      const events = await reader.read(WAIT_MS_MAX);
      onEvents?.(events);
    }
  } finally {
    reader.leave();
  }
  if (!run.ended) throw new AppError("cancelled", { detail: "the client left" });
}

/** Streams the run's events. A run that fails before the stream opens is an error with its true status. */
export async function respondWithEvents(
  service: Service,
  request: RunRequest,
  format: StreamFormat = NATIVE_STREAM,
): Promise<Response> {
  const { config, clock, journal } = service;
  const run = await journal.start(request);
  const reader = readUntilGone(run, request.client, 0);
  const held = await holdBack(reader, clock, config.holdBackMs);
  const end = held.find((event) => event.type === "run-end");
  const degraded = held.flatMap((event) => (event.type === "degraded" ? [event.code] : []));
  const headers = runHeaders(run.id, end?.degraded ?? degraded);
  const problem = end === undefined ? undefined : toFailure(end, request.requestId);
  if (problem !== undefined) {
    reader.leave();
    return format.toError(problem, headers);
  }
  return toStream(
    service,
    reader,
    { held, write: format.createWriter(run.events) },
    {
      ...headers,
      ...format.headers,
    },
  );
}

/** The events after `afterId` as a stream that opens at once. */
export function replayEvents(
  service: Service,
  run: JournalRun,
  { afterId, client }: { readonly afterId: number; readonly client: AbortSignal },
): Response {
  const reader = readUntilGone(run, client, afterId);
  const write = createNativeWriter(afterId);
  return toStream(service, reader, { held: [], write }, runHeaders(run.id, []));
}

function readUntilGone(run: JournalRun, client: AbortSignal, afterId: number): Reader<RunEvent> {
  const reader = run.read(afterId);
  const onClient = (): void => leave();
  const leave = (reason?: Error): void => {
    client.removeEventListener("abort", onClient);
    reader.leave(reason);
  };
  if (client.aborted) leave();
  else client.addEventListener("abort", onClient, { once: true });
  return { read: (waitMs) => reader.read(waitMs), leave };
}

function toStream(
  { config, clock }: Service,
  reader: Reader<RunEvent>,
  { held, write }: { readonly held: readonly RunEvent[]; readonly write: EventWriter },
  headers: Readonly<Record<string, string>>,
): Response {
  const { pingIntervalMs, writeStallTimeoutMs } = config;
  const abort = (reason: AppError): void => reader.leave(reason);
  const options = { clock, write, pingIntervalMs, writeStallTimeoutMs, abort };
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
function toFailure(
  { outcome, error }: Pick<RunEnd, "outcome" | "error">,
  requestId: string,
): Problem | undefined {
  if (error === undefined || outcome === "finished" || outcome === "exhausted") return undefined;
  return toProblem(error, requestId);
}

function timingHeader({ timeline }: Pick<RunEnd, "timeline">): Record<string, string> {
  const timing = toServerTiming(timeline);
  return timing === undefined ? {} : { "Server-Timing": timing };
}

/** What is known of the run when its response begins. */
function runHeaders(runId: string, degraded: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  if (runId !== "") headers["X-Run-Id"] = runId;
  if (degraded.length > 0) headers["X-Degraded"] = toHeader(degraded.join(", "));
  return headers;
}

/** Names may one day hold what a header must not. */
function toHeader(text: string): string {
  return text.replace(/[^ -~]/g, "?");
}
