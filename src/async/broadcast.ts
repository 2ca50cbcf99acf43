/** What one producer makes, kept from its start, for any number of readers that come early or late, each at its own pace. */
import { type Alarm, createAlarm } from "./alarm.ts";
import type { Clock } from "./clock.ts";

export interface Broadcast<T> {
  /** Everything so far, in order. */
  readonly items: readonly T[];
  /** There will be no more. */
  readonly closed: boolean;
  /** Ignored once closed. Resolves when the producer may go on; at once when nobody reads. */
  push(item: T): Promise<void>;
  /** No more items; readers get what there is, then the end. */
  close(): void;
  /** A reader of everything after the first `after` items. It counts as one who waits until it leaves. */
  read(after?: number): Reader<T>;
}

export interface Reader<T> {
  /** It has had everything, or has left. */
  readonly over: boolean;
  /**
   * What has come since the last call, but no more at a time than the producer may be ahead. Waits up
   * to `waitMs` until there is something. Empty: nothing came in time, or it is over.
   */
  read(waitMs: number, pause?: Pause): Promise<readonly T[]>;
  /** Wants no more, and may say why. Safe to repeat. */
  leave(reason?: Error): void;
}

/** Until it is over a reader takes nothing, unless so much has come together, or the end. */
export interface Pause {
  readonly ms: number;
  readonly bytesMax: number;
  /** What comes when no more than this is left of it is taken at once. */
  readonly slackMs: number;
}

export interface BroadcastOptions<T> {
  readonly clock: Clock;
  /** Size of an item in bytes, or near it; at least 1. */
  readonly sizeOf: (item: T) => number;
  /** Bytes the foremost reader may be behind before the producer waits for it. */
  readonly aheadBytesMax: number;
  /** Called when the last reader has left before the end. */
  readonly onAlone?: (reason?: Error) => void;
}

/** Longest wait that a timer can do. */
export const WAIT_MS_MAX = 2 ** 31 - 1;

const READY = Promise.resolve();
const NOTHING: Promise<readonly never[]> = Promise.resolve([]);
const NO_PAUSE: Pause = { ms: 0, bytesMax: 0, slackMs: 0 };
/** Turns of the microtask queue within which comes what belongs together: a sentence, its citations, its check. */
const GATHER_TURNS = 16;
const nothing = (): void => undefined;

/**
 * Creates a broadcast of which nothing has been sent. Whoever uses it bounds what is sent. A waiting
 * reader costs one promise a wait, not one an item.
 */
export function createBroadcast<T>(options: BroadcastOptions<T>): Broadcast<T> {
  return new Sending(options);
}

class Sending<T> implements Broadcast<T> {
  readonly options: BroadcastOptions<T>;
  readonly readings = new Set<Reading<T>>();
  pushedBytes = 0;
  readonly items: T[] = [];
  closed = false;
  #resume = nothing;

  constructor(options: BroadcastOptions<T>) {
    this.options = options;
  }

  push(item: T): Promise<void> {
    if (this.closed) return READY;
    this.items.push(item);
    this.pushedBytes += this.options.sizeOf(item);
    for (const reading of this.readings) reading.look();
    if (!this.#mustWait()) return READY;
    return new Promise((resolve) => {
      this.#resume = () => {
        this.#resume = nothing;
        resolve();
      };
    });
  }

  close(): void {
    this.closed = true;
    for (const reading of this.readings) reading.end();
    this.#resume();
  }

  read(after = 0): Reader<T> {
    const reading = new Reading(this, Math.min(after, this.items.length));
    this.readings.add(reading);
    return reading;
  }

  /** A reader has read on, or has left. */
  resumeIfRoom(): void {
    if (this.#resume !== nothing && !this.#mustWait()) this.#resume();
  }

  #mustWait(): boolean {
    if (this.closed || this.readings.size === 0) return false;
    for (const { bytes } of this.readings) {
      if (this.pushedBytes - bytes <= this.options.aheadBytesMax) return false;
    }
    return true;
  }
}

/** Where a reader is. Thousands wait at the same time, so it is small, and waits without a frame of its own. */
class Reading<T> implements Reader<T> {
  readonly #sending: Sending<T>;
  /** The next item, and the bytes it has had. */
  #at: number;
  bytes: number;
  wake = nothing;
  /** What it waits for: the time from which on it takes anything, or so many bytes before. */
  #pausedUntilMs = 0;
  #slackMs = 0;
  #enoughBytes = 0;
  /** Something is there, and is taken at the end of the pause. */
  #isHeld = false;
  readonly #alarm: Alarm;

  constructor(sending: Sending<T>, at: number) {
    const { items, options } = sending;
    this.#sending = sending;
    this.#at = at;
    this.#alarm = createAlarm(options.clock, () => this.wake());
    this.bytes = items.slice(0, at).reduce((sum, item) => sum + options.sizeOf(item), 0);
  }

  get #isHere(): boolean {
    return this.#sending.readings.has(this);
  }

  get over(): boolean {
    const { closed, items } = this.#sending;
    return !this.#isHere || (closed && this.#at === items.length);
  }

  read(waitMs: number, pause = NO_PAUSE): Promise<readonly T[]> {
    if (this.over) return NOTHING;
    const { closed, options } = this.#sending;
    if (closed || waitMs <= 0) return Promise.resolve(this.#take());
    this.#pausedUntilMs = options.clock.now() + Math.min(pause.ms, waitMs);
    this.#slackMs = pause.slackMs;
    this.#enoughBytes = this.bytes + Math.min(pause.bytesMax, options.aheadBytesMax);
    this.#isHeld = false;
    this.#alarm.set(waitMs);
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = nothing;
        this.#alarm.off();
        // Who does not pause between two readings wants to know at once.
        if (pause === NO_PAUSE) resolve(this.#isHere ? this.#take() : []);
        else resolve(this.#gather());
      };
      this.look();
    });
  }

  /** Something may have come. What is there when the pause is over is taken then. */
  look(): void {
    const { pushedBytes, options } = this.#sending;
    if (this.wake === nothing || pushedBytes === this.bytes) return;
    const leftMs = this.#pausedUntilMs - options.clock.now();
    if (leftMs <= this.#slackMs || pushedBytes >= this.#enoughBytes) return this.wake();
    if (!this.#isHeld) this.#alarm.set(leftMs);
    this.#isHeld = true;
  }

  /** There is nothing more to wait for. */
  end(): void {
    this.wake();
    this.#alarm.close();
  }

  leave(reason?: Error): void {
    const sending = this.#sending;
    if (!sending.readings.delete(this)) return;
    this.end();
    sending.resumeIfRoom();
    if (sending.readings.size === 0 && !sending.closed) sending.options.onAlone?.(reason);
  }

  async #gather(): Promise<readonly T[]> {
    for (let turn = 0; turn < GATHER_TURNS; turn += 1) await READY;
    return this.#isHere ? this.#take() : [];
  }

  #take(): readonly T[] {
    const from = this.#at;
    const { items, options } = this.#sending;
    const untilBytes = this.bytes + options.aheadBytesMax;
    while (this.#at < items.length && (this.#at === from || this.bytes < untilBytes)) {
      this.bytes += options.sizeOf(items[this.#at] as T);
      this.#at += 1;
    }
    const batch = items.slice(from, this.#at);
    this.#sending.resumeIfRoom();
    return batch;
  }
}
