/** One run under way, for one listener or many: it ends early only when the last of them has left. */
import { type Broadcast, createBroadcast, type Reader } from "../async/broadcast.ts";
import type { Clock } from "../async/clock.ts";
import type { Config } from "../config.ts";
import type { Ask } from "../domain/ask.ts";
import type { RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { Versions } from "./answer-cache.ts";
import { completeRun } from "./complete-run.ts";
import { toEventSize } from "./event-size.ts";
import { type RunGate, type RunTicket, toClientReason } from "./run-gate.ts";
import type { Runner } from "./service.ts";

export interface Flight {
  /** Resolves when the run has its place; rejects with AppError when it gets none. */
  readonly admitted: Promise<void>;
  /** When the run's deadline passes. */
  readonly untilMs: number;
  /** Of the collections it reads; undefined before it has opened them. */
  readonly versions: Versions | undefined;
  /** One who comes now misses nothing. */
  readonly isOpen: boolean;
  /** A listener; it counts from now until it leaves. */
  listen(): Reader<RunEvent>;
}

export interface FlightDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: RunGate;
}

export interface FlightOptions {
  readonly ask: Ask;
  readonly run: Runner;
  readonly requestId: string;
  /** Nobody can join any more: everyone has left, or the run is over. Called once. */
  readonly onClosed: () => void;
  /** The run came to its last event. */
  readonly onEnd?: (events: readonly RunEvent[], versions: Versions) => void;
  /** Whether `onEnd` gets the events. */
  readonly isKept: boolean;
}

/** Starts a run as soon as the gate has a place for it. Listen at once: a run without listeners ends. */
export function startFlight(deps: FlightDeps, options: FlightOptions): Flight {
  const { config, clock, gate } = deps;
  const { ask, onClosed } = options;
  const startMs = clock.now();
  const everyone = new AbortController();
  const admission = Promise.withResolvers<void>();
  let versions: Versions | undefined;
  let isClosed = false;
  const close = (): void => {
    if (!isClosed) onClosed();
    isClosed = true;
  };
  const broadcast = createBroadcast<RunEvent>({
    clock,
    sizeOf: toEventSize,
    aheadBytesMax: config.streamBytesMax,
    keptBytesMax: config.runEventsBytesMax,
    onAlone(reason) {
      close();
      everyone.abort(toClientReason(reason));
    },
  });

  const fly = async (): Promise<void> => {
    const { deadlineMs, caller } = ask;
    const entrant = { callerId: caller.id, signal: everyone.signal, deadlineMs };
    const ticket = await gate.enter(entrant);
    admission.resolve();
    // The wait was the caller's time too.
    const leftMs = Math.max(1, Math.ceil(deadlineMs - ticket.waitedMs));
    const events = begin(deps, options, { ...ask, deadlineMs: leftMs }, ticket);
    await broadcastRun(events, broadcast, options, (opened) => (versions = opened));
  };
  void fly()
    .catch((thrown: unknown) => admission.reject(thrown as Error))
    .finally(() => {
      close();
      broadcast.close();
    });
  admission.promise.catch(() => undefined); // each listener hears of it for itself
  return {
    admitted: admission.promise,
    untilMs: startMs + ask.deadlineMs,
    get versions() {
      return versions;
    },
    get isOpen() {
      return !isClosed && broadcast.isWhole;
    },
    listen: () => broadcast.read(),
  };
}

function begin(
  { clock, log }: FlightDeps,
  { run, requestId }: FlightOptions,
  ask: Ask,
  ticket: RunTicket,
): AsyncIterable<RunEvent> {
  const onOver = (): void => ticket.leave();
  return completeRun(run(ask, ticket.signal), { clock, log, requestId, onOver });
}

async function broadcastRun(
  events: AsyncIterable<RunEvent>,
  broadcast: Broadcast<RunEvent>,
  { isKept, onEnd }: FlightOptions,
  onOpened: (versions: Versions) => void,
): Promise<void> {
  const kept: RunEvent[] = [];
  for await (const event of events) {
    if (event.type === "run-start" && event.versions !== undefined) onOpened(event.versions);
    if (isKept) kept.push(event);
    if (event.type === "run-end") onEnd?.(kept, event.versions);
    await broadcast.push(event);
  }
}

/** The same reader for one whose time ends before the run's: it leaves with a last event of its own. */
export function leaveAt(
  reader: Reader<RunEvent>,
  untilMs: number,
  clock: Clock,
  toEnd: (seen: readonly RunEvent[]) => RunEvent,
): Reader<RunEvent> {
  const seen: RunEvent[] = [];
  let left = false;
  return {
    get over() {
      return left || reader.over;
    },
    async read(waitMs, bytesMin) {
      if (left || reader.over) return [];
      const leftMs = untilMs - clock.now();
      const batch = leftMs > 0 ? await reader.read(Math.min(waitMs, leftMs), bytesMin) : [];
      seen.push(...batch);
      if (batch.length > 0 || left || reader.over || clock.now() < untilMs) return batch;
      left = true;
      reader.leave(new AppError("deadline_exceeded"));
      return [toEnd(seen)];
    },
    leave(reason) {
      left = true;
      reader.leave(reason);
    },
  };
}
