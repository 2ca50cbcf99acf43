/** Our own event stream: each event as `id`, `event` and `data`, with the id it has in the run's journal. */
import type { RunEvent } from "../../domain/event.ts";

/** Writes the next events of a run as text of an event stream. Called with every event once, in order. */
export type EventWriter = (events: readonly RunEvent[]) => string;

/**
 * Creates the writer of what follows the event with id `afterId`. Neighbouring text-deltas travel as one message,
 * which has the id of the last: an id says up to where a reader has everything.
 */
export function createNativeWriter(afterId = 0): EventWriter {
  let id = afterId;
  return (events) => {
    let text = "";
    for (const { event, count } of joinDeltas(events)) {
      id += count;
      text += `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    }
    return text;
  };
}

/** Neighbouring text-deltas as one; `count` says of how many events each is made. */
export function joinDeltas(
  events: readonly RunEvent[],
): readonly { readonly event: RunEvent; readonly count: number }[] {
  const joined: { event: RunEvent; count: number }[] = [];
  for (const event of events) {
    const last = joined.at(-1);
    if (event.type === "text-delta" && last?.event.type === "text-delta") {
      last.event = { type: "text-delta", text: last.event.text + event.text };
      last.count += 1;
    } else joined.push({ event, count: 1 });
  }
  return joined;
}
