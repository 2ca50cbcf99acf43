/** Earlier runs, kept whole by the browser, so that they can be looked at again without asking again. */
import { forget, keep, readKept } from "./kept.ts";
import { isOpen, type View } from "./fold.ts";

const RUNS_NAME = "tributary.runs";
const RUNS_MAX = 24;

export interface KeptRun {
  readonly id: string;
  /** When it was asked, in milliseconds since 1970. */
  readonly atMs: number;
  readonly view: View;
}

/** The newest first. */
export function listRuns(): readonly KeptRun[] {
  try {
    const runs: unknown = JSON.parse(readKept(() => localStorage, RUNS_NAME) ?? "[]");
    return Array.isArray(runs) ? runs.filter(isRun) : [];
  } catch {
    return []; // an older form, or not ours
  }
}

/** Keeps it as the newest. Where there is no room, the oldest go until there is. */
export function keepRun(run: KeptRun): void {
  let runs = [run, ...listRuns().filter(({ id }) => id !== run.id)].slice(0, RUNS_MAX);
  while (runs.length > 0 && !keep(() => localStorage, RUNS_NAME, JSON.stringify(runs))) {
    runs = runs.slice(0, -1);
  }
}

/** Forgets one. */
export function dropRun(gone: string): void {
  const left = listRuns().filter(({ id }) => id !== gone);
  keep(() => localStorage, RUNS_NAME, JSON.stringify(left));
}

/** Forgets all. */
export function dropRuns(): void {
  forget(() => localStorage, RUNS_NAME);
}

function isRun(value: unknown): value is KeptRun {
  const { view } = (value ?? {}) as Partial<KeptRun>;
  return typeof view?.asked?.question === "string" && Array.isArray(view.passages) && !isOpen(view);
}
