/** Every fault of the kit, drawn by chance. */
import { FAULTS, type FaultKind, type Target } from "../../scripts/chaos/fault.ts";
import type { Rule } from "../../scripts/chaos/settings.ts";
import { STREAM_SHAPES } from "../../scripts/chaos/stream-shapes.ts";

const LATE = ["latency=50-2000", "stall-after=4", "reset-after=4", "eof-after=4", "split=2"];

/** So large a share of these requests gets one of the faults that can happen there. */
export const anyFault = (on: Target, rate: number): Rule => ({
  on,
  oneOf: listFaults(on),
  rate,
  skip: 0,
});

function listFaults(place: Target): readonly string[] {
  const kinds = Object.entries<FaultKind>(FAULTS).filter(([, { on }]) => on.includes(place));
  const plain = kinds.map(([name]) => name).filter((name) => name !== "shape");
  const shapes = Object.keys(STREAM_SHAPES).map((name) => `shape=${name}`);
  return [...plain, ...LATE, ...(place === "chat" ? shapes : [])];
}
