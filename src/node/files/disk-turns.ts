/** Work on files of a disk that may hang, as one over a network does when its server is gone. */
import type { Clock } from "../../async/clock.ts";
import { createLimiter } from "../../async/limiter.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { AppError } from "../../errors.ts";

/** Does the work in its turn. Throws what the work throws, and what `toError` gives while the disk hangs. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

export interface DiskTurns {
  /** One change at a time, in the order in which they come. */
  readonly change: Turn;
  readonly read: Turn;
}

export interface DiskTurnsOptions {
  readonly clock: Clock;
  readonly toError: () => AppError;
}

/** Work that takes so long hangs: even in a process without time for anything the largest file is written sooner. */
const HUNG_MS = 15_000;
/**
 * Work that hangs holds one of the four threads that Node has for files, names of hosts and compression. With the one
 * change, one thread is left for all else.
 */
const READS_MAX = 2;
/** Whoever calls bounds it: by places for runs, and by connections. */
const queueMax = Number.POSITIVE_INFINITY;

/**
 * Creates turns on a disk. Work that hangs cannot be ended: nobody waits for it any more, nor for what would come
 * behind it, until all of it has settled after all.
 */
export function createDiskTurns({ clock, toError }: DiskTurnsOptions): DiskTurns {
  /** Aborted while work hangs. */
  let answering = new AbortController();
  let hung = 0;
  const watch = async <T>(work: () => Promise<T>): Promise<T> => {
    let isHung = false;
    const cancel = clock.timer(HUNG_MS, () => {
      isHung = true;
      hung += 1;
      answering.abort(toError());
    });
    try {
      return await work();
    } finally {
      cancel();
      if (isHung) hung -= 1;
      if (isHung && hung === 0) answering = new AbortController();
    }
  };
  const createTurn = (concurrencyMax: number): Turn => {
    const inTurn = createLimiter({ concurrencyMax, queueMax });
    return (work) => {
      const { signal } = answering;
      return untilAborted(
        inTurn(() => watch(work), signal),
        signal,
      );
    };
  };
  return { change: createTurn(1), read: createTurn(READS_MAX) };
}
