import { expect, test } from "vitest";
import { toPlainText } from "../../src/text/plain-text.ts";

test.each([
  ["at most **12** characters", "at most 12 characters"],
  ["***All*** of _them_, `__init__` too", "All of them, init too"],
  ["from **02**:**00** on", "from 02:00 on"],
  ["5*3 and 5 * 3", "5*3 and 5 * 3"],
  ["* an entry of RUNS_MAX", "* an entry of RUNS_MAX"],
  ["half\n  a\u00a0minute", "half a minute"],
  ["1 000 in 2019\n120", "1 000 in 2019\n120"],
])("%j reads %j", (text, expected) => {
  expect(toPlainText(text)).toBe(expected);
});
