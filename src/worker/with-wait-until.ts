/** Keeps a request's context alive until its run is over and recorded, also when the client has left. */
import type { RunGate } from "../http/run-gate.ts";
import { enterAndTell, wrapGate } from "../http/wrap-gate.ts";

export type WaitUntil = (work: Promise<unknown>) => void;

/** A gate whose runs may finish their bookkeeping: without it the platform stops a request when its client leaves. */
export function withWaitUntil(gate: RunGate, waitUntil: WaitUntil): RunGate {
  return wrapGate(gate, {
    enter(entrant) {
      const over = Promise.withResolvers<void>();
      waitUntil(over.promise);
      return enterAndTell(gate.enter(entrant), over.resolve);
    },
  });
}
