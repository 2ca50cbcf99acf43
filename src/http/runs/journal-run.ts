/** A run as its readers see it, be it under way or over. */
import { createBroadcast, type Reader } from "../../async/broadcast.ts";
import type { Clock } from "../../async/clock.ts";
import type { RunEvent } from "../../domain/event.ts";
import type { AppError } from "../../errors.ts";
import { toEventSize } from "../response/event-size.ts";
import type { StoredRun } from "./archive.ts";

export interface JournalRun {
  /** Empty until the run has said it. */
  readonly id: string;
  /** Everything so far; an event's id is its place, counted from 1. */
  readonly events: readonly RunEvent[];
  /** Its last event is there, or there will be none because it was not admitted. */
  readonly ended: boolean;
  /** Resolves when the run has its place; rejects with AppError when it gets none. */
  readonly admitted: Promise<void>;
  /** When its deadline passes. */
  readonly untilMs: number;
  /** It was told to end. */
  readonly isCancelled: boolean;
  /** A reader of what comes after the event with this id. The run is cancelled when the last reader has left, unless it is kept. */
  read(afterId?: number): Reader<RunEvent>;
  /** From now on it goes on when nobody reads it any more. */
  keep(): void;
  /** Ends the run with this reason. Nothing happens when it is over. */
  cancel(reason: AppError): void;
}

/** A run that is over, and in which there is nothing left to cancel. */
export function toRun({ id, events }: Pick<StoredRun, "id" | "events">, clock: Clock): JournalRun {
  const broadcast = createBroadcast<RunEvent>({
    clock,
    sizeOf: toEventSize,
    aheadBytesMax: Number.POSITIVE_INFINITY,
  });
  for (const event of events) void broadcast.push(event);
  broadcast.close();
  return {
    id,
    events,
    ended: true,
    admitted: Promise.resolve(),
    untilMs: clock.now(),
    isCancelled: false,
    read: (afterId) => broadcast.read(afterId),
    keep: () => undefined,
    cancel: () => undefined,
  };
}
