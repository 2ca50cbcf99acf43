/** One run as a response: an event stream, a JSON record, or the problem it ended with. */
import type { Ask } from "../domain/ask.ts";
import type { RunEnd, RunEvent } from "../domain/event.ts";
import type { AppError } from "../errors.ts";
import { completeRun } from "./complete-run.ts";
import { createEventFeed } from "./event-feed.ts";
import { holdBack } from "./hold-back.ts";
import { problemResponse, toProblem } from "./problem.ts";
import { type FinishedRun, toRunRecord } from "./run-record.ts";
import type { Runner, Service } from "./service.ts";
import { createEventStream } from "./sse.ts";

export interface RunRequest {
  readonly ask: Ask;
  readonly run: Runner;
  /** Aborts when the client leaves. */
  readonly client: AbortSignal;
  readonly requestId: string;
}

/** Runs to the end and answers with what `toBody` makes of it; a run that failed is a problem. */
export async function respondWithRecord(
  service: Service,
  request: RunRequest,
  toBody: (record: FinishedRun) => unknown = (record) => record,
): Promise<Response> {
  const { events } = start(service, request);
  const record = await toRunRecord(events);
  const problem = toFailure(record, request.requestId);
  if (problem !== undefined) return problem;
  return new Response(JSON.stringify(toBody(record)), {
    headers: { "Content-Type": "application/json", ...runHeaders(record.runId, record.degraded) },
  });
}

/** Streams the run's events. A run that fails before the stream opens is a problem with its true status. */
export async function respondWithEvents(service: Service, request: RunRequest): Promise<Response> {
  const { config, clock } = service;
  const { events, abort } = start(service, request);
  const feed = createEventFeed(events, clock);
  const held = await holdBack(feed, clock, config.holdBackMs);
  const end = held.find((event) => event.type === "run-end");
  const problem = end === undefined ? undefined : toFailure(end, request.requestId);
  if (problem !== undefined) return problem;
  const degraded = held.flatMap((event) => (event.type === "degraded" ? [event.code] : []));
  const runId = held.find((event) => event.type === "run-start")?.runId ?? "";
  const { pingIntervalMs, writeStallTimeoutMs } = config;
  const stream = createEventStream(held, feed, {
    clock,
    pingIntervalMs,
    writeStallTimeoutMs,
    abort,
  });
  return new Response(stream, {
    headers: {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
      ...runHeaders(runId, degraded),
    },
  });
}

function start(service: Service, { ask, run, client, requestId }: RunRequest) {
  const { clock, log, gate } = service;
  const ticket = gate.enter(client);
  const events: AsyncIterable<RunEvent> = completeRun(run(ask, ticket.signal), {
    clock,
    log,
    requestId,
    onOver: () => ticket.leave(),
  });
  return { events, abort: (reason: AppError) => ticket.abort(reason) };
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
