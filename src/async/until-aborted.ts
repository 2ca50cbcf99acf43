/** Stops waiting for work that cannot be told to stop. */

/**
 * The work's result, or the signal's reason as soon as it aborts. Only for work that does not take a
 * signal itself: it runs on, and whoever bounds it keeps its slot until it settles.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(ignore); // its failure has no one left to hear it
    return Promise.reject(signal.reason as Error);
  }
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (finish: () => void): void => {
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

function ignore(): void {
  // Nothing waits for it any more.
}
