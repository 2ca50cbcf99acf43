/** Counts what a sync finds and does, and keeps its problems. */
import { extname } from "node:path";
import { AppError } from "../../src/errors.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import type { SyncProblem } from "./sync-plan.ts";

export interface SyncTally {
  added: number;
  changed: number;
  unchanged: number;
  carried: number;
  blank: number;
  removed: number;
  missing: number;
  failed: number;
  warnings: number;
  readonly unsupported: Record<string, number>;
  chunksAdded: number;
  chunksChanged: number;
  chunksRemoved: number;
  tokens: number;
  filesDone: number;
  bytesDone: number;
  /** Ends the run at the first problem that is an error. */
  readonly strict: boolean;
  readonly problems: SyncProblem[];
  /** Ids of documents and files that could not be loaded: what is stored of them stays. */
  readonly spoiled: Set<string>;
}

export function createTally(strict = false): SyncTally {
  return {
    strict,
    added: 0,
    changed: 0,
    unchanged: 0,
    carried: 0,
    blank: 0,
    removed: 0,
    missing: 0,
    failed: 0,
    warnings: 0,
    unsupported: Object.create(null) as Record<string, number>,
    chunksAdded: 0,
    chunksChanged: 0,
    chunksRemoved: 0,
    tokens: 0,
    filesDone: 0,
    bytesDone: 0,
    problems: [],
    spoiled: new Set(),
  };
}

/** Counts and keeps the problem. Throws AppError invalid_request where the run is strict. */
export function addProblem(tally: SyncTally, { id, code, severity, message }: SyncProblem): void {
  const problem = { id, code, severity, message };
  if (problem.severity === "error") {
    tally.failed += 1;
    tally.spoiled.add(problem.id);
    tally.spoiled.add(toSource(problem.id));
  } else {
    tally.warnings += 1;
    if (code === "unsupported") countEnding(tally.unsupported, id);
  }
  keep(tally.problems, problem);
  if (tally.strict && severity === "error") {
    throw new AppError("invalid_request", { detail: `stopped at the first problem: ${message}` });
  }
}

function countEnding(counts: Record<string, number>, id: string): void {
  const ending = extname(id).toLowerCase();
  counts[ending] = (counts[ending] ?? 0) + 1;
}

/** Errors are kept before warnings, each in their order: what is missing must not hide behind what is odd. */
function keep(problems: SyncProblem[], problem: SyncProblem): void {
  const isFull = problems.length >= SYNC_LIMITS.problemsMax;
  if (problem.severity === "warning") {
    if (!isFull) problems.push(problem);
    return;
  }
  const firstWarning = problems.findIndex(({ severity }) => severity === "warning");
  if (isFull && firstWarning === -1) return;
  if (isFull) problems.pop();
  problems.splice(firstWarning === -1 ? problems.length : firstWarning, 0, problem);
}

/** `notes.csv#12` came from `notes.csv`. */
function toSource(id: string): string {
  const mark = id.lastIndexOf("#");
  return mark === -1 ? id : id.slice(0, mark);
}
