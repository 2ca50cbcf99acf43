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
    let delta = "";
    for (const [index, event] of events.entries()) {
      id += 1;
      if (event.type === "text-delta") {
        delta += event.text;
        if (events[index + 1]?.type === "text-delta") continue;
      }
      const written = event.type === "text-delta" ? { type: event.type, text: delta } : event;
      delta = "";
      text += `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(written)}\n\n`;
    }
    return text;
  };
}
