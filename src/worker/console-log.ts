/** The log of the Worker and of its objects: one JSON line an event on the runtime's console. */
import { Flag } from "../config/kinds.ts";
import { describeThrown } from "../telemetry/describe-thrown.ts";
import type { Log, LogFields } from "../telemetry/log.ts";
import { toTexts } from "./to-texts.ts";

/** `env`: the bindings, of which LOG_CONTENT says whether what others said is shown; objects have no other settings. */
export function createConsoleLog(env: unknown): Log {
  const { LOG_CONTENT } = toTexts((env ?? {}) as Readonly<Record<string, unknown>>);
  const hasContent = Flag.safeParse(LOG_CONTENT).data === true;
  const write = (level: "info" | "warn" | "error", event: string, fields: LogFields): void => {
    const own = { level, event };
    // oxlint-disable-next-line no-console -- the console is the Worker's log
    console[level](JSON.stringify({ ...own, ...fields, ...own }));
  };
  return {
    info: (event, fields = {}) => write("info", event, fields),
    warn: (event, fields = {}) => write("warn", event, fields),
    error: (event, thrown, fields = {}) =>
      write("error", event, { ...fields, error: describeThrown(thrown, hasContent) }),
  };
}
