/** Takes what a run says into what is kept of it, up to a size. */
import type { Broadcast } from "../../async/broadcast.ts";
import type { RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import type { RunTicket } from "../admission/run-gate.ts";
import { toEventSize } from "../response/event-size.ts";

const DROPPED = Promise.resolve();

/** Told of a run that has been ended too: its end, and what the calls that end with it have used, one event each. */
const LAST: ReadonlySet<RunEvent["type"]> = new Set(["usage", "run-end"]);

/** Takes a run's events. One that says more than `bytesMax` is ended; what it says after that, but for its last events, is dropped. */
export function createTaker(
  broadcast: Broadcast<RunEvent>,
  bytesMax: number,
  ticket: Pick<RunTicket, "abort">,
): (event: RunEvent) => Promise<void> {
  let bytes = 0;
  return (event) => {
    bytes += toEventSize(event);
    if (bytes > bytesMax && !LAST.has(event.type)) {
      ticket.abort(tooLong());
      return DROPPED;
    }
    const isRoom = broadcast.push(event);
    if (event.type === "run-end") broadcast.close();
    return isRoom;
  };
}

function tooLong(): AppError {
  return new AppError("upstream_bad_response", {
    detail: "the answer is longer than RUN_BYTES_MAX, which is what is kept of a run",
  });
}
