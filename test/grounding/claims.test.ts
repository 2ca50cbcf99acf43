/** Claims of many kinds beside what they rest on, lies and truths, from claims.txt. */
import { describe, expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check/check-sentence.ts";
import { readEvidence } from "../../src/grounding/check/evidence.ts";
import { type ClaimCase, readClaims } from "../support/claims.ts";

const cases = await readClaims();

const check = ({ passages: given, claim }: ClaimCase) =>
  checkSentence(
    claim,
    given.map((one) => readEvidence(one)),
  );

describe("a lie is never supported", () => {
  test.each(cases.filter(({ isLie }) => isLie))("$kind: $claim", (one) => {
    expect(check(one)).not.toBe("supported");
  });
});

describe("what is true is never unsupported", () => {
  test.each(cases.filter(({ isLie }) => !isLie))("$kind: $claim", (one) => {
    expect(check(one)).not.toBe("unsupported");
  });
});
