/** Where a run's time went, as the header `Server-Timing`, which browsers show beside the request. */
import type { TimelineEntry } from "../../domain/event.ts";

/** Stages named; the longest ones when there are more. */
const ENTRIES_MAX = 24;
const NO_TOKEN = /[^\w-]/g;

/** `embed;dur=60.7, search;desc="guide/vector";dur=9.1, total;dur=310.2`. Undefined for a run without stages. */
export function toServerTiming(timeline: readonly TimelineEntry[]): string | undefined {
  if (timeline.length === 0) return undefined;
  const longest = new Set(
    timeline.toSorted((a, b) => durationOf(b) - durationOf(a)).slice(0, ENTRIES_MAX),
  );
  const total = Math.max(...timeline.map(({ endMs }) => endMs));
  const entries = timeline.filter((entry) => longest.has(entry)).map(toEntry);
  return [...entries, `total;dur=${total}`].join(", ");
}

function toEntry(entry: TimelineEntry): string {
  const [name = "", ...rest] = entry.stage.split(":");
  const description = rest.join(":").replace(/[^\w/ .-]/g, "?");
  const behind = description === "" ? "" : `;desc="${description}"`;
  return `${name.replace(NO_TOKEN, "_")}${behind};dur=${durationOf(entry)}`;
}

/** Tenths of a millisecond, as the timeline has them. */
function durationOf({ startMs, endMs }: TimelineEntry): number {
  return Math.round((endMs - startMs) * 10) / 10;
}
