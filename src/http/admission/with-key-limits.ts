/** The gate, where a key's own limits stand before everyone's. */
import type { KeyLimits } from "../../access/key-limits.ts";
import type { RunGate } from "./run-gate.ts";
import { enterAndTell, wrapGate } from "./wrap-gate.ts";

/** The same gate; a run of a key counts from its wish to enter until it is over. */
export function withKeyLimits(gate: RunGate, limits: KeyLimits): RunGate {
  return wrapGate(gate, {
    async enter(entrant) {
      const end = await limits.beginRun(entrant.callerId);
      return enterAndTell(gate.enter(entrant), end);
    },
  });
}
