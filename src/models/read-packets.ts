/** The bytes of a body as they arrive, taken in turns: what came meanwhile is handed over in one piece. */
import type { Clock } from "../async/clock.ts";
import { END } from "../async/relay.ts";
import { joinBytes } from "../text/read-bytes.ts";

export interface Pace {
  readonly clock: Clock;
  /** Shortest time between two packets from now on; 0 hands each over as it comes. */
  readonly intervalMs: () => number;
}

/** Bytes that wait to be taken before the body is no longer read. */
const WAITING_BYTES_MAX = 64 * 1024;
const nothing = (): void => undefined;

/**
 * The packets of a body. Each passes a dozen wrappers on its way to the client, which is most of what a
 * token costs, so a fast stream is taken at intervals; its end is never waited for. Ends when the body
 * ends, throws what the body throws, behind what came before. Leaving early cancels the body.
 */
export function readPackets(
  body: ReadableStream<Uint8Array>,
  { clock, intervalMs }: Pace,
): AsyncIterableIterator<Uint8Array, undefined> {
  const inflow = createInflow(body);
  let takenMs = 0;
  return {
    async next() {
      const waitMs = takenMs + intervalMs() - clock.now();
      if (waitMs > 0 && takenMs > 0) await inflow.ended(waitMs, clock);
      await inflow.filled();
      const value = inflow.take();
      if (value === undefined) return END;
      takenMs = clock.now();
      return { value, done: false };
    },
    async return() {
      await inflow.leave();
      return END;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const FILLED = Promise.resolve();

/** Reads ahead of whoever takes. */
function createInflow(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let isReading = false;
  let end: { readonly failure?: unknown } | undefined;
  let wake = nothing;
  let wakeAtEnd = nothing;

  const finish = (how: { readonly failure?: unknown }): void => {
    end = how;
    wake();
    wakeAtEnd();
  };
  const read = (): void => {
    isReading = true;
    reader.read().then(onRead, (failure: unknown) => finish({ failure }));
  };
  const onRead = ({ value, done }: ReadableStreamReadResult<Uint8Array>): void => {
    isReading = false;
    if (done) return finish({});
    waiting.push(value);
    waitingBytes += value.length;
    if (waitingBytes < WAITING_BYTES_MAX) read();
    wake();
  };
  read();

  return {
    /** Resolves when the body has ended, in whatever way, or the time is over. */
    ended: (waitMs: number, clock: Clock): Promise<void> =>
      new Promise((resolve) => {
        if (end !== undefined) return resolve();
        const cancel = clock.timer(waitMs, () => wakeAtEnd());
        wakeAtEnd = () => {
          wakeAtEnd = nothing;
          cancel();
          resolve();
        };
      }),
    /** Resolves when there is something to take, or the end. */
    filled: (): Promise<void> =>
      waiting.length > 0 || end !== undefined
        ? FILLED
        : new Promise((resolve) => {
            wake = () => {
              wake = nothing;
              resolve();
            };
          }),
    /** Everything that waits; undefined at the end. Throws what the body threw. */
    take(): Uint8Array | undefined {
      if (waiting.length === 0) {
        if (end !== undefined && "failure" in end) throw end.failure;
        return undefined;
      }
      const packet = waiting.length === 1 ? waiting[0] : joinBytes(waiting, waitingBytes);
      waiting = [];
      waitingBytes = 0;
      if (!isReading && end === undefined) read();
      return packet;
    },
    /** Wants no more. A body that has failed has nothing left to cancel and says so again. */
    async leave(): Promise<void> {
      if (end === undefined) await reader.cancel().catch(nothing);
    },
  };
}
