/** Keeps a request's context alive until its run is over and recorded, also when the client has left. */
import type { RunGate, RunTicket } from "../http/run-gate.ts";

export type WaitUntil = (work: Promise<unknown>) => void;

/** A gate whose runs may finish their bookkeeping: without it the platform stops a request when its client leaves. */
export function withWaitUntil(gate: RunGate, waitUntil: WaitUntil): RunGate {
  return {
    get draining() {
      return gate.draining;
    },
    get running() {
      return gate.running;
    },
    get waiting() {
      return gate.waiting;
    },
    get load() {
      return gate.load;
    },
    check: (callerId) => gate.check(callerId),
    async enter(entrant) {
      const over = Promise.withResolvers<void>();
      waitUntil(over.promise);
      try {
        return toTicket(await gate.enter(entrant), over.resolve);
      } catch (thrown) {
        over.resolve();
        throw thrown;
      }
    },
    drain: () => gate.drain(),
    abortAll: (reason) => gate.abortAll(reason),
    idle: () => gate.idle(),
  };
}

function toTicket(ticket: RunTicket, onLeave: () => void): RunTicket {
  return {
    signal: ticket.signal,
    waitedMs: ticket.waitedMs,
    abort: (reason) => ticket.abort(reason),
    leave() {
      ticket.leave();
      onLeave();
    },
  };
}
