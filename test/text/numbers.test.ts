import { expect, test } from "vitest";
import { toQuantities } from "../../src/text/numbers.ts";

/** Text → values, each with its unit. */
const cases: readonly (readonly [string, readonly string[]])[] = [
  ["It holds 64 entries.", ["64"]],
  ["1,250.5 and 1 250 and 1.250.000", ["1250.5", "1250", "1250000"]],
  ["2 million people, 3.5 billion stars", ["2000000", "3500000000"]],
  ["two million and twenty-five", ["2000000", "25"]],
  ["5 GB, 5 gigabytes, 5MB", ["5 gb", "5 gb", "5 mb"]],
  ["12 % or 12 percent or twelve per cent", ["12 %", "12 %", "12 %"]],
  ["$5 or 5 dollars", ["5 $", "5 $"]],
  ["the 3rd and the third, in the 1990s", ["3", "3", "1990"]],
  ["within 30 seconds", ["30 s"]],
  ["B2B and GPT4 are names", []],
  ["no number", []],
];
test.each(cases)("%j holds %j", (text, expected) => {
  const found = toQuantities(text).map(({ value, unit }) =>
    unit === undefined ? value : `${value} ${unit}`,
  );
  expect(found).toEqual(expected);
});
