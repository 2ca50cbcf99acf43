/** One timer for every wait of the server: thousands of streams cost one wake-up each few milliseconds. */

export interface TimerWheel {
  /** Calls `fire` once, `ms` from now or up to one step later; the result cancels it. */
  after(ms: number, fire: () => void): () => void;
  /** What has neither fired nor been cancelled. */
  readonly pending: number;
  /** Cancels everything. */
  clear(): void;
}

/** Creates a wheel that turns only while something waits, in steps of `stepMs`. */
export function createTimerWheel(stepMs = 2): TimerWheel {
  const slots = new Map<number, Set<() => void>>();
  let timer: NodeJS.Timeout | undefined;
  /** The first slot that has not been looked at. */
  let next = 0;
  let pending = 0;

  const turn = (): void => {
    const until = Math.floor(performance.now() / stepMs);
    while (next <= until) {
      const due = slots.get(next);
      slots.delete(next);
      next += 1;
      for (const fire of due ?? []) {
        due?.delete(fire);
        pending -= 1;
        fire();
      }
    }
    timer = pending > 0 ? setTimeout(turn, stepMs) : undefined;
  };

  return {
    after(ms, fire) {
      const nowMs = performance.now();
      if (timer === undefined && pending === 0) next = Math.floor(nowMs / stepMs) + 1;
      const slot = Math.max(next, Math.ceil((nowMs + Math.max(0, ms)) / stepMs));
      // A function of its own, so that the same `fire` can wait twice in one slot.
      const once = (): void => fire();
      const due = slots.get(slot) ?? new Set();
      slots.set(slot, due.add(once));
      pending += 1;
      timer ??= setTimeout(turn, stepMs);
      return () => {
        if (due.delete(once)) pending -= 1;
      };
    },
    get pending() {
      return pending;
    },
    clear() {
      for (const due of slots.values()) due.clear();
      slots.clear();
      pending = 0;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
