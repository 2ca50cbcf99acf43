/** Which runs are running, which wait for their turn, which are refused, and how all of them are told to end. */
import { type Clock, systemClock } from "../async/clock.ts";
import { toAbortError } from "../async/deadline.ts";
import { createFairQueue } from "../async/fair-queue.ts";
import { LOCAL_CALLER } from "../domain/caller.ts";
import { AppError } from "../errors.ts";

/** A run's place: its signal, and the way to end it. */
export interface RunTicket {
  /** Aborts when the client leaves, when `abort` is called, or when the service ends. */
  readonly signal: AbortSignal;
  abort(reason: AppError): void;
  /** The run is over. Safe to repeat. */
  leave(): void;
}

/** Who wants to run. */
export interface Entrant {
  /** Callers take turns in the queue. */
  readonly callerId: string;
  /** Aborts when nobody waits for the run any more. */
  readonly signal: AbortSignal;
  /** Time the run has left, waiting included. */
  readonly deadlineMs: number;
}

export interface RunGate {
  readonly draining: boolean;
  readonly running: number;
  readonly waiting: number;
  /** Share of the queue that is taken, from 0 to 1. */
  readonly load: number;
  /** Throws what `enter` would throw at once: cheap, for before a request is read. */
  check(callerId: string): void;
  /**
   * Waits for a place. Throws AppError: draining; overloaded with the time to wait, when the queue is
   * full, the caller has too many runs, or the wait was too long; deadline_exceeded; the signal's reason.
   */
  enter(entrant: Entrant): Promise<RunTicket>;
  /** No new runs from now on, and none of those that wait. */
  drain(): void;
  /** Ends every running run with this reason. */
  abortAll(reason: AppError): void;
  /** Resolves when no run is running. */
  idle(): Promise<void>;
}

export interface RunGateOptions {
  readonly clock: Clock;
  /** Runs at the same time. */
  readonly runsMax: number;
  /** Runs that wait for a place. */
  readonly queueMax: number;
  readonly queueTimeoutMs: number;
  /** Runs of one caller, running and waiting. Not for those who share the name of nobody in particular. */
  readonly callerRunsMax: number;
}

const UNBOUNDED: RunGateOptions = {
  clock: systemClock,
  runsMax: Number.POSITIVE_INFINITY,
  queueMax: 0,
  queueTimeoutMs: 0,
  callerRunsMax: Number.POSITIVE_INFINITY,
};
/** How long a run takes, as long as none has shown it. */
const RUN_MS_GUESS = 2_000;
/** Weight of the latest run in the mean (exponentially weighted). */
const LATEST_SHARE = 0.1;
const RETRY_AFTER_MS_MIN = 100;
const RETRY_AFTER_MS_MAX = 60_000;

interface Waiter {
  readonly entrant: Entrant;
  admit(ticket: RunTicket): void;
  refuse(reason: AppError): void;
}

/** Creates an open gate; without options everyone enters. */
export function createRunGate(options: RunGateOptions = UNBOUNDED): RunGate {
  const { clock, runsMax, queueMax, callerRunsMax } = options;
  const tickets = new Set<RunTicket>();
  const runsOf = new Map<string, number>();
  const queue = createFairQueue<Waiter>();
  const idlers: (() => void)[] = [];
  let draining = false;
  let meanMs = RUN_MS_GUESS;

  const refusal = (detail: string): AppError => {
    const waitMs = (meanMs * (queue.size + 1)) / runsMax;
    const retryAfterMs = Math.round(
      Math.min(RETRY_AFTER_MS_MAX, Math.max(RETRY_AFTER_MS_MIN, waitMs)),
    );
    return new AppError("overloaded", { detail, retryAfterMs });
  };
  const check = (callerId: string): void => {
    if (draining) throw toDraining();
    const own = (runsOf.get(callerId) ?? 0) + queue.count(callerId);
    if (own >= callerRunsMax && callerId !== LOCAL_CALLER.id) {
      throw refusal(
        `this caller has ${own} questions running or waiting; ask again when some are answered`,
      );
    }
    if (tickets.size >= runsMax && queue.size >= queueMax) {
      throw refusal("too many questions are running and waiting; ask again shortly");
    }
  };
  const admit = ({ callerId, signal }: Entrant): RunTicket => {
    const startMs = clock.now();
    const ticket = createTicket(signal, () => {
      if (!tickets.delete(ticket)) return;
      meanMs += (clock.now() - startMs - meanMs) * LATEST_SHARE;
      const others = (runsOf.get(callerId) ?? 1) - 1;
      if (others > 0) runsOf.set(callerId, others);
      else runsOf.delete(callerId);
      const next = queue.shift();
      if (next !== undefined) next.admit(admit(next.entrant));
      if (tickets.size > 0) return;
      for (const resolve of idlers.splice(0)) resolve();
    });
    tickets.add(ticket);
    runsOf.set(callerId, (runsOf.get(callerId) ?? 0) + 1);
    return ticket;
  };
  const wait = (entrant: Entrant): Promise<RunTicket> =>
    new Promise((resolve, reject) => {
      const { callerId, signal, deadlineMs } = entrant;
      const leave = (): void => {
        cancelTimer();
        signal.removeEventListener("abort", onAbort);
        queue.remove(callerId, waiter);
      };
      const waiter: Waiter = {
        entrant,
        admit(ticket) {
          leave();
          resolve(ticket);
        },
        refuse(reason) {
          leave();
          reject(reason);
        },
      };
      const onAbort = (): void => waiter.refuse(toAbortError(signal.reason));
      const cancelTimer = clock.timer(Math.min(options.queueTimeoutMs, deadlineMs), () => {
        const isLate = deadlineMs <= options.queueTimeoutMs;
        waiter.refuse(
          isLate
            ? new AppError("deadline_exceeded", { stage: "admission" })
            : refusal("the question waited too long for its turn; ask again shortly"),
        );
      });
      signal.addEventListener("abort", onAbort, { once: true });
      queue.push(callerId, waiter);
    });

  return {
    get draining() {
      return draining;
    },
    get running() {
      return tickets.size;
    },
    get waiting() {
      return queue.size;
    },
    get load() {
      return queueMax === 0 ? 0 : queue.size / queueMax;
    },
    check,
    async enter(entrant) {
      check(entrant.callerId);
      if (entrant.signal.aborted) throw toAbortError(entrant.signal.reason);
      return tickets.size < runsMax ? admit(entrant) : wait(entrant);
    },
    drain() {
      draining = true;
      for (const waiter of queue.clear()) waiter.refuse(toDraining());
    },
    abortAll(reason) {
      for (const ticket of tickets) ticket.abort(reason);
    },
    idle() {
      if (tickets.size === 0) return Promise.resolve();
      return new Promise((resolve) => idlers.push(resolve));
    },
  };
}

function createTicket(client: AbortSignal, onLeave: () => void): RunTicket {
  const controller = new AbortController();
  const onClient = (): void => controller.abort(toClientReason(client.reason));
  client.addEventListener("abort", onClient, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    leave() {
      client.removeEventListener("abort", onClient);
      onLeave();
    },
  };
}

/** Why nobody wants the run any more: what we know ourselves, else that the client left. */
export function toClientReason(reason: unknown): AppError {
  if (reason instanceof AppError) return reason;
  return new AppError("cancelled", { detail: "the client left", cause: reason });
}

function toDraining(): AppError {
  return new AppError("draining", {
    detail: "the service is shutting down and takes no new questions; ask again shortly",
  });
}
