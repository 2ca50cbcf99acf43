/** Keeps a request's context alive until its run is over and recorded, also when the client has left. */
import type { RunGate } from "../http/admission/run-gate.ts";
import { enterAndTell, wrapGate } from "../http/admission/wrap-gate.ts";

export type WaitUntil = (work: Promise<unknown>) => void;

/**
 * A gate whose runs may finish their bookkeeping: without it the platform stops a request when its client leaves.
 * `afterRun` is part of it: what is sent to others when a run is over.
 */
export function withWaitUntil(
  gate: RunGate,
  waitUntil: WaitUntil,
  afterRun: () => Promise<void> = async () => undefined,
): RunGate {
  return wrapGate(gate, {
    enter(entrant) {
      const over = Promise.withResolvers<void>();
      waitUntil(over.promise.then(afterRun));
      return enterAndTell(gate.enter(entrant), over.resolve);
    },
  });
}
