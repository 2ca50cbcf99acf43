/** Whether a caller may still see a run of its own: since it began, its key may have lost collections. */
import type { Caller } from "../../domain/caller.ts";
import type { RunEvent } from "../../domain/event.ts";

/** `rights`: the collections that the run may read before it has said which; absent: all. */
export function maySee(
  events: readonly RunEvent[],
  rights: Iterable<string> | undefined,
  { collections }: Caller,
): boolean {
  if (collections === undefined) return true;
  const start = events.find((event) => event.type === "run-start");
  // It named what there is not, for its caller, or what could not be opened: it has read nothing.
  if (start?.versions !== undefined && Object.keys(start.versions).length === 0) return true;
  const names = start?.collections ?? rights;
  return names !== undefined && [...names].every((name) => collections.has(name));
}
