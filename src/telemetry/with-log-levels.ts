/** A log that leaves out what is below the level of its event. */
import type { Log } from "./log.ts";

const RANKS: Readonly<Record<string, number>> = { info: 0, warn: 1, error: 2, off: 3 };

/** `levels` is the setting: `warn`, or `info,run=off`, in which single events have a level of their own. */
export function withLogLevels(log: Log, levels: string): Log {
  let all = 0;
  const own = new Map<string, number>();
  for (const part of levels.split(",").map((one) => one.trim())) {
    const [event = "", level] = part.split("=");
    if (level === undefined) all = RANKS[event] ?? all;
    else own.set(event, RANKS[level] ?? all);
  }
  const isWritten = (event: string, rank: number): boolean => rank >= (own.get(event) ?? all);
  return {
    info: (event, fields) => {
      if (isWritten(event, 0)) log.info(event, fields);
    },
    warn: (event, fields) => {
      if (isWritten(event, 1)) log.warn(event, fields);
    },
    error: (event, thrown, fields) => {
      if (isWritten(event, 2)) log.error(event, thrown, fields);
    },
  };
}
