/** Events to bytes (server-sent events): paced by the reader, kept alive, and never without an end. */
import type { Clock } from "../async/clock.ts";
import type { RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import type { EventFeed } from "./event-feed.ts";

export interface SseOptions {
  readonly clock: Clock;
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
  feed: EventFeed,
  { clock, pingIntervalMs, writeStallTimeoutMs, abort }: SseOptions,
): ReadableStream<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const encode = createEncoder();
  let ended = false;
  let shown = false;
  let cancelStall: () => void = () => undefined;

  const take = (events: readonly RunEvent[]): void => {
    ended ||= events.some(({ type }) => type === "run-end");
    const bytes = encode(events);
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
        if (pieces.length === 0 && ended) return controller.close();
        if (pieces.length === 0) await refill();
        const piece = pieces.shift();
        if (piece !== undefined) controller.enqueue(piece);
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

/** Writes `id`, `event` and `data`; neighbouring text-deltas become one. Ids count up from 1. */
function createEncoder(): (events: readonly RunEvent[]) => Uint8Array {
  const encoder = new TextEncoder();
  let id = 0;
  return (events) => {
    const lines = joinDeltas(events).map((event) => {
      id += 1;
      return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    });
    return encoder.encode(lines.join(""));
  };
}

function joinDeltas(events: readonly RunEvent[]): readonly RunEvent[] {
  const joined: RunEvent[] = [];
  for (const event of events) {
    const last = joined.at(-1);
    if (event.type === "text-delta" && last?.type === "text-delta") {
      joined[joined.length - 1] = { type: "text-delta", text: last.text + event.text };
    } else joined.push(event);
  }
  return joined;
}
