/** Leaves some of a run's time to what comes behind a model that may be silent. */
import { type Deadline, leaveTime, lendDeadline } from "../async/deadline.ts";
import { AppError } from "../errors.ts";
import type { Run } from "../run.ts";
import type { Progress } from "./generate.ts";

/** Sentences are chosen in a few milliseconds, on a busy machine in some more. */
const QUOTING_MS = 500;
/** A model's answer has begun by then, as a rule. */
const ANSWERING_MS = 5_000;
/** Of a short time no more than so much is kept back. */
const SHARE_MAX = 1 / 4;

/** The time of those who gather: the answer comes after it. Dispose it when they are done. */
export function leaveTimeToAnswer(run: Run): Deadline {
  const mostMs = leaveTime(run.deadline.remainingMs(), ANSWERING_MS, SHARE_MAX);
  return run.deadline.child(mostMs, "gather");
}

/**
 * The signal for a model that writes the answer: it aborts a moment before the run's end while nothing has been
 * shown, so that sentences can be quoted instead, and from the first word on with the run. Dispose it with the answer.
 */
export function leaveTimeToQuote(
  run: Run,
  progress: Progress,
): Disposable & { readonly signal: AbortSignal } {
  const leftMs = run.deadline.remainingMs();
  const mostMs = leaveTime(leftMs, QUOTING_MS, SHARE_MAX);
  const keptMs = leftMs - mostMs;
  const early = new AbortController();
  const cancel = run.clock.timer(mostMs, () => {
    if (!progress.shown) early.abort(new AppError("deadline_exceeded", { stage: "answer" }));
  });
  const signal = AbortSignal.any([run.signal, early.signal]);
  lendDeadline(signal, () =>
    Math.max(0, run.deadline.remainingMs() - (progress.shown ? 0 : keptMs)),
  );
  return { signal, [Symbol.dispose]: cancel };
}
