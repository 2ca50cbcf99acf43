/** Settings of how new what is searched must be, and how long a question waits to be told. */
import { Milliseconds, MillisecondsOrNone } from "./kinds.ts";

export const FRESHNESS_SETTINGS = {
  freshnessMs: Milliseconds.default(1_000).describe(
    "How soon a commit of another process is seen.",
  ),
  staleAfterMs: Milliseconds.default(500).describe(
    "How long a question waits for the store to say what is new, before it is answered from what was there a moment ago.",
  ),
  staleMsMax: MillisecondsOrNone.default(300_000).describe(
    "Oldest look at a collection that may stand in for one that the store does not allow now; 0: none may.",
  ),
};
