/** Claims about what stands under one of several headings of a passage. */
import { describe, expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check/check-sentence.ts";
import { toEvidence } from "../../src/grounding/check/evidence.ts";
import { toPassage } from "../support/run.ts";

const notes = `# Parcelwise release notes

## Version 3.2.0 (14 May 2025)

- Labels can be printed in batches of up to 500.

## Version 3.1.0 (2 February 2025)

- Dark mode was added to the dispatch board.
- Support for Internet Explorer was removed.`;

const offices = `## Berlin

The office opens at 8:00. Guests register with Nora Lindqvist at the front desk.

## Lisbon

The office opens at 9:30. Guests register with Rui Tavares at the front desk.`;

describe("what a heading says of the sentences below it", () => {
  test.each([
    ["Dark mode was added in version 3.1.0.", "supported", notes],
    ["Dark mode was added in version 3.2.0.", "unsupported", notes],
    ["Support for Internet Explorer was removed on 2 February 2025.", "supported", notes],
    ["Support for Internet Explorer was removed on 14 May 2025.", "unsupported", notes],
    ["Since May 2025 labels can be printed in batches of up to 500.", "supported", notes],
    ["Since February 2025 labels can be printed in batches of up to 500.", "unsupported", notes],
    ["The Lisbon office opens at 9:30.", "supported", offices],
    ["The Lisbon office opens at 8:00.", "unsupported", offices],
    ["Guests in Lisbon register with Rui Tavares.", "supported", offices],
    ["Guests in Lisbon register with Nora Lindqvist.", "unsupported", offices],
  ])("%s %s", (claim, verdict, text) => {
    const passage = toPassage(1, text, { title: "Notes" });
    expect(checkSentence(claim, [toEvidence(passage)])).toBe(verdict);
  });

  test("is nothing said of the rest, though the passage is told by it", () => {
    const location = { headings: ["Offices", "Berlin"] };
    const passage = toPassage(1, offices, { title: "Marlow", location });
    const check = (claim: string): string => checkSentence(claim, [toEvidence(passage)]);
    expect(check("The Berlin office opens at 8:00.")).toBe("supported");
    expect(check("The Berlin office opens at 9:30.")).toBe("unsupported");
  });
});

test("what follows in an entry of a list stands under its name, and the next entry does not", () => {
  const list =
    "  - Wells: Opens at 8. Closed in May.\n    No dogs.\n  - Ely: Opens at 9. Free.\n\nCall us.";
  const { sentences } = toEvidence(toPassage(1, list));
  const places = sentences.map(({ text, section }) => [text, section.text]);
  expect(places).toEqual([
    ["- Wells: Opens at 8.", ""],
    ["Closed in May.", "Wells"],
    ["No dogs.", "Wells"],
    ["- Ely: Opens at 9.", ""],
    ["Free.", "Ely"],
    ["Call us.", ""],
  ]);
});
