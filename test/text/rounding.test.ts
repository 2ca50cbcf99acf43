import { expect, test } from "vitest";
import { toQuantities } from "../../src/text/numbers.ts";
import { indexQuantities } from "../../src/text/quantity-index.ts";
import { toRounded } from "../../src/text/rounding.ts";

const read = (claim: string, evidence: string): readonly string[] =>
  toQuantities(claim).map((one) => toRounded(one, claim, indexQuantities(evidence)).value);

test.each([
  ["more than 300 seats", "324 seats", "324"],
  ["almost 50,000 people", "48,700 people", "48700"],
  ["casi 50.000 habitantes", "48.000 habitantes", "48000"],
  ["about 40 km", "39.8 km", "39.8"],
  ["etwa 120 Euro", "119,50 Euro", "119.5"],
])("%s may be told of %s", (claim, evidence, value) => {
  expect(read(claim, evidence)).toEqual([value]);
});

test.each([
  ["300 seats", "324 seats", "nothing says that it is rounded"],
  ["more than 400 seats", "324 seats", "it is not more"],
  ["no more than 300 seats", "324 seats", "it is not less"],
  ["never more than 300 seats", "324 seats", "it is not less"],
  ["nie mehr als 300 Plätze", "324 Plätze", "it is not less"],
  ["jamais plus de 300 places", "324 places", "it is not less"],
  ["more than 100 seats", "324 seats", "it is too far"],
  ["about 317 seats", "320 seats", "it is no rounder"],
  ["about 320 km", "324 miles", "it is another unit"],
  ["more than 5 seats", "6 seats", "it is counted"],
])("%s is not %s: %s", (claim, evidence) => {
  expect(read(claim, evidence)).toEqual(toQuantities(claim).map(({ value }) => value));
});
