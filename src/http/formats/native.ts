/** The service's own event stream: every event as `id`, `event` and `data`. */
import type { RunEvent } from "../../domain/event.ts";

/** Writes a run's next events as text of an event stream. It is given each event once, in order. */
export type EventWriter = (events: readonly RunEvent[]) => string;

/**
 * Creates the writer of the events after the one with id `afterId`. An event's id is its place in the run, from 1.
 * Deltas that stand side by side become one message, under the id of the last of them.
 */
export function createNativeWriter(afterId = 0): EventWriter {
  let id = afterId;
  return (events) => {
    let written = "";
    let delta = "";
    for (const [index, event] of events.entries()) {
      id += 1;
      if (event.type === "text-delta") {
        delta += event.text;
        if (events[index + 1]?.type === "text-delta") continue;
        written += toMessage(id, { type: "text-delta", text: delta });
        delta = "";
      } else written += toMessage(id, event);
    }
    return written;
  };
}

function toMessage(id: number, event: RunEvent): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Neighbouring text-deltas as one. */
export function joinDeltas(events: readonly RunEvent[]): readonly RunEvent[] {
  const joined: RunEvent[] = [];
  for (const event of events) {
    const last = joined.at(-1);
    if (event.type === "text-delta" && last?.type === "text-delta") {
      joined[joined.length - 1] = { type: "text-delta", text: last.text + event.text };
    } else joined.push(event);
  }
  return joined;
}
