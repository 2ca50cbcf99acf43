import { describe, expect, test } from "vitest";
import {
  checkSentence,
  findEvidence,
  type Verdict,
} from "../../src/grounding/check/check-sentence.ts";
import { readEvidence } from "../../src/grounding/check/evidence.ts";
import { toPassage } from "../support/run.ts";

const evidence = ["The bounded queue holds 64 entries. Ada Lovelace chose the limit in 1843."];

const cases: readonly (readonly [verdict: Verdict, sentence: string])[] = [
  ["supported", "The queue holds 64 entries."],
  ["supported", "Queues hold 64 entries!"],
  ["unsupported", "The queue holds 65 entries."],
  ["unsupported", "The bounded queue was chosen by Grace."],
  ["supported", "The limit was chosen by Ada Lovelace."],
  ["unsupported", "Bananas ripen faster in warm rooms."],
  ["weak", "The queue protects entries from readers."],
  ["unsupported", "The bounded queue does not hold 64 entries."],
  ["unsupported", "The bounded queue holds 1843 entries."],
  ["supported", "The bounded queue holds sixty-four entries."],
  ["supported", "The bounded queue keeps 64 entries."],
  ["supported", 'It says that "the bounded queue holds 64 entries".'],
  ["unsupported", 'It says that "the bounded queue always holds 64 entries".'],
  ["weak", "It is what it is."],
  ["weak", ""],
];
describe("a sentence", () => {
  test.each(cases)("is %s: %s", (verdict, sentence) => {
    expect(
      checkSentence(
        sentence,
        evidence.map((text) => readEvidence(text)),
      ),
    ).toBe(verdict);
  });

  test("without evidence is unsupported", () => {
    expect(checkSentence("The queue holds 64 entries.", [])).toBe("unsupported");
  });

  test("with the right number of another unit is unsupported", () => {
    const limit = [readEvidence("The limit of the queue is 5 GB, not more.")];
    expect(checkSentence("The limit of the queue is 5 MB, not more.", limit)).toBe("unsupported");
    expect(checkSentence("The limit of the queue is five gigabytes, not more.", limit)).toBe(
      "supported",
    );
  });

  test("with 'need' or 'exceed' tells nothing that is over", () => {
    const plan = [readEvidence("Large orders will need an approval, and exceed the limit.")];
    expect(checkSentence("Large orders need an approval.", plan)).toBe("supported");
    expect(checkSentence("Large orders needed an approval.", plan)).toBe("weak");
  });

  test("may rest on several passages", () => {
    const two = ["The queue is bounded.", "Its limit is 64."];
    expect(
      checkSentence(
        "The bounded queue has limit 64.",
        two.map((text) => readEvidence(text)),
      ),
    ).toBe("supported");
  });
});

describe("evidence", () => {
  const [text = ""] = evidence;
  const spans: readonly (readonly [claim: string, found: string])[] = [
    ["Ada Lovelace chose it", "Ada Lovelace chose the limit in 1843."],
    ["64 entries", "The bounded queue holds 64 entries."],
    ["bananas", text],
    ["", text],
  ];
  test.each(spans)("for %j is %j", (claim, found) => {
    const { start, end } = findEvidence(claim, toPassage(1, text));
    expect(text.slice(start, end)).toBe(found);
  });
});
