/** Identical work in flight is done once: those who ask meanwhile wait for the same result. */
import { findRemainingMs, lendDeadline, toAbortError } from "./deadline.ts";
import { type Count, countNothing } from "./upstream-stats.ts";

/** Runs `work` unless the same key is in flight already. `work` gets a signal of its own, not the caller's. */
export type SingleFlight<T> = (
  key: string,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
) => Promise<T>;

interface Flight<T> {
  readonly controller: AbortController;
  /** One entry a caller, even when two of them have the same signal. */
  readonly listeners: Set<{ readonly signal: AbortSignal }>;
  readonly result: Promise<T>;
}

/**
 * Creates a single flight. A caller whose signal aborts leaves with its own reason and disturbs nobody;
 * the last one to leave aborts the work and waits for its end. Failures are shared like results and
 * never kept. The work has as much time as the most patient of its listeners.
 */
export function createSingleFlight<T>(count: Count = countNothing): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();

  const forget = (key: string, flight: Flight<T>): void => {
    if (flights.get(key) === flight) flights.delete(key);
  };

  const start = (key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController();
    const listeners: Flight<T>["listeners"] = new Set();
    lendDeadline(controller.signal, () =>
      Math.max(...[...listeners].map(({ signal }) => findRemainingMs(signal))),
    );
    const result = Promise.resolve()
      .then(() => work(controller.signal))
      .finally(() => forget(key, flight));
    const flight = { controller, listeners, result };
    flights.set(key, flight);
    return flight;
  };

  return async (key, work, signal) => {
    if (signal.aborted) throw toAbortError(signal.reason);
    const joined = flights.get(key);
    if (joined !== undefined) count("shared");
    const flight = joined ?? start(key, work);
    const listener = { signal };
    flight.listeners.add(listener);
    const left = Promise.withResolvers<never>();
    const onAbort = (): void => {
      flight.listeners.delete(listener);
      const error = toAbortError(signal.reason);
      if (flight.listeners.size > 0) return left.reject(error);
      forget(key, flight);
      flight.controller.abort(error);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([flight.result, left.promise]);
    } catch (thrown) {
      if (signal.aborted) throw toAbortError(signal.reason);
      throw thrown;
    } finally {
      signal.removeEventListener("abort", onAbort);
      flight.listeners.delete(listener);
    }
  };
}
