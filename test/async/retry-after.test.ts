import { expect, test } from "vitest";
import { parseRetryAfterMs } from "../../src/async/retry-after.ts";

const DATE = "Sun, 22 Nov 2026 10:00:00 GMT";
const WALL_CLOCK_MS = Date.parse("2026-11-22T10:00:50Z");

const cases: readonly (readonly [string, Readonly<Record<string, string>>, number | undefined])[] =
  [
    ["milliseconds", { "retry-after-ms": "1500" }, 1_500],
    ["milliseconds before seconds", { "retry-after-ms": "1500", "retry-after": "9" }, 1_500],
    ["seconds", { "retry-after": "7" }, 7_000],
    ["a fraction of seconds", { "retry-after": "0.25" }, 250],
    ["nothing to wait", { "retry-after": "0" }, 0],
    [
      "a date, read against the response's own clock",
      { "retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", date: DATE },
      30_000,
    ],
    [
      "a date, read against ours when the response has none",
      { "retry-after": "Sun, 22 Nov 2026 10:01:00 GMT" },
      10_000,
    ],
    ["a date that has passed", { "retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", date: DATE }, 0],
    ["a negative number", { "retry-after": "-5", date: DATE }, undefined],
    ["words", { "retry-after": "soon" }, undefined],
    ["an empty header", { "retry-after": "" }, undefined],
    ["no header", {}, undefined],
  ];

test.each(cases)("parseRetryAfterMs reads %s", (_, headers, expected) => {
  const parsed = parseRetryAfterMs(new Headers(headers), WALL_CLOCK_MS);
  expect(parsed).toBe(expected);
});
