/** How runs get their place, and where answers come from, as metrics: wrappers over the two ports that decide it. */
import { toAppError } from "../../errors.ts";
import type { Meter } from "../../telemetry/meter.ts";
import type { RunGate } from "./run-gate.ts";
import type { RunSharing } from "./run-sharing.ts";
import { wrapGate } from "./wrap-gate.ts";

/** The same gate; waits and refusals are counted. */
export function withGateMetrics(gate: RunGate, meter: Meter): RunGate {
  const countRefusal = (thrown: unknown): void =>
    meter.count("tributary_refused_total", { code: toAppError(thrown).code });
  return wrapGate(gate, {
    check(callerId) {
      try {
        gate.check(callerId);
      } catch (thrown) {
        countRefusal(thrown);
        throw thrown;
      }
    },
    async enter(entrant) {
      try {
        const ticket = await gate.enter(entrant);
        meter.observe("tributary_queue_wait_seconds", ticket.waitedMs / 1_000);
        return ticket;
      } catch (thrown) {
        countRefusal(thrown);
        throw thrown;
      }
    },
  });
}

/** The same sharing; counted is whose run answers each request. */
export function withSharingMetrics(sharing: RunSharing, meter: Meter): RunSharing {
  return {
    async listen(request) {
      const listening = await sharing.listen(request);
      meter.count("tributary_answers_total", { source: listening.source });
      return listening;
    },
  };
}
