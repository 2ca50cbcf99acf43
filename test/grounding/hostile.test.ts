/** Text that is made to be read slowly: time grows with its length, not with the square or the cube of it. */
import { expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check/check-sentence.ts";
import { readEvidence } from "../../src/grounding/check/evidence.ts";
import { readText } from "../../src/grounding/check/reading.ts";
import { toPlainLinks } from "../../src/grounding/write/plain-links.ts";
import { splitComparison } from "../../src/text/comparison.ts";
import { toQuantities } from "../../src/text/numbers.ts";
import { createWaitingFrames } from "../../src/grounding/waiting-frames.ts";
import { toPlainText } from "../../src/text/plain-text.ts";

/** An answer of headings alone, while everything is held back. */
function holdBack(headings: number): void {
  const frames = createWaitingFrames();
  const verdict = "weak" as const;
  const check = { start: 0, end: 1, verdict, labels: [], framing: true as const };
  for (let at = 0; at < headings; at += 1) frames.add({ check, citations: [] }, "## Plans");
  for (let at = 0; at < headings; at += 1) frames.leaveOut();
}

/** Each took more than ten times as long. */
const MS_MAX = 4_000;

test.each([
  ["a number in each word of a text without blanks", () => toQuantities("二十天".repeat(30_000))],
  ["a sentence of many clauses", () => readText("entry: 1, and ".repeat(14_000)).clauses],
  [
    "a question of many choices",
    () => splitComparison(`which is better${", a or b".repeat(1_000)}\n x`),
  ],
  [
    "a claim of many entries beside a list of as many",
    () =>
      checkSentence("- Basic: 5 €\n".repeat(200), [readEvidence("- Basic: 5 €\n".repeat(1_000))]),
  ],
  [
    "a claim of many numbers",
    () => checkSentence("二十天".repeat(7_000), [readEvidence("二十天".repeat(100))]),
  ],
  ["headings without anything below them", () => holdBack(60_000)],
  [
    "a name of thousands of words",
    () => checkSentence("A B ".repeat(2_400), [readEvidence("A B ".repeat(25_000))]),
  ],
  ["a line of very many sentences", () => readEvidence("Ab cd. ".repeat(50_000)).sentences.length],
  ["code that begins and never ends", () => toPlainLinks(`${"`".repeat(40_000)}a`, () => false)],
  ["marks that emphasise nothing", () => toPlainText(`a${"_".repeat(200_000)}b`)],
  [
    "a claim that says all again and again",
    () => checkSentence("all parts ".repeat(2_000), [readEvidence("some parts ".repeat(4_000))]),
  ],
])("%s", (_, read) => {
  // What this thread worked: on a busy machine it may have waited for as long again and more.
  const begun = process.threadCpuUsage();
  read();
  const { user, system } = process.threadCpuUsage(begun);
  expect((user + system) / 1_000).toBeLessThan(MS_MAX);
});
