/** Earlier runs, kept whole by the browser, so that they can be looked at again without asking again. */
import { forget, keep, readKept } from "./kept.ts";
import type { Question } from "./client.ts";
import { isOpen, type View } from "./fold.ts";

const RUNS_NAME = "tributary.runs";
const RUNS_MAX = 24;

export interface KeptRun {
  readonly id: string;
  /** When it was asked, in milliseconds since 1970. */
  readonly atMs: number;
  readonly view: View;
}

/** A name for a run of this browser. `crypto.randomUUID` is there for pages with TLS only. */
export function createRunName(): string {
  return `${Date.now()}-${Math.random()}`;
}

const OPEN_NAME = "tributary.open";

/** The run that this tab reads: the page that is loaded anew in its middle goes on with it. */
export interface OpenRun {
  /** As in `KeptRun`. */
  readonly id: string;
  /** As the service calls it. */
  readonly runId: string;
  readonly asked: Question;
}

/** Keeps it for this tab; undefined: none is read any more. */
export function keepOpenRun(run: OpenRun | undefined): void {
  if (run === undefined) forget(() => sessionStorage, OPEN_NAME);
  else keep(() => sessionStorage, OPEN_NAME, JSON.stringify(run));
}

/** The run this tab was reading when it was left. */
export function readOpenRun(): OpenRun | undefined {
  const text = readKept(() => sessionStorage, OPEN_NAME);
  return text === undefined ? undefined : (JSON.parse(text) as OpenRun);
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
