/** A clock that stands still until it is told to go on. */
import type { Clock } from "../../src/async/clock.ts";

export interface FakeClock extends Clock {
  /** Timers that have neither fired nor been cancelled. */
  readonly pending: number;
  /** Moves time on, firing timers in order, and lets everything they wake run in between. */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly fire: () => void;
}

export function createFakeClock(): FakeClock {
  const timers = new Set<Timer>();
  let nowMs = 1_000;
  return {
    now: () => nowMs,
    timer(ms, fire) {
      const timer = { atMs: nowMs + ms, fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    get pending() {
      return timers.size;
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        await settle();
        const [next] = [...timers].toSorted((a, b) => a.atMs - b.atMs);
        if (next === undefined || next.atMs > untilMs) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.fire();
      }
      nowMs = untilMs;
      await settle();
    },
  };
}

/** Lets every promise that can settle without time passing do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
