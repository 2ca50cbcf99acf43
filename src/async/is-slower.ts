/** Tells whether work takes longer than a while, and lets it go on. */
import type { Clock } from "./clock.ts";

/** Whether nothing has come of it after so long. */
export async function isSlower(
  work: Promise<unknown>,
  delayMs: number,
  clock: Clock,
): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const cancel = clock.timer(delayMs, () => late.resolve(true));
  const ended = (): void => late.resolve(false);
  work.then(ended, ended);
  return late.promise.finally(cancel);
}
