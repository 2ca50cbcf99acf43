/** How hard the process is pressed, in few levels that do not flicker. Optional work is left out first. */
import type { Clock } from "./clock.ts";

/** Port: what a run asks before optional work. */
export interface Pressure {
  /** 0: none. 1: leave out what makes an answer better. 2: also make answers smaller. */
  readonly level: number;
}

/** Never pressed. */
export const noPressure: Pressure = { level: 0 };

export interface PressureOptions {
  readonly clock: Clock;
  /** Each gives its load: 0 is none, 1 is what the process can bear. The highest counts. */
  readonly sources: readonly (() => number)[];
  /** The load at which each level begins, rising. */
  readonly levels: readonly number[];
  /** The load must have stayed below a level's calm for this long before that level ends. */
  readonly calmMs: number;
}

/** A level ends below this share of the load at which it begins. */
const CALM_SHARE = 0.5;

/**
 * Creates a pressure. It has no timer: it looks at its sources when it is asked. Rises at once, falls level by
 * level. A time in which nobody asked counts as calm where it ends calm: every run asks, so that there were none.
 */
export function createPressure({ clock, sources, levels, calmMs }: PressureOptions): Pressure {
  let level = 0;
  let lookedMs = clock.now();
  let calmSinceMs: number | undefined;
  const isCalm = (load: number): boolean => load < (levels[level - 1] ?? 0) * CALM_SHARE;
  return {
    get level() {
      const load = Math.max(0, ...sources.map((read) => read()));
      const reached = levels.filter((begins) => load >= begins).length;
      const nowMs = clock.now();
      if (reached >= level) level = reached;
      calmSinceMs = isCalm(load) ? (calmSinceMs ?? lookedMs) : undefined;
      while (calmSinceMs !== undefined && nowMs - calmSinceMs >= calmMs) {
        level -= 1;
        calmSinceMs = isCalm(load) ? calmSinceMs + calmMs : undefined;
      }
      lookedMs = nowMs;
      return level;
    },
  };
}
