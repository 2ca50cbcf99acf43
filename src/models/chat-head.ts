/** A stream that has shown that it answers: its beginning, up to the first text, and what is left of it. */
import { END } from "../async/relay.ts";
import type { ChatDelta } from "./model.ts";

export interface OpenedStream {
  /** Everything up to and with the first text; the whole stream when there is none. */
  readonly head: readonly ChatDelta[];
  readonly rest: AsyncIterator<ChatDelta, undefined>;
}

/** Reads on until the first text or the end. Until then nothing was shown, and a failure is thrown. */
export async function openStream(stream: AsyncIterable<ChatDelta>): Promise<OpenedStream> {
  const rest = stream[Symbol.asyncIterator]() as AsyncIterator<ChatDelta, undefined>;
  const head: ChatDelta[] = [];
  for (;;) {
    const { value, done } = await rest.next();
    if (done === true) return { head, rest };
    if (value.type !== "reasoning") head.push(value);
    if (value.type === "text") return { head, rest };
  }
}

/** The whole stream again, without the signs of life that are not text. Who leaves it early closes it. */
export function continueStream({
  head,
  rest,
}: OpenedStream): AsyncIterableIterator<ChatDelta, undefined> {
  const first = head.values();
  const skip = (
    next: IteratorResult<ChatDelta, undefined>,
  ): IteratorResult<ChatDelta, undefined> | Promise<IteratorResult<ChatDelta, undefined>> =>
    next.done !== true && next.value.type === "reasoning" ? rest.next().then(skip) : next;
  return {
    next() {
      const { value, done } = first.next();
      return done === true ? rest.next().then(skip) : Promise.resolve({ value, done: false });
    },
    async return() {
      await rest.return?.();
      return END;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
