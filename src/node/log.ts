/** The log on a process's stream: lines for people on a terminal, JSON lines anywhere else. */
import { AppError } from "../errors.ts";
import type { Log, LogFields } from "../telemetry/log.ts";
import { escapeControls, escapeControlsInJson } from "./escape-controls.ts";

export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface LogOptions {
  readonly now?: () => Date;
  /** Whether what others said may be shown: their errors may quote what was asked or read. */
  readonly hasContent?: boolean;
}

type Level = "info" | "warn" | "error";

const CAUSES_MAX = 5;
const FRAMES_MAX = 8;
const ERROR_CODE = /^[A-Z][A-Z0-9_]{2,40}$/;

/** Creates a log that writes one line an event. Control characters never reach the stream. */
export function createLog(stream: LogStream, options: LogOptions = {}): Log {
  const { now = () => new Date(), hasContent = false } = options;
  const toLine = stream.isTTY === true ? toReadable : toJson;
  const write = (level: Level, event: string, fields: LogFields): void => {
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

/** The error and what caused it; a bug with the place it came from. */
function describeThrown(thrown: unknown, hasContent: boolean): string {
  const parts: string[] = [];
  let current: unknown = thrown;
  while (current !== undefined && current !== null && parts.length < CAUSES_MAX) {
    parts.push(describeOne(current, hasContent));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(" ← ");
}

/** What is not ours and may quote a text is withheld, unless content was asked for. */
function describeOne(thrown: unknown, hasContent: boolean): string {
  if (thrown instanceof AppError) return `${thrown.code}: ${thrown.message}`;
  if (!(thrown instanceof Error)) {
    if (!hasContent) return `${typeof thrown} (withheld; LOG_CONTENT shows it)`;
    return typeof thrown === "string" ? thrown : (JSON.stringify(thrown) ?? typeof thrown);
  }
  if (hasContent) return thrown.stack ?? `${thrown.name}: ${thrown.message}`;
  // What the system says names paths and addresses; even the engine's own errors may quote a value.
  if ("syscall" in thrown) return `${thrown.name}: ${thrown.message}`;
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
  const name = ERROR_CODE.test(code) ? `${thrown.name} ${code}` : thrown.name;
  const head = `${name} (message withheld; LOG_CONTENT shows it)`;
  return [head, ...toFrames(thrown)].join("\n");
}

/** Where it was thrown, without the message in front. */
function toFrames({ stack = "", message }: Error): readonly string[] {
  const frames = stack.slice(stack.indexOf(message) + message.length).split("\n");
  return frames.filter((line) => /^ {4}at /.test(line)).slice(0, FRAMES_MAX);
}
