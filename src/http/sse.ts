/** Events to bytes (server-sent events): paced by the reader, kept alive, and never without an end. */
import type { Clock } from "../async/clock.ts";
import type { Reader } from "../async/replay.ts";
import type { RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import type { EventWriter } from "./formats/native.ts";

export interface SseOptions {
  readonly clock: Clock;
  /** The format: what the events look like on the wire. */
  readonly write: EventWriter;
  readonly pingIntervalMs: number;
  /** A reader that takes nothing of what is ready for this long is dropped. */
  readonly writeStallTimeoutMs: number;
  /** The reader left or stalled: end the run. */
  readonly abort: (reason: AppError) => void;
}

/** Handed to the reader in pieces of this size, so that a slow one shows that it moves. */
const PIECE_BYTES = 16 * 1024;
const PING = new TextEncoder().encode(": ping\n\n");

/**
 * The stream of a run: first the events held back, then the feed's. It is closed after `run-end`;
 * when the reader stalls it is errored, so that the connection is reset and never looks finished.
 */
export function createEventStream(
  held: readonly RunEvent[],
  feed: Reader<RunEvent>,
  { clock, write, pingIntervalMs, writeStallTimeoutMs, abort }: SseOptions,
): ReadableStream<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const encoder = new TextEncoder();
  let ended = false;
  let shown = false;
  let cancelStall: () => void = () => undefined;

  const take = (events: readonly RunEvent[]): void => {
    ended ||= events.some(({ type }) => type === "run-end");
    const bytes = encoder.encode(write(events));
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      pieces.push(bytes.subarray(at, at + PIECE_BYTES));
    }
  };
  const refill = async (): Promise<void> => {
    const first = await feed.read(pingIntervalMs);
    if (first.length === 0) {
      pieces.push(PING);
      return;
    }
    const isFirst = !shown && first.some(({ type }) => type === "text-delta");
    shown ||= isFirst;
    if (isFirst || first.at(-1)?.type !== "text-delta") return take(first);
    // Deltas of the same moment travel together, but for the first, which someone is waiting for.
    await new Promise<void>((resolve) => clock.timer(0, resolve));
    take([...first, ...(await feed.read(0))]);
  };

  take(held);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        cancelStall();
        // A format may have no words for an event; the stream is not asked again before it has given something.
        // oxlint-disable-next-line no-unmodified-loop-condition -- refill does
        while (pieces.length === 0 && !ended) await refill();
        const piece = pieces.shift();
        if (piece === undefined) return controller.close();
        controller.enqueue(piece);
        cancelStall = clock.timer(writeStallTimeoutMs, () => {
          if ((controller.desiredSize ?? 1) > 0) return;
          const detail = "the client took nothing for too long";
          abort(new AppError("cancelled", { detail }));
          feed.leave();
          const reset = new Error(detail);
          reset.stack = detail; // servers print it, and it is no bug
          controller.error(reset);
        });
      },
      cancel() {
        cancelStall();
        abort(new AppError("cancelled", { detail: "the client left" }));
        feed.leave();
      },
    },
    { highWaterMark: 1 },
  );
}
