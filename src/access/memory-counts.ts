/** Counts in the memory of this process. */
import type { Clock } from "../async/clock.ts";
import { type Counts, WINDOW_MS, type WindowName } from "./counts.ts";

interface Window {
  readonly untilMs: number;
  used: number;
}

/** Creates counts of nothing. A window is forgotten at its end. */
export function createMemoryCounts(clock: Clock): Counts {
  const windows = { minute: new Map<string, Window>(), day: new Map<string, Window>() };
  const runs = new Map<string, number>();

  const find = (name: WindowName, id: string): Window => {
    const nowMs = clock.now();
    const last = windows[name].get(id);
    if (last !== undefined && nowMs < last.untilMs) return last;
    return { untilMs: nowMs + WINDOW_MS[name], used: 0 };
  };
  const toUse = ({ used, untilMs }: Window) => ({ used, resetMs: untilMs - clock.now() });
  return {
    async add(name, id, amount) {
      const window = find(name, id);
      window.used += amount;
      windows[name].set(id, window);
      return toUse(window);
    },
    read: async (name, id) => toUse(find(name, id)),
    async beginRun(id, max) {
      const others = runs.get(id) ?? 0;
      if (others >= max) return undefined;
      runs.set(id, others + 1);
      return () => {
        const left = (runs.get(id) ?? 1) - 1;
        if (left > 0) runs.set(id, left);
        else runs.delete(id);
      };
    },
  };
}
