/** A signal for `fetch`, which is told that nobody waits any more and not why. */

/**
 * Aborts with the signal, always with the plain `AbortError`. Any other reason is logged by the runtime of
 * Workers as an error that nobody caught, when the request's body was still on its way. Whoever wants to
 * know why asks the signal itself.
 */
export function withoutReason(signal: AbortSignal): AbortSignal {
  const plain = new AbortController();
  if (signal.aborted) plain.abort();
  else signal.addEventListener("abort", () => plain.abort(), { once: true });
  return plain.signal;
}
