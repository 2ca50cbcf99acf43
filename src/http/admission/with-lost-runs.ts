/** Runs that the platform has ended without a word, as a Worker's is with its request: nobody leaves for them. */
import type { Clock } from "../../async/clock.ts";
import type { RunGate, RunTicket } from "./run-gate.ts";
import { wrapGate } from "./wrap-gate.ts";

/** A run that is not over so long after its deadline is lost: a Worker's has thirty seconds after its client has left. */
export const LOST_AFTER_MS = 60_000;

/**
 * The same gate; lost runs leave when the next one is about to enter. No timer does it, since that would be ended with
 * its request too. Wraps whatever counts runs until they leave.
 */
export function withLostRuns(gate: RunGate, clock: Clock): RunGate {
  const lostAtMs = new Map<RunTicket, number>();
  return wrapGate(gate, {
    check(callerId) {
      const nowMs = clock.now();
      for (const [ticket, atMs] of lostAtMs) if (nowMs > atMs) ticket.leave();
      gate.check(callerId);
    },
    async enter(entrant) {
      const atMs = clock.now() + entrant.deadlineMs + LOST_AFTER_MS;
      const entered = await gate.enter(entrant);
      const ticket: RunTicket = {
        ...entered,
        leave() {
          lostAtMs.delete(ticket);
          entered.leave();
        },
      };
      lostAtMs.set(ticket, atMs);
      return ticket;
    },
  });
}
