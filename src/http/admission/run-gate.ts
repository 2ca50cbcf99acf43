/** Which runs are running, which wait for their turn, which are refused, and how all of them are told to end. */
import { type Clock, systemClock } from "../../async/clock.ts";
import { toAbortError } from "../../async/deadline.ts";
import { createFairQueue } from "../../async/fair-queue.ts";
import type { Config } from "../../config.ts";
import { LOCAL_CALLER } from "../../domain/caller.ts";
import { AppError } from "../../errors.ts";

/** A run's place: its signal, and the way to end it. */
export interface RunTicket {
  /** Aborts when the client leaves, when `abort` is called, or when the service ends. */
  readonly signal: AbortSignal;
  /** How long it stood in the queue; 0 when it entered at once. */
  readonly waitedMs: number;
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
  /** Throws what `enter` would throw at once. */
  check(callerId: string): void;
  /**
   * Waits for a place. In a full queue the caller with the most runs waiting gives up its last one for a
   * caller with fewer. Throws AppError: draining; overloaded with the time to wait, when the queue is full,
   * the caller has too many runs, or the wait was too long; deadline_exceeded; the signal's reason.
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
  /** When runs may start that were let in at the same time. Absent: at once. */
  readonly turn?: () => Promise<void>;
}

/** The limits that operators set. */
export function toGateLimits(config: Config) {
  return {
    runsMax: config.runsMax,
    queueMax: config.runQueueMax,
    queueTimeoutMs: config.runQueueTimeoutMs,
    callerRunsMax: config.callerRunsMax,
  };
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
const RETRY_AFTER_MS_MAX = 30_000;
/** The golden ratio's part behind the point: steps of it, each taken without the whole, lie far from all before (Weyl). */
const SPREAD_STEP = 0.618_034;
const TOO_MANY = "too many questions are running and waiting; ask again shortly";

/** A ticket that may have a place yet or not. */
interface Place extends Omit<RunTicket, "waitedMs"> {
  readonly callerId: string;
  /** When it was given. */
  startMs: number;
}

interface Waiter {
  readonly place: Place;
  readonly admit: () => void;
  readonly refuse: (reason: AppError) => void;
}

/** Creates an open gate; without options everyone enters. */
export function createRunGate(options: RunGateOptions = UNBOUNDED): RunGate {
  return new Gate(options);
}

class Gate implements RunGate {
  readonly #options: RunGateOptions;
  readonly #places = new Set<Place>();
  readonly #runsOf = new Map<string, number>();
  readonly #queue = createFairQueue<Waiter>();
  readonly #idlers: (() => void)[] = [];
  /** Of a run (exponentially weighted). */
  #meanMs = RUN_MS_GUESS;
  /** Of the next refusal, from 0 to below 1. */
  #spread = 0;
  draining = false;

  constructor(options: RunGateOptions) {
    this.#options = options;
  }

  get running(): number {
    return this.#places.size;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  get load(): number {
    const { queueMax } = this.#options;
    return queueMax === 0 ? 0 : this.#queue.size / queueMax;
  }

  check(callerId: string): void {
    const { runsMax, callerRunsMax } = this.#options;
    if (this.draining) throw toDraining();
    const own = (this.#runsOf.get(callerId) ?? 0) + this.#queue.count(callerId);
    if (own >= callerRunsMax && callerId !== LOCAL_CALLER.id) {
      throw this.#toOverloaded(
        `this caller has ${own} questions running or waiting; ask again when some are answered`,
      );
    }
    if (this.running >= runsMax && this.#isFull && this.#queue.findSurplus(callerId) === undefined)
      throw this.#toOverloaded(TOO_MANY);
  }

  get #isFull(): boolean {
    return this.waiting >= this.#options.queueMax;
  }

  async enter(entrant: Entrant): Promise<RunTicket> {
    this.check(entrant.callerId);
    if (entrant.signal.aborted) throw toAbortError(entrant.signal.reason);
    const { clock, runsMax, turn } = this.#options;
    const sinceMs = clock.now();
    const place = createPlace(entrant, () => this.#release(place));
    const mustWait = this.running >= runsMax;
    if (mustWait) await this.#wait(place, entrant);
    else this.#admit(place);
    await turn?.();
    const waitedMs = mustWait || turn !== undefined ? clock.now() - sinceMs : 0;
    return { signal: place.signal, waitedMs, abort: place.abort, leave: place.leave };
  }

  drain(): void {
    this.draining = true;
    for (const waiter of this.#queue.clear()) waiter.refuse(toDraining());
  }

  abortAll(reason: AppError): void {
    for (const place of this.#places) place.abort(reason);
  }

  idle(): Promise<void> {
    if (this.running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  #admit(place: Place): void {
    const { callerId } = place;
    place.startMs = this.#options.clock.now();
    this.#places.add(place);
    this.#runsOf.set(callerId, (this.#runsOf.get(callerId) ?? 0) + 1);
  }

  /** A run is over, if it had a place: that goes to who is next. */
  #release(place: Place): void {
    if (!this.#places.delete(place)) return;
    const { callerId, startMs } = place;
    this.#meanMs += (this.#options.clock.now() - startMs - this.#meanMs) * LATEST_SHARE;
    const others = (this.#runsOf.get(callerId) ?? 1) - 1;
    if (others > 0) this.#runsOf.set(callerId, others);
    else this.#runsOf.delete(callerId);
    const next = this.#queue.shift();
    if (next !== undefined) {
      this.#admit(next.place);
      next.admit();
    }
    if (this.running > 0) return;
    for (const resolve of this.#idlers.splice(0)) resolve();
  }

  /**
   * Resolves when the place is given. Whoever gives or refuses it says no more than that: the timer and the listeners
   * are taken away by the request that waits, because in a Worker no request may touch what another has begun.
   */
  async #wait(place: Place, { callerId, signal, deadlineMs }: Entrant): Promise<void> {
    const { clock, queueTimeoutMs } = this.#options;
    const turn = Promise.withResolvers<void>();
    const waiter: Waiter = {
      place,
      admit: turn.resolve,
      refuse: (reason) => {
        this.#queue.remove(callerId, waiter);
        turn.reject(reason);
      },
    };
    const onAbort = (): void => waiter.refuse(toAbortError(signal.reason));
    const cancelTimer = clock.timer(Math.min(queueTimeoutMs, deadlineMs), () => {
      waiter.refuse(this.#toLate(deadlineMs));
    });
    signal.addEventListener("abort", onAbort, { once: true });
    if (this.#isFull) this.#queue.findSurplus(callerId)?.refuse(this.#toOverloaded(TOO_MANY));
    this.#queue.push(callerId, waiter);
    try {
      await turn.promise;
    } catch (thrown) {
      place.leave();
      throw thrown;
    } finally {
      cancelTimer();
      signal.removeEventListener("abort", onAbort);
    }
  }

  #toLate(deadlineMs: number): AppError {
    if (deadlineMs <= this.#options.queueTimeoutMs) {
      return new AppError("deadline_exceeded", { stage: "admission" });
    }
    return this.#toOverloaded("the question waited too long for its turn; ask again shortly");
  }

  /**
   * The time to wait is the work that lies before a run that would come now, and a share of as much again that is
   * another for each: those refused at the same moment would else come back together, and be refused together.
   */
  #toOverloaded(detail: string): AppError {
    const workMs = (this.#meanMs * (this.waiting + 1)) / this.#options.runsMax;
    const leastMs = Math.min(RETRY_AFTER_MS_MAX, Math.max(RETRY_AFTER_MS_MIN, workMs));
    const retryAfterMs = Math.round(leastMs * (1 + this.#spread));
    this.#spread = (this.#spread + SPREAD_STEP) % 1;
    return new AppError("overloaded", { detail, retryAfterMs });
  }
}

function createPlace({ callerId, signal: client }: Entrant, onLeave: () => void): Place {
  const controller = new AbortController();
  const onClient = (): void => controller.abort(toClientReason(client.reason));
  client.addEventListener("abort", onClient, { once: true });
  return {
    callerId,
    startMs: 0,
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
