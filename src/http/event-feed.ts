/** A run's events as something that can be waited for with a limit, without losing any. */
import type { Clock } from "../async/clock.ts";
import type { RunEvent } from "../domain/event.ts";

export interface EventFeed {
  /** Everything that has arrived; waits for the first up to `waitMs`. Empty: nothing came in time, or the run is over. */
  read(waitMs: number): Promise<readonly RunEvent[]>;
  /** Takes no more: the run is cancelled. */
  leave(): void;
}

/** Events taken ahead of the reader; the run waits beyond it. */
const AHEAD_MAX = 64;

/** Creates a feed over events that end with `run-end`. It has one reader. */
export function createEventFeed(events: AsyncIterable<RunEvent>, clock: Clock): EventFeed {
  const iterator = events[Symbol.asyncIterator]();
  const queue: RunEvent[] = [];
  let over = false;
  let failure: unknown;
  let wake: (() => void) | undefined;
  let resume: (() => void) | undefined;

  const pump = async (): Promise<void> => {
    for (;;) {
      const step = await iterator.next();
      if (step.done === true || over) return;
      queue.push(step.value);
      wake?.();
      if (queue.length >= AHEAD_MAX) await new Promise<void>((resolve) => (resume = resolve));
    }
  };
  void pump()
    .catch((thrown: unknown) => (failure = thrown))
    .finally(() => {
      over = true;
      wake?.();
    });

  return {
    async read(waitMs) {
      if (queue.length === 0 && !over) {
        await new Promise<void>((resolve) => {
          const cancel = clock.timer(waitMs, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
        wake = undefined;
      }
      const batch = queue.splice(0);
      resume?.();
      if (batch.length === 0 && failure !== undefined) throw failure as Error;
      return batch;
    },
    leave() {
      over = true;
      queue.length = 0;
      resume?.();
      wake?.();
      iterator.return?.().catch((thrown: unknown) => (failure = thrown));
    },
  };
}
