/** Waits with the response until retrieval is done, so that failures before it get their true status. */
import type { Reader } from "../../async/broadcast.ts";
import type { Clock } from "../../async/clock.ts";
import type { RunEvent } from "../../domain/event.ts";

/** The events up to `retrieval-end` or `run-end`, or what there is when `holdBackMs` are over. */
export async function holdBack(
  reader: Reader<RunEvent>,
  clock: Clock,
  holdBackMs: number,
): Promise<readonly RunEvent[]> {
  const held: RunEvent[] = [];
  const untilMs = clock.now() + holdBackMs;
  for (;;) {
    const batch = await reader.read(Math.max(0, untilMs - clock.now()));
    held.push(...batch);
    const decided = batch.some(({ type }) => type === "retrieval-end" || type === "run-end");
    if (decided || reader.over || clock.now() >= untilMs) return held;
  }
}
