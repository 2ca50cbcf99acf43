/** An event stream (server-sent events) as it arrives: what one packet completed comes together. */
import { createParser, type EventSourceMessage } from "eventsource-parser";

/** What a stream may hold without completing an event. */
const EVENT_BYTES_MAX = 2 ** 20;

export interface EventReader {
  /** The events that this packet completed. Throws RangeError beyond 1 MiB without an event. */
  read(packet: Uint8Array): readonly EventSourceMessage[];
  /** There are no more packets. A last event may lack the blank line behind it. */
  end(): readonly EventSourceMessage[];
}

/** Creates the reader of one body. */
export function createEventReader(): EventReader {
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
  const feed = (text: string): readonly EventSourceMessage[] => {
    batch = [];
    parser.feed(text);
    return batch;
  };
  return {
    read(packet) {
      pendingBytes += packet.length;
      const events = feed(decoder.decode(packet, { stream: true }));
      if (Math.max(pendingBytes, longest) <= EVENT_BYTES_MAX) return events;
      throw new RangeError(`sent one event of more than ${EVENT_BYTES_MAX} bytes`);
    },
    end: () => feed(`${decoder.decode()}\n\n`),
  };
}
