/** The gate, where a key's own limits stand before everyone's. */
import type { KeyLimits } from "../access/key-limits.ts";
import type { RunGate } from "./run-gate.ts";

/** The same gate; a run of a key counts from its wish to enter until it is over. */
export function withKeyLimits(gate: RunGate, limits: KeyLimits): RunGate {
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
    check(callerId) {
      limits.checkRun(callerId);
      gate.check(callerId);
    },
    async enter(entrant) {
      const end = limits.beginRun(entrant.callerId);
      try {
        const ticket = await gate.enter(entrant);
        return {
          ...ticket,
          leave() {
            end();
            ticket.leave();
          },
        };
      } catch (thrown) {
        end();
        throw thrown;
      }
    },
    drain: () => gate.drain(),
    abortAll: (reason) => gate.abortAll(reason),
    idle: () => gate.idle(),
  };
}
