import { expect, test } from "vitest";
import { splitComparison } from "../../src/text/comparison.ts";

test.each([
  ["Is the A 4 heavier than the A 5?", ["Is the A 4 how heavy?", "Is the A 5 how heavy?"]],
  [
    "Which is cheaper, Basic or Pro?",
    ["Which is how expensive Basic?", "Which is how expensive Pro?"],
  ],
  ["Is Basic or Pro cheaper?", ["Is Basic how expensive?", "Is Pro how expensive?"]],
  [
    "Which costs more, Basic or Pro?",
    ["Which is how expensive Basic?", "Which is how expensive Pro?"],
  ],
  [
    "Is delivery to Germany more expensive than to Austria?",
    ["Is delivery to Germany how expensive?", "Is delivery to Austria how expensive?"],
  ],
  ["Are chairs heavier than tables?", ["Are chairs how heavy?", "Are tables how heavy?"]],
  [
    "Do tables have a longer guarantee than chairs?",
    ["Do tables have a how long guarantee?", "Do chairs have a how long guarantee?"],
  ],
  ["Are Orla and Mira both rivers?", ["Are Orla rivers?", "Are Mira rivers?"]],
  [
    "Do the Basic plan and the Pro plan both include support?",
    ["Do the Basic plan include support?", "Do the Pro plan include support?"],
  ],
])("%s asks the same of both", (question, sides) => {
  expect(splitComparison(question)).toEqual(sides);
});

test.each([
  "Which documents are no longer needed?",
  "Is it open longer than 8 hours?",
  "Can more than 500 labels be printed?",
  "Does it run on Windows or Linux?",
  "How heavy is the older one?",
  "Are both rivers long?",
  "Did Orla and Mira meet after they both left?",
  "Are Orla, Mira and Tarn and Aune both long?",
  "Which plans include both support and storage?",
])("%s compares no two things", (question) => {
  expect(splitComparison(question)).toBeUndefined();
});
