/** What wrappers of the gate have in common. */
import type { RunGate, RunTicket } from "./run-gate.ts";

/** The same gate with another door; what it tells stays what the gate tells at that moment. */
export function wrapGate(gate: RunGate, door: Partial<Pick<RunGate, "check" | "enter">>): RunGate {
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
    enter: (entrant) => gate.enter(entrant),
    drain: () => gate.drain(),
    abortAll: (reason) => gate.abortAll(reason),
    idle: () => gate.idle(),
    ...door,
  };
}

/** Enters; `onOver` is called when the run has left, or when it gets no place. */
export async function enterAndTell(
  entering: Promise<RunTicket>,
  onOver: () => void,
): Promise<RunTicket> {
  try {
    const ticket = await entering;
    return {
      ...ticket,
      leave() {
        ticket.leave();
        onOver();
      },
    };
  } catch (thrown) {
    onOver();
    throw thrown;
  }
}
