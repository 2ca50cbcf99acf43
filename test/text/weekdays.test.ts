/** Weekdays by name and as part of a span. */
import { expect, test } from "vitest";
import { findWeekdays } from "../../src/text/weekdays.ts";

test.each([
  ["open on Mondays and on Sunday", [0, 6]],
  ["from Monday to Friday", [0, 1, 2, 3, 4]],
  ["de lunes a viernes y los sábados", [0, 1, 2, 3, 4, 5]],
  ["du mardi au dimanche", [1, 2, 3, 4, 5, 6]],
  ["montags bis mittwochs", [0, 1, 2]],
  ["vendredi au lundi", [0, 4, 5, 6]],
  ["Mo–Fr 8–18 Uhr", [0, 1, 2, 3, 4]],
  ["Sat-Sun", [5, 6]],
  ["täglich ab 8", [0, 1, 2, 3, 4, 5, 6]],
  ["So do I. Mo sat in the sun.", []],
])("%s", (text, days) => {
  expect([...findWeekdays(text)].toSorted((a, b) => a - b)).toEqual(days);
});
