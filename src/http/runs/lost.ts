/** Where the platform ends what goes on without its request, as a Worker's does: runs that end in time, and an end for those that did not. */
import type { Reader } from "../../async/broadcast.ts";
import type { Clock } from "../../async/clock.ts";
import type { RunEnd, RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import { LOST_AFTER_MS } from "../admission/with-lost-runs.ts";
import { toEarlyEnd } from "../response/early-end.ts";

/** Of the thirty seconds that a Worker's run has without its request; the rest is for its last event and what comes after. */
const ALONE_MS = 25_000;

export interface Losable {
  readonly ended: boolean;
  readonly untilMs: number;
  /** Gives it the end that it will not have itself. */
  lose(): Promise<void>;
}

/** It has no end, and its time was over so long ago that it will have none. */
export function isLost({ ended, untilMs }: Omit<Losable, "lose">, clock: Clock): boolean {
  return !ended && clock.now() > untilMs + LOST_AFTER_MS;
}

/** Ends those that are lost. Whoever looks at runs does it, and no timer: that would be lost with its run. */
export async function loseAll(runs: readonly Losable[], clock: Clock): Promise<void> {
  for (const run of runs) if (isLost(run, clock)) await run.lose();
}

/** What is said for a run that cannot say it itself. */
export function toLostEnd(events: readonly RunEvent[]): RunEnd {
  const { code, retryable, detail } = new AppError("deadline_exceeded", {
    detail: "the platform ended the run before it had an end of its own",
  });
  return toEarlyEnd(events, "expired", { code, retryable, detail });
}

export interface OwnerWatch {
  /** The same reader. The first one is that of the request which began the run. */
  watch(reader: Reader<RunEvent>): Reader<RunEvent>;
  /** The run is over. */
  off(): void;
}

/** Calls `onAlone` when the run has been without its request for so long that it would soon be lost. */
export function watchOwner(clock: Clock, onAlone: (reason: AppError) => void): OwnerWatch {
  let hasOwner = false;
  let isOver = false;
  let cancelTimer: (() => void) | undefined;
  const onLeft = (): void => {
    if (!isOver) cancelTimer ??= clock.timer(ALONE_MS, () => onAlone(toAlone()));
  };
  return {
    watch(reader) {
      if (hasOwner) return reader;
      hasOwner = true;
      return tellLeaving(reader, onLeft);
    },
    off() {
      isOver = true;
      cancelTimer?.();
    },
  };
}

function tellLeaving(reader: Reader<RunEvent>, onLeft: () => void): Reader<RunEvent> {
  return {
    get over() {
      return reader.over;
    },
    read: (waitMs, pause) => reader.read(waitMs, pause),
    leave(reason) {
      reader.leave(reason);
      onLeft();
    },
  };
}

function toAlone(): AppError {
  return new AppError("deadline_exceeded", {
    detail: `a run has ${ALONE_MS / 1_000} seconds here when the request that began it is over`,
  });
}
