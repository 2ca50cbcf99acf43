/** The log of the Worker: one JSON line an event on the runtime's console. What others said is withheld. */
import { AppError } from "../errors.ts";
import type { Log, LogFields } from "../telemetry/log.ts";

const CAUSES_MAX = 5;
const FRAMES_MAX = 8;

export function createConsoleLog(): Log {
  const write = (level: "info" | "warn" | "error", event: string, fields: LogFields): void => {
    const own = { level, event };
    // oxlint-disable-next-line no-console -- the console is the Worker's log
    console[level](JSON.stringify({ ...own, ...fields, ...own }));
  };
  return {
    info: (event, fields = {}) => write("info", event, fields),
    warn: (event, fields = {}) => write("warn", event, fields),
    error: (event, thrown, fields = {}) =>
      write("error", event, { ...fields, error: describeThrown(thrown) }),
  };
}

function describeThrown(thrown: unknown): string {
  const parts: string[] = [];
  let current = thrown;
  while (current !== undefined && current !== null && parts.length < CAUSES_MAX) {
    parts.push(describeOne(current));
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(" ← ");
}

/** Messages that are not ours may quote what was asked or read; where it happened does not. */
function describeOne(thrown: unknown): string {
  if (thrown instanceof AppError) return `${thrown.code}: ${thrown.message}`;
  if (!(thrown instanceof Error)) return `${typeof thrown} (withheld)`;
  const frames = (thrown.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line));
  return [`${thrown.name} (message withheld)`, ...frames.slice(0, FRAMES_MAX)].join("\n");
}
