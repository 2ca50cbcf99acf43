/** Claims of many kinds beside what they rest on, from claims.txt: `P` a passage, or several between `||`, `L` a lie about it, `T` what is true of it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check/check-sentence.ts";
import { readEvidence } from "../../src/grounding/check/evidence.ts";

interface Case {
  readonly kind: string;
  readonly passages: readonly string[];
  readonly claim: string;
  readonly isLie: boolean;
}

const text = await readFile(join(import.meta.dirname, "claims.txt"), "utf8");
const cases: Case[] = [];
let [kind, passages]: [string, readonly string[]] = ["", []];
for (const line of text.trimEnd().split("\n")) {
  const [mark, rest] = [line.slice(0, 2), line.slice(2).trim()];
  if (mark === "# ") kind = rest;
  else if (mark === "P:") passages = rest.split("||");
  else if (mark === "L:" || mark === "T:") {
    cases.push({ kind, passages, claim: rest, isLie: mark === "L:" });
  } else throw new Error(`what is ${line}?`);
}

const check = ({ passages: given, claim }: Case) =>
  checkSentence(
    claim,
    given.map((one) => readEvidence(one.trim())),
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
