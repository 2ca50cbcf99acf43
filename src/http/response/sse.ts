/** Events to bytes (server-sent events): paced by the reader, kept alive, and never without an end. */
import type { Reader } from "../../async/broadcast.ts";
import { createAlarm } from "../../async/alarm.ts";
import type { Clock } from "../../async/clock.ts";
import type { RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import type { EventWriter } from "../formats/native.ts";

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
const ENCODER = new TextEncoder();
/** What comes when the time between two writes is so nearly over goes at once: a model is read at the same pace, and a timer would cost more. */
const NEARLY_OVER = 1 / 8;
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
  const { clock, write, pingIntervalMs, writeStallTimeoutMs, flushIntervalMs, flushBytesMax } =
    options;
  const pieces: Uint8Array[] = [];
  const state = { ended: false, shown: false, flushedMs: 0 };
  const slackMs = flushIntervalMs * NEARLY_OVER;

  const take = (events: readonly RunEvent[]): void => {
    for (const { type } of events) {
      state.ended ||= type === "run-end";
      state.shown ||= type === "text-delta";
    }
    const bytes = ENCODER.encode(write(events));
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      pieces.push(bytes.subarray(at, at + PIECE_BYTES));
    }
  };
  const leave = (detail: string): void => {
    stall.close();
    reader.leave(new AppError("cancelled", { detail }));
  };
  const stall = watchStall(clock, writeStallTimeoutMs, (controller) => {
    const detail = "the client took nothing for too long";
    leave(detail);
    controller.error(toReset(detail));
  });

  take(held);
  return new ReadableStream<Uint8Array>(
    {
      // One function and no more: its frame is held for as long as the stream waits for words.
      async pull(controller) {
        stall.taken();
        // A format may have no words for an event, and the stream is not asked again before it has given something.
        while (pieces.length === 0 && !state.ended) {
          // The first words at once; what follows close on one another travels together.
          const ms = state.shown ? state.flushedMs + flushIntervalMs - clock.now() : 0;
          const events = await reader.read(pingIntervalMs, {
            ms,
            bytesMax: flushBytesMax,
            slackMs,
          });
          state.flushedMs = clock.now();
          if (events.length > 0) take(events);
          else if (reader.over) {
            stall.close();
            return controller.error(toReset("the run broke off"));
          } else pieces.push(PING);
        }
        const piece = pieces.shift();
        if (piece === undefined) {
          stall.close();
          reader.leave();
          return controller.close();
        }
        controller.enqueue(piece);
        stall.begin(controller);
      },
      cancel() {
        leave("the client left");
      },
    },
    { highWaterMark: 1 },
  );
}

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** Tells when a piece has not been taken for `stallMs`. */
function watchStall(clock: Clock, stallMs: number, onStall: (controller: Controller) => void) {
  let waiting: Controller | undefined;
  const alarm = createAlarm(clock, () => {
    if (waiting !== undefined && (waiting.desiredSize ?? 1) <= 0) onStall(waiting);
  });
  return {
    /** A piece is there to be taken. */
    begin(controller: Controller): void {
      waiting = controller;
      alarm.set(stallMs);
    },
    taken: () => alarm.off(),
    /** There are no more pieces. */
    close: () => alarm.close(),
  };
}

/** Servers print its stack, and it is no bug. */
function toReset(why: string): Error {
  const reset = new Error(why);
  reset.stack = why;
  return reset;
}
