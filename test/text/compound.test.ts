import { expect, test } from "vitest";
import { toQuantities } from "../../src/text/numbers.ts";
import { holdsQuantity, indexQuantities } from "../../src/text/quantity-index.ts";

const isHeld = (claim: string, evidence: string): boolean =>
  toQuantities(claim).every((one) => holdsQuantity(indexQuantities(evidence), one));

test.each([
  ["3 h 20 min", "200 minutes"],
  ["3 hours and 20 minutes", "200 minutes"],
  ["200 minutes", "3 hours and 20 minutes"],
  ["2 Jahre und 6 Monate", "30 Monate"],
  ["1 m 80 cm", "180 cm"],
  ["3 hours", "3 hours 20 minutes"],
])("%s is %s", (claim, evidence) => {
  expect(isHeld(claim, evidence)).toBe(true);
});

test.each([
  ["2 h 20 min", "200 minutes"],
  ["3 h 20 min", "3 hours"],
  ["2 years and 6 days", "30 months"],
  ["5 GB, 5 MB", "5005 MB"],
])("%s is not %s", (claim, evidence) => {
  expect(isHeld(claim, evidence)).toBe(false);
});
