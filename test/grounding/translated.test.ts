/** Sentences in another language than some or all of their evidence. */
import { expect, test } from "vitest";
import { checkSentence, type Verdict } from "../../src/grounding/check/check-sentence.ts";
import { readEvidence } from "../../src/grounding/check/evidence.ts";

const english =
  "Refunds take 14 days and are paid to the card that was charged. You can cancel at any time in the settings.";
const german =
  "Die Kantine ist von 11 bis 14 Uhr geöffnet und bietet täglich zwei Gerichte an. Das Wochenende ist frei.";

const cases: readonly (readonly [Verdict, sentence: string, evidence: readonly string[]])[] = [
  ["weak", "Erstattungen dauern 14 Tage und gehen auf die belastete Karte.", [english]],
  ["unsupported", "Erstattungen dauern 30 Tage und gehen auf die belastete Karte.", [english]],
  // What its own language does not speak of may stand in the other one.
  ["weak", "Erstattungen dauern 14 Tage und gehen auf die belastete Karte.", [english, german]],
  ["unsupported", "Erstattungen dauern 30 Tage und gehen auf die Karte.", [english, german]],
  ["unsupported", "Die Kantine ist bis 16 Uhr geöffnet.", [english, german]],
  ["supported", "Die Kantine bietet zwei Gerichte an.", [english, german]],
  // One passage of another language excuses no invention.
  ["unsupported", "The moon is made of cheese and it was sold.", [english, english, german]],
];

test.each(cases)("%s: %s", (verdict, sentence, texts) => {
  expect(
    checkSentence(
      sentence,
      texts.map((text) => readEvidence(text)),
    ),
  ).toBe(verdict);
});
