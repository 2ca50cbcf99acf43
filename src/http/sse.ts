/** Events to bytes (server-sent events): paced by the reader, kept alive, and never without an end. */
import type { Reader } from "../async/broadcast.ts";
import type { Clock } from "../async/clock.ts";
import type { RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import type { EventWriter } from "./formats/native.ts";

export interface SseOptions {
  readonly clock: Clock;
  /** The format: what events look like on the wire. */
  readonly write: EventWriter;
  readonly pingIntervalMs: number;
  /** A client that takes nothing of what is ready for this long is dropped. */
  readonly writeStallTimeoutMs: number;
  /** Once text has been shown, it is sent at most once in this time, … */
  readonly flushIntervalMs: number;
  /** … unless so many bytes have come together. */
  readonly flushBytesMax: number;
}

/** Handed to the client in pieces of this size, so that a slow one shows that it moves. */
const PIECE_BYTES = 16 * 1024;
const PING = new TextEncoder().encode(": ping\n\n");

/**
 * The stream of a run: first the events held back, then those of the reader, which leaves when the
 * client does. It is closed after `run-end`. When the client stalls, or the events stop without an
 * end, it is errored, so that the connection is reset and never looks finished.
 */
export function createEventStream(
  held: readonly RunEvent[],
  reader: Reader<RunEvent>,
  options: SseOptions,
): ReadableStream<Uint8Array> {
  const { clock, write, pingIntervalMs, writeStallTimeoutMs, flushIntervalMs } = options;
  const encoder = new TextEncoder();
  const pieces: Uint8Array[] = [];
  const state = { ended: false, shown: false, flushedMs: 0 };
  let cancelStall: () => void = () => undefined;

  const take = (events: readonly RunEvent[]): void => {
    for (const { type } of events) {
      state.ended ||= type === "run-end";
      state.shown ||= type === "text-delta";
    }
    const bytes = encoder.encode(write(events));
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      pieces.push(bytes.subarray(at, at + PIECE_BYTES));
    }
  };
  /** The first words at once; what follows close on one another travels together. */
  const refill = async (): Promise<void> => {
    const waitMs = state.flushedMs + flushIntervalMs - clock.now();
    let events = await reader.read(state.shown ? Math.max(0, waitMs) : 0, options.flushBytesMax);
    if (events.length === 0) events = await reader.read(pingIntervalMs);
    state.flushedMs = clock.now();
    if (events.length > 0) take(events);
    else if (reader.over) throw toReset("the run broke off");
    else pieces.push(PING);
  };
  const leave = (reason: Error): void => {
    cancelStall();
    reader.leave(reason);
  };

  take(held);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        cancelStall();
        // A format may have no words for an event, and the stream is not asked again before it has given something.
        let piece = pieces.shift();
        while (piece === undefined && !state.ended) {
          await refill();
          piece = pieces.shift();
        }
        if (piece === undefined) {
          reader.leave();
          return controller.close();
        }
        controller.enqueue(piece);
        cancelStall = clock.timer(writeStallTimeoutMs, () => {
          if ((controller.desiredSize ?? 1) > 0) return;
          const detail = "the client took nothing for too long";
          leave(new AppError("cancelled", { detail }));
          controller.error(toReset(detail));
        });
      },
      cancel() {
        leave(new AppError("cancelled", { detail: "the client left" }));
      },
    },
    { highWaterMark: 1 },
  );
}

/** Servers print its stack, and it is no bug. */
function toReset(why: string): Error {
  const reset = new Error(why);
  reset.stack = why;
  return reset;
}
