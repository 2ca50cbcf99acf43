/** How long an upstream asked us to wait, in all three forms in which they say it. */

/**
 * Milliseconds from `retry-after-ms`, or `retry-after` in seconds or as an HTTP date (RFC 9110, 10.2.3).
 * A date is read against the response's own `Date`, so that skewed clocks do not matter. Never
 * negative; undefined when nothing readable is said.
 */
export function parseRetryAfterMs(headers: Headers, wallClockMs = Date.now()): number | undefined {
  const ms = parseNumber(headers.get("retry-after-ms"));
  if (ms !== undefined) return ms;
  const value = headers.get("retry-after");
  const seconds = parseNumber(value);
  if (seconds !== undefined) return seconds * 1000;
  // Only what looks like an HTTP date: `Date.parse` makes a date of nearly everything, "-5" too.
  const untilMs = /^[A-Za-z]{3,9}, /.test(value ?? "") ? Date.parse(value ?? "") : Number.NaN;
  if (Number.isNaN(untilMs)) return undefined;
  const sentMs = Date.parse(headers.get("date") ?? "");
  return Math.max(0, untilMs - (Number.isNaN(sentMs) ? wallClockMs : sentMs));
}

function parseNumber(value: string | null): number | undefined {
  return value !== null && /^\s*\d{1,12}(\.\d*)?\s*$/.test(value) ? Number(value) : undefined;
}
