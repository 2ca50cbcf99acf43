/** Which run an archive knows under a key of a caller: one look for all who ask at the same time. */
import type { Clock } from "../../async/clock.ts";
import { startDeadline } from "../../async/deadline.ts";
import { createSingleFlight } from "../../async/single-flight.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { Ask } from "../../domain/ask.ts";
import { type RequestKey, type RunArchive, type StoredRun, toScopedKey } from "./archive.ts";

export interface LookUpDeps {
  readonly archive: RunArchive;
  readonly clock: Clock;
}

/** Takes of the caller's time. Throws AppError: deadline_exceeded, cancelled, and what the archive throws. */
export type LookUp = (
  asking: { readonly ask: Ask; readonly client?: AbortSignal | undefined },
  key: RequestKey,
) => Promise<StoredRun | undefined>;

/**
 * Creates a look that is shared while it is under way: else who comes second could begin a run under the key and end
 * it before the first hears that there is none, and begins another.
 */
export function createLookUp({ archive, clock }: LookUpDeps): LookUp {
  const share = createSingleFlight<StoredRun | undefined>();
  return async ({ ask, client }, { name }) => {
    const parent = client === undefined ? {} : { parent: client };
    const options = { clock, budgetMs: ask.deadlineMs, stage: "admission", ...parent };
    using deadline = startDeadline(options);
    const { id } = ask.caller;
    const find = (everyone: AbortSignal) => untilAborted(archive.findByKey(id, name), everyone);
    return await share(toScopedKey(id, name), find, deadline.signal);
  };
}
