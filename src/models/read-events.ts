/** An event stream (server-sent events) as it arrives: what one packet completed comes together. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { type Pace, readPackets } from "./read-packets.ts";

/** What a stream may hold without completing an event. */
export const EVENT_BYTES_MAX = 2 ** 20;

/**
 * The events of a body, at least one at a time. Ends when the body ends, however that was; throws what
 * the body throws, and a RangeError beyond 1 MiB without an event. Leaving early cancels the body.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  pace: Pace,
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
  for await (const packet of readPackets(body, pace)) {
    pendingBytes += packet.length;
    parser.feed(decoder.decode(packet, { stream: true }));
    if (Math.max(pendingBytes, longest) > EVENT_BYTES_MAX) {
      throw new RangeError(`sent one event of more than ${EVENT_BYTES_MAX} bytes`);
    }
    if (batch.length === 0) continue;
    const ready = batch;
    batch = [];
    yield ready;
  }
  // A last event may lack the blank line behind it.
  parser.feed(`${decoder.decode()}\n\n`);
  if (batch.length > 0) yield batch;
}
