/** Work that never ends by itself. */

/** Rejects with the signal's reason when that aborts, and not before. */
export function heed(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
}
