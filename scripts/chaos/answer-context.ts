/** What the parts that make replies know of the server. */
import type { Fault, FaultName } from "./fault.ts";
import type { Player, Span } from "./play-stream.ts";
import type { Settings } from "./settings.ts";

export interface AnswerContext extends Player {
  readonly settings: Settings;
  readonly faults: readonly Fault[];
  /** Counts the answers written so far and adds one. */
  readonly nextAnswer: () => number;
}

/** The fault of this name, where the request got it. */
export function findFault(
  faults: readonly Fault[],
  ...names: readonly FaultName[]
): Fault | undefined {
  return faults.find(({ name }) => names.includes(name));
}

/** A wait as settings have it, or as a fault wants it. */
export function toSpan(fault: Fault | undefined, ms: number): Span {
  return fault === undefined ? { low: ms, high: ms } : { low: fault.value, high: fault.high };
}
