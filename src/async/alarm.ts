/** A timer that is put off far more often than it rings: putting it off costs nothing. */
import type { Clock } from "./clock.ts";

export interface Alarm {
  /** Rings once in `ms`, instead of when it would have. */
  set(ms: number): void;
  /** Does not ring. A timer may be left until it fires to no effect. */
  off(): void;
  /** The same, and nothing is left. */
  close(): void;
}

/** Creates an alarm that is off. */
export function createAlarm(clock: Clock, ring: () => void): Alarm {
  return new TimerAlarm(clock, ring);
}

const NEVER = Number.POSITIVE_INFINITY;

/** A class, because there is one for each open stream. */
class TimerAlarm implements Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  /** When to ring, and when the timer fires: as soon as that, or sooner, and then it is set anew. */
  #dueMs = NEVER;
  #firesMs = NEVER;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(ms: number): void {
    this.#dueMs = this.#clock.now() + ms;
    if (this.#firesMs > this.#dueMs) this.#start(ms);
  }

  off(): void {
    this.#dueMs = NEVER;
  }

  close(): void {
    this.#dueMs = NEVER;
    this.#firesMs = NEVER;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #start(ms: number): void {
    this.#cancel?.();
    this.#firesMs = this.#dueMs;
    this.#cancel = this.#clock.timer(ms, () => this.#fire());
  }

  #fire(): void {
    this.#firesMs = NEVER;
    this.#cancel = undefined;
    if (this.#dueMs === NEVER) return;
    const leftMs = this.#dueMs - this.#clock.now();
    if (leftMs > 0) return this.#start(leftMs);
    this.#dueMs = NEVER;
    this.#ring();
  }
}
