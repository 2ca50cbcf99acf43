/** The parser process: takes one file at a time and answers with all of its events. It gets bytes and may write nothing. */
import type { IngestLimits } from "../limits.ts";
import type { Format } from "../../src/domain/format.ts";
import type { FileReference, LoadEvent } from "../loaders/load-event.ts";
import { importLoader, runLoader } from "../loaders/run-loader.ts";

export interface LoadRequest {
  readonly format: Format;
  readonly bytes: Uint8Array;
  readonly file: FileReference;
  readonly limits: IngestLimits;
}

/** The parser is up and has the libraries of the format: from now on it reads. */
export interface LoadStart {
  readonly isReading: true;
  /** What this process has used of the processor before. */
  readonly processorMs: number;
}

/** Part of the events of a file; the last says so. */
export interface LoadAnswer {
  readonly part: readonly LoadEvent[];
  readonly isLast: boolean;
}

/** Small enough that taking a message never holds up the receiver. */
const EVENTS_PER_MESSAGE = 256;

process.on("message", (request: LoadRequest) => {
  void answer(request);
});

// A signal to the whole group is for the process that reads with it, which ends it.
for (const kind of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(kind, () => undefined);

async function answer({ format, bytes, file, limits }: LoadRequest): Promise<void> {
  await importLoader(format);
  const { user, system } = process.cpuUsage();
  const start: LoadStart = { isReading: true, processorMs: (user + system) / 1_000 };
  process.send?.(start);
  const events: LoadEvent[] = [];
  for await (const event of runLoader(format, bytes, file, limits)) events.push(toPortable(event));
  for (let at = 0; at === 0 || at < events.length; at += EVENTS_PER_MESSAGE) {
    const part = events.slice(at, at + EVENTS_PER_MESSAGE);
    const answer: LoadAnswer = { part, isLast: at + EVENTS_PER_MESSAGE >= events.length };
    process.send?.(answer);
  }
}

/** An error of a library may hold what cannot be sent; its text is all the log needs. */
function toPortable(event: LoadEvent): LoadEvent {
  if (event.type === "document" || event.cause === undefined) return event;
  const { cause } = event;
  return { ...event, cause: cause instanceof Error ? (cause.stack ?? cause.message) : "unknown" };
}
