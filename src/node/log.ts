/** The log on a process's stream: lines for people on a terminal, JSON lines anywhere else. */
import { AppError } from "../errors.ts";
import type { Log, LogFields } from "../telemetry/log.ts";
import { escapeControls } from "./escape-controls.ts";

export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

type Level = "info" | "warn" | "error";

const CAUSES_MAX = 5;

/** Creates a log that writes one line an event. Control characters never reach the stream. */
export function createLog(stream: LogStream, now: () => Date = () => new Date()): Log {
  const toLine = stream.isTTY === true ? toReadable : toJson;
  const write = (level: Level, event: string, fields: LogFields): void => {
    stream.write(`${escapeControls(toLine(now(), level, event, fields))}\n`);
  };
  return {
    info: (event, fields = {}) => write("info", event, fields),
    warn: (event, fields = {}) => write("warn", event, fields),
    error: (event, thrown, fields = {}) =>
      write("error", event, { ...fields, error: describeThrown(thrown) }),
  };
}

function toJson(time: Date, level: Level, event: string, fields: LogFields): string {
  return JSON.stringify({ time: time.toISOString(), level, event, ...fields });
}

function toReadable(time: Date, level: Level, event: string, fields: LogFields): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${String(value)}`],
  );
  const mark = level === "info" ? "" : `${level} `;
  return [time.toISOString().slice(11, 19), `${mark}${event}`, ...pairs].join("  ");
}

/** The error and what caused it; a bug with the place it came from. */
function describeThrown(thrown: unknown): string {
  const parts: string[] = [];
  let current: unknown = thrown;
  while (current !== undefined && current !== null && parts.length < CAUSES_MAX) {
    parts.push(describeOne(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(" ← ");
}

function describeOne(thrown: unknown): string {
  if (thrown instanceof AppError) return `${thrown.code}: ${thrown.message}`;
  if (thrown instanceof Error) return thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? typeof thrown);
}
