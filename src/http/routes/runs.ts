/** `GET /v1/runs/:id`, `GET /v1/runs/:id/events`, `DELETE /v1/runs/:id`: a run after, or beside, its own response. */
import type { Context } from "hono";
import { type Reader, WAIT_MS_MAX } from "../../async/broadcast.ts";
import type { RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import type { RunAddress, RunView } from "../openapi/bodies.ts";
import { chooseRepresentation } from "../request/accept.ts";
import { refuse } from "../request/issues.ts";
import { foldRun } from "../response/run-record.ts";
import { replayEvents } from "../response/run-response.ts";
import type { JournalRun } from "../runs/journal-run.ts";
import type { Env, Service } from "../service.ts";

/** The record: whole when the run is over, what there is so far while it runs. */
export function createRunRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    chooseRepresentation(c.req.header("Accept"), ["application/json"]);
    return c.json(toView(await find(service, c)));
  };
}

/** The events after `Last-Event-ID`, also while the run goes on. 204 when there is nothing more to come. */
export function createRunEventsRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    chooseRepresentation(c.req.header("Accept"), ["text/event-stream"]);
    const run = await find(service, c);
    const afterId = parseEventId(c.req.header("Last-Event-ID"), run.events.length);
    if (run.ended && afterId === run.events.length) return c.body(null, 204);
    // A reader of nothing would keep the run from ending when the others leave.
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": "text/event-stream" });
    return replayEvents(service, run, { afterId, client: c.req.raw.signal });
  };
}

/** Cancels a run and answers with what it came to. One that is over is left as it is. */
export function createRunCancelRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const run = await find(service, c);
    const reader = run.read(run.events.length);
    run.cancel(new AppError("cancelled", { detail: "the run was cancelled" }));
    try {
      await awaitClose(run, reader);
    } finally {
      reader.leave();
    }
    return c.json(toView(run));
  };
}

/** 202 with the address of a run that has begun. */
export async function respondWithAddress(run: JournalRun): Promise<Response> {
  const reader = run.read();
  await run.admitted;
  while (run.id === "" && !run.ended) await reader.read(WAIT_MS_MAX);
  reader.leave();
  const location = `/v1/runs/${run.id}`;
  const address: RunAddress = { runId: run.id, status: toStatus(run), location };
  return new Response(JSON.stringify(address), {
    status: 202,
    headers: {
      "Content-Type": "application/json",
      Location: location,
      "X-Run-Id": run.id,
    },
  });
}

function find({ journal }: Service, c: Context<Env>): Promise<JournalRun> {
  return journal.find(c.req.param("id") ?? "", c.get("caller"));
}

async function awaitClose(run: JournalRun, reader: Reader<RunEvent>): Promise<void> {
  while (!run.ended) await reader.read(WAIT_MS_MAX);
}

/** How many events the client has. Throws AppError invalid_request for what is no id of this run. */
function parseEventId(given: string | undefined, last: number): number {
  if (given === undefined) return 0;
  if (/^\d{1,15}$/.test(given) && Number(given) <= last) return Number(given);
  const ids = `a whole number from 0 to ${last}`;
  throw refuse("Last-Event-ID", `must be the id of an event of this run: ${ids}`);
}

function toStatus({ ended }: JournalRun): RunAddress["status"] {
  return ended ? "ended" : "running";
}

function toView(run: JournalRun): RunView {
  const { end, ...soFar } = foldRun(run.events);
  const start = run.events.find((event) => event.type === "run-start");
  const { type: _start, runId: _runId, ...asked } = start ?? {};
  const { type: _end, ...ending } = end ?? {};
  return {
    runId: run.id,
    status: toStatus(run),
    lastEventId: run.events.length,
    ...asked,
    ...soFar,
    ...ending,
  };
}
