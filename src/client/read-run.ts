/** A run's event stream as an async sequence that outlives a dropped connection. */
import { createParser } from "eventsource-parser";
import { sleep, systemClock } from "../async/clock.ts";
import type { RunEvent } from "../domain/event.ts";

/** How to ask, and how to ask again. */
export interface Connections {
  /** The first request, which begins the run. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  /** The events after the one with this id. */
  readonly resume: (runId: string, lastEventId: string, signal: AbortSignal) => Promise<Response>;
  /** Ends the run: a kept one goes on without its readers. */
  readonly cancel: (runId: string) => Promise<void>;
}

export interface EventOptions {
  readonly signal?: AbortSignal;
  /** Connections that may fail in a row, without an event between them, before it gives up. */
  readonly attemptsMax?: number;
  /** Wait before the first of them; it doubles, up to 10 s, and varies by half. A `Retry-After` beats it. */
  readonly backoffMs?: number;
}

/** The service refused; `problem` is what it said (RFC 9457), where it said something. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly status: number;
  readonly problem: unknown;
  constructor(status: number, problem: unknown) {
    super(`the service answered with status ${status}`);
    this.status = status;
    this.problem = problem;
  }
}

/** The stream ended without `run-end`, and could not be gone on with. */
export class BrokenOffError extends Error {
  override readonly name = "BrokenOffError";
}

const BACKOFF_MS_MAX = 10_000;
/** As the service counts: the id of the first event is 1. */
const BEFORE_ALL = "0";

/**
 * The run's events, `run-end` last, each once and in order, however often the connection drops.
 * Throws RefusedError when the service refuses, BrokenOffError when the run cannot be reached again, and the
 * signal's reason when it aborts. A run that is not read to its end, for whatever reason, is cancelled.
 * With `runId` it begins no run: it reads that one, from its first event.
 */
export async function* readRun(
  connections: Connections,
  options: EventOptions = {},
  runId = "",
): AsyncGenerator<RunEvent, void> {
  const place: Place = { runId, lastEventId: BEFORE_ALL };
  let isOver = false;
  try {
    for await (const event of readConnections(connections, place, options)) {
      isOver = event.type === "run-end";
      yield event;
      if (isOver) return;
    }
  } finally {
    if (!isOver && place.runId !== "") await connections.cancel(place.runId);
  }
}

/** The events of one connection after another. */
async function* readConnections(
  connections: Connections,
  place: Place,
  { signal, attemptsMax = 5, backoffMs = 250 }: EventOptions,
): AsyncGenerator<RunEvent, void> {
  using leaving = createLeaving(signal);
  for (let failures = 0; failures <= attemptsMax; failures += 1) {
    let waitMs: number | undefined;
    try {
      for await (const event of readConnection(connections, place, leaving.signal)) {
        failures = 0;
        yield event;
      }
    } catch (thrown) {
      signal?.throwIfAborted();
      if (place.runId === "" || !isPassing(thrown)) throw thrown;
      waitMs = readRetryAfter(thrown);
    }
    // Before there is a run there is nothing to go on with: a second question would be a second run.
    if (place.runId === "") break;
    if (failures < attemptsMax) {
      await sleep(systemClock, waitMs ?? toBackoff(backoffMs, failures), leaving.signal);
    }
  }
  throw new BrokenOffError("the stream ended without its last event");
}

/** How far the run was read. */
interface Place {
  runId: string;
  lastEventId: string;
}

/** The events of one connection, which moves the place on. */
async function* readConnection(
  { open, resume }: Connections,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void> {
  const { runId, lastEventId } = place;
  const response = await (runId === "" ? open(signal) : resume(runId, lastEventId, signal));
  await refuse(response); // a run that failed at once has a name too, and nothing to go on with
  place.runId = response.headers.get("X-Run-Id") ?? runId;
  for await (const { id, data } of readMessages(response)) {
    const event = JSON.parse(data) as RunEvent;
    if (event.type === "run-start") place.runId = event.runId;
    place.lastEventId = id ?? place.lastEventId;
    yield event;
  }
}

/** A signal for the connections, which aborts with the caller's, and when the iteration is left. */
function createLeaving(signal: AbortSignal | undefined) {
  const controller = new AbortController();
  const own = controller.signal;
  return {
    signal: signal === undefined ? own : AbortSignal.any([signal, own]),
    [Symbol.dispose]: () => controller.abort(),
  };
}

async function refuse(response: Response): Promise<void> {
  if (response.ok && response.body !== null) return;
  const problem: unknown = await response.json().catch(() => undefined); // something in between answered
  throw new RefusedError(response.status, problem);
}

interface Message {
  readonly id: string | undefined;
  readonly data: string;
}

async function* readMessages({ body }: Response): AsyncGenerator<Message, void> {
  if (body === null) return;
  const messages: Message[] = [];
  const parser = createParser({ onEvent: ({ id, data }) => messages.push({ id, data }) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* messages.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it is over either way
  }
}

/** A dropped connection is a TypeError in every runtime; 429 and 5xx may pass. */
function isPassing(thrown: unknown): boolean {
  if (thrown instanceof RefusedError) return thrown.status === 429 || thrown.status >= 500;
  return thrown instanceof TypeError;
}

function readRetryAfter(thrown: unknown): number | undefined {
  const problem = thrown instanceof RefusedError ? thrown.problem : undefined;
  const { retryAfterMs } = (problem ?? {}) as { readonly retryAfterMs?: unknown };
  return typeof retryAfterMs === "number" ? retryAfterMs : undefined;
}

function toBackoff(backoffMs: number, failures: number): number {
  const fullMs = Math.min(BACKOFF_MS_MAX, backoffMs * 2 ** failures);
  return fullMs * (0.5 + Math.random() / 2);
}
