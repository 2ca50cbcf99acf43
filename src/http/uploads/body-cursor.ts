/** A body that is read from one mark to the next: no more of it is held than a piece and the beginning of a mark. */
import { AppError } from "../../errors.ts";
import { joinBytes } from "../../text/read-bytes.ts";

export interface BodyCursor {
  /** What stands before the mark, which is passed over. Throws what `toUnended` makes when there is none. */
  until(mark: string): AsyncGenerator<Uint8Array>;
  /** The next bytes, one character each; fewer at the end. */
  take(count: number): Promise<string>;
  /** Reads what is left and throws it away. */
  drain(): Promise<void>;
  /** Leaves the rest unread. */
  close(): Promise<void>;
}

export interface BodyLimits {
  readonly bytesMax: number;
  readonly toTooLarge: () => AppError;
  readonly toUnended: () => AppError;
}

/** Begins with `start`, as if that stood before the body. Everything throws AppError: cancelled when the body breaks off. */
export function createBodyCursor(
  body: AsyncIterable<Uint8Array>,
  start: string,
  { bytesMax, toTooLarge, toUnended }: BodyLimits,
): BodyCursor {
  const pieces = body[Symbol.asyncIterator]();
  let held: Uint8Array = new TextEncoder().encode(start);
  let bytes = 0;

  const more = async (): Promise<boolean> => {
    const next = await pieces.next().catch(refuseBroken);
    if (next.done === true) return false;
    bytes += next.value.length;
    if (bytes > bytesMax) throw toTooLarge();
    held = joinBytes([held, next.value], held.length + next.value.length);
    return true;
  };
  const pass = (count: number): Uint8Array => {
    const passed = held.subarray(0, count);
    held = held.subarray(count);
    return passed;
  };

  return {
    async *until(mark) {
      for (;;) {
        const at = toText(held).indexOf(mark);
        // Its last bytes may be the beginning of the mark.
        const before = pass(at >= 0 ? at : Math.max(0, held.length - mark.length + 1));
        if (at >= 0) pass(mark.length);
        if (before.length > 0) yield before;
        if (at >= 0) return;
        if (!(await more())) throw toUnended();
      }
    },
    async take(count) {
      while (held.length < count && (await more()));
      return toText(pass(count));
    },
    async drain() {
      do held = held.subarray(held.length);
      while (await more());
    },
    async close() {
      await pieces.return?.();
    },
  };
}

function refuseBroken(cause: unknown): never {
  throw new AppError("cancelled", { detail: "the body broke off", cause });
}

/** One character for each byte. */
function toText(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
