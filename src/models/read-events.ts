/** An event stream (server-sent events) as it arrives: what one packet completed comes together. */
import { createParser, type EventSourceMessage } from "eventsource-parser";

/** What a stream may hold without completing an event. */
export const EVENT_BYTES_MAX = 2 ** 20;

/**
 * The events of a body, at least one at a time. Ends when the body ends, however that was; throws what
 * the body throws, and a RangeError beyond 1 MiB without an event. Leaving early cancels the body.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<readonly EventSourceMessage[], void, undefined> {
  let batch: EventSourceMessage[] = [];
  let pendingBytes = 0;
  let longest = 0;
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent(event) {
      batch.push(event);
      longest = Math.max(longest, event.data.length);
      pendingBytes = 0;
    },
  });
  const reader = body.getReader();
  let complete = false;
  try {
    while (!complete) {
      const { value, done } = await reader.read();
      complete = done;
      pendingBytes += value?.length ?? 0;
      // A last event may lack the blank line behind it.
      parser.feed(done ? `${decoder.decode()}\n\n` : decoder.decode(value, { stream: true }));
      if (Math.max(pendingBytes, longest) > EVENT_BYTES_MAX) {
        throw new RangeError(`sent one event of more than ${EVENT_BYTES_MAX} bytes`);
      }
      if (batch.length === 0) continue;
      const ready = batch;
      batch = [];
      yield ready;
    }
  } finally {
    // A body that has failed has nothing left to cancel and says so again.
    if (!complete) await reader.cancel().catch(() => undefined);
  }
}
