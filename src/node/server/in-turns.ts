/** Requests that come by the hundred are taken a few in each turn of the event loop, so that what has begun goes on. */
import { createTurns } from "../../async/turns.ts";
import type { Fetch } from "./create-server.ts";

/** About 10 ms of work. */
const REQUESTS_A_TURN = 8;
const HEALTH = /^https?:\/\/[^/]+\/(?:livez|readyz|metrics)(?:$|\?)/;

/**
 * The same application. All requests that have arrived would else be taken in one turn, however many they are, and
 * two thousand of them take seconds: meanwhile no run hears of its store, and its limits of time pass.
 */
export function inTurns(fetch: Fetch): Fetch {
  const turn = createTurns(setImmediate, REQUESTS_A_TURN);
  return async (request, env) => {
    if (!isUrgent(request)) await turn();
    return fetch(request, env);
  };
}

/** Health waits in no queue, nor does who takes work away: a run that is cancelled would go on until its turn. */
function isUrgent({ method, url }: Request): boolean {
  return method === "DELETE" || HEALTH.test(url);
}
