/** The log on a process's stream: lines for people on a terminal, JSON lines anywhere else. */
import { systemClock } from "../../async/clock.ts";
import { isSlower } from "../../async/is-slower.ts";
import { describeThrown } from "../../telemetry/describe-thrown.ts";
import type { Log, LogFields } from "../../telemetry/log.ts";
import { escapeControls, escapeControlsInJson } from "../../text/escape-controls.ts";

export interface LogStream {
  readonly isTTY?: boolean;
  /** What its reader has not taken yet, in bytes. */
  readonly writableLength?: number;
  write(text: string): unknown;
}

/** Of a reader that has stopped reading no more is kept in memory; some thousands of lines. */
const WAITING_BYTES_MAX = 2 ** 20;
/** Longest wait at the end for a reader who is behind. */
const LAST_LINES_MS = 1_500;

export interface LogOptions {
  readonly now?: () => Date;
  /** Whether what others said may be shown: their errors may quote what was asked or read. */
  readonly hasContent?: boolean;
}

type Level = "info" | "warn" | "error";

/** Creates a log that writes one line an event, and drops it where nobody reads. Control characters never reach the stream. */
export function createLog(stream: LogStream, options: LogOptions = {}): Log {
  const { now = () => new Date(), hasContent = false } = options;
  const toLine = stream.isTTY === true ? toReadable : toJson;
  let dropped = 0;
  const write = (level: Level, event: string, fields: LogFields): void => {
    if ((stream.writableLength ?? 0) > WAITING_BYTES_MAX) {
      dropped += 1;
      return;
    }
    if (dropped > 0) {
      const lines = dropped;
      dropped = 0;
      write("warn", "log-lines-dropped", { lines });
    }
    stream.write(`${toLine(now(), level, event, fields)}\n`);
  };
  return {
    info: (event, fields = {}) => write("info", event, fields),
    warn: (event, fields = {}) => write("warn", event, fields),
    error: (event, thrown, fields = {}) =>
      write("error", event, { ...fields, error: describeThrown(thrown, hasContent) }),
  };
}

function toJson(time: Date, level: Level, event: string, fields: LogFields): string {
  const own = { time: time.toISOString(), level, event };
  // Twice, so that they come first and no field takes their place.
  return escapeControlsInJson(JSON.stringify({ ...own, ...fields, ...own }));
}

function toReadable(time: Date, level: Level, event: string, fields: LogFields): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${String(value)}`],
  );
  const mark = level === "info" ? "" : `${level} `;
  return escapeControls([time.toISOString().slice(11, 19), `${mark}${event}`, ...pairs].join("  "));
}

/** Has the process go on where its output cannot be written: the reader has left, or the disk behind it is full. */
export function outliveOutput(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/** Resolves when the readers of this process's output have taken what was written, or are too slow for it: its end would lose that. */
export async function finishOutput(): Promise<void> {
  const written = [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => stream.write("", () => resolve())),
  );
  await isSlower(Promise.all(written), LAST_LINES_MS, systemClock);
}
