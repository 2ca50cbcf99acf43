/** The instant by which work must end, as a signal; children end no later than their parent. */
import { AppError } from "../errors.ts";
import type { Clock } from "./clock.ts";

export interface Deadline {
  /** Aborts with an AppError: `deadline_exceeded` at the instant, or the parent's own reason. */
  readonly signal: AbortSignal;
  /** Never negative, and never more than what the parent's signal has left. */
  remainingMs(): number;
  /** A deadline for a stage: its own budget or what is left, whichever is smaller. Dispose it when the stage is over. */
  child(budgetMs: number, stage: string): Deadline;
  /** Takes the timer and the listener away. The signal does not fire any more. */
  [Symbol.dispose](): void;
}

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly budgetMs: number;
  /** Aborting it aborts the deadline's signal with the same reason. */
  readonly parent?: AbortSignal;
  /** Named in the error when the budget runs out. */
  readonly stage?: string;
}

/**
 * For code that is only handed a signal and must know how much time is left. A property, because a WeakMap of
 * signals, each of which lives for a moment, costs four times the signal itself.
 */
const REMAINING = Symbol("remaining time");
type Lent = AbortSignal & { [REMAINING]?: () => number };

/** Lets a signal of another making tell how much time is left: what is started for others has theirs. */
export function lendDeadline(signal: Lent, remainingMs: () => number): void {
  signal[REMAINING] = remainingMs;
}

/** Milliseconds left to what runs under the signal; infinite when nothing bounds it. */
export function findRemainingMs(signal: Lent): number {
  return signal[REMAINING]?.() ?? Number.POSITIVE_INFINITY;
}

/** What a stage may have of the time left: all but what comes behind it needs, of which a short time gives no more than a share. */
export function leaveTime(leftMs: number, reserveMs: number, shareMax: number): number {
  return leftMs - Math.min(reserveMs, shareMax * leftMs);
}

/** Starts a deadline `budgetMs` from now. */
export function startDeadline(options: DeadlineOptions): Deadline {
  return start(options, true);
}

/** `isFirst`: it comes before its parent's; otherwise that one ends it, and nothing goes on for a moment between the two. */
function start({ clock, budgetMs, parent, stage }: DeadlineOptions, isFirst: boolean): Deadline {
  const controller = new AbortController();
  const atMs = clock.now() + budgetMs;
  const ownMs = (): number => Math.max(0, atMs - clock.now());
  const remainingMs = (): number =>
    parent === undefined ? ownMs() : Math.min(ownMs(), findRemainingMs(parent));
  const onTime = (): void => {
    const options = stage === undefined ? {} : { stage };
    controller.abort(new AppError("deadline_exceeded", options));
  };
  const cancelTimer = isFirst ? clock.timer(Math.max(0, budgetMs), onTime) : undefined;
  const onParent = (): void => controller.abort(toAbortError(parent?.reason));
  const dispose = (): void => {
    cancelTimer?.();
    parent?.removeEventListener("abort", onParent);
  };
  controller.signal.addEventListener("abort", dispose, { once: true });
  if (parent?.aborted === true) onParent();
  else parent?.addEventListener("abort", onParent, { once: true });
  lendDeadline(controller.signal, remainingMs);
  return {
    signal: controller.signal,
    remainingMs,
    child(childBudgetMs, childStage) {
      const leftMs = ownMs();
      const budgetMs = Math.min(childBudgetMs, leftMs);
      const options = { clock, budgetMs, parent: controller.signal, stage: childStage };
      return start(options, childBudgetMs < leftMs);
    },
    [Symbol.dispose]: dispose,
  };
}

/** Why a signal aborted, as ours. One that is not ours (a socket closed, a caller's controller) is a cancellation. */
export function toAbortError(reason: unknown): AppError {
  if (reason instanceof AppError) return reason;
  const timedOut = reason instanceof DOMException && reason.name === "TimeoutError";
  return new AppError(timedOut ? "deadline_exceeded" : "cancelled", { cause: reason });
}

/** Aborts the controller when the signal does, until the result is called. */
export function follow(signal: AbortSignal, controller: AbortController): () => void {
  const onAbort = (): void => controller.abort(toAbortError(signal.reason));
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  return () => signal.removeEventListener("abort", onAbort);
}
