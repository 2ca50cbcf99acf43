/** What is told of an answer does not depend on the pieces in which it comes. */
import { expect, test } from "vitest";
import { createAnswerWriter } from "../../src/grounding/answer-writer.ts";
import { toPassage } from "../support/run.ts";

const passages = [
  toPassage(1, "The agent runs on Ubuntu. Basic costs 5 EUR. Standard costs 12 EUR."),
  toPassage(2, "Refunds are paid within 14 days."),
];

const answers = [
  "The agent runs on:\n1. Ubuntu [1]\n2. Windows [1]\n",
  "The agent runs on:\n(1) Ubuntu [1]\n\nRefunds are paid within 14 days. [2]",
  "1. **Basic**\n2. **Standard:** 12 EUR [1]\n3. **Enterprise**\n   - It costs 12 EUR [1].\n",
  "Refunds are paid within\n14 days [2].\n100 days are too many.\n10. Ten",
  "## 2. Plans\n\n| Plan | Price |\n|---|---|\n| Basic | 5 EUR [1] |\n\n---\nSure! Sources: [1][2]",
  "The agent runs on Ubuntu. Basic costs 5 EUR. [1]\n\nPlans [1]:\n\n- Basic costs 5 EUR\n- Standard costs 12 EUR\n\nSources: [2]",
  "- Der Agent läuft auf Ubuntu\n- Basic kostet 5 EUR\n- Rückzahlungen kommen innerhalb von 14 Tagen [1][2]",
  "Run this:\n```bash\nrun the agent\n```\nRefunds are paid within 14 days [2].",
];

test.each(answers)("%j", (answer) => {
  for (const policy of ["flag", "withhold"] as const) {
    const told = (pieces: readonly string[]) => {
      const writer = createAnswerWriter({ passages, policy });
      const events = pieces.flatMap((piece) => writer.push(piece));
      const { events: last, grounding } = writer.end();
      const all = [...events, ...last];
      const text = all.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
      return { text, grounding, rest: all.filter(({ type }) => type !== "text-delta") };
    };
    const whole = told([answer]);
    expect(told(Array.from(answer))).toEqual(whole);
    for (let at = 1; at < answer.length; at += 1) {
      expect(told([answer.slice(0, at), answer.slice(at)])).toEqual(whole);
    }
  }
});
