import { expect, test } from "vitest";
import { extract } from "../../src/grounding/extract/extractive.ts";
import { wordEmbedder } from "../support/collections.ts";
import { toPassage } from "../support/run.ts";

const { signal } = new AbortController();
const title = "How do I reset the grinder?";

async function chooseFrom(question: string, text: string, under = title) {
  const passage = toPassage(1, text, { title: under, start: 40, end: 40 + text.length });
  const { chosen } = await extract(question, [passage], wordEmbedder, signal);
  return chosen.map(({ candidate }) => {
    expect(text.slice(candidate.start - 40, candidate.end - 40)).toBe(candidate.text);
    return candidate.text;
  });
}

const steps = "Hold the button until it beeps twice.";
const effect = "A reset makes the grinder forget all settings.";

test.each([title, "how to reset my grinder"])(
  "under the question itself the answer is what stands first, whatever its words: %s",
  async (question) => {
    expect(await chooseFrom(question, `${steps} ${effect}`)).toEqual([steps, effect]);
  },
);

test("a yes or no that begins the answer is part of it", async () => {
  const use = "Use a water softener with the machine where water is hard.";
  const question = "Can I use a water softener with the machine?";
  expect(await chooseFrom(question, `Yes. ${use}`, question)).toEqual([`Yes. ${use}`]);
});

test.each([
  ["another question", "What does a reset of the grinder make it forget?", title],
  ["a heading that is no question", title, "Resetting the grinder"],
])("under %s only what speaks of it is quoted", async (_, question, under) => {
  expect(await chooseFrom(question, `${steps} ${effect}`, under)).toEqual([effect]);
});

test("an answer that comes later than what is quoted at most is not left out", async () => {
  const early = ["Sit down first.", "Breathe slowly for a while.", "Drink a glass of cold water."];
  const chosen = await chooseFrom(title, [...early, effect].join(" "));
  expect(chosen).toContain(effect);
});

test("of several questions in one passage, what stands below the one that is asked is quoted", async () => {
  const water = "Salt corrodes the seals and voids the guarantee.";
  const text = [
    "# The pump",
    "The pump moves salt water and fresh water alike in all our pictures.",
    "## May I use the pump with salt water?",
    `No. ${water}`,
    "## Does the pump float?",
    "It sinks at once.",
  ].join("\n\n");
  const question = "Can I use the pump with salt water?";
  expect(await chooseFrom(question, text, "The pump")).toEqual([`No. ${water}`]);
});

const errors = [
  "# The logger",
  "The logger stores values day and night, on a card of its own.",
  "## What does error E07 mean?",
  "The cable is broken.",
  "## What does error E12 mean?",
  "The battery is low.",
  "## Disposal",
  "Bring it to a collecting point.",
].join("\n\n");

test.each([
  ["E12", ["The battery is low."]],
  ["error E07", ["The cable is broken."]],
  ["disposal", ["Bring it to a collecting point."]],
])(
  "what stands below the heading that the keywords %s name is quoted",
  async (keywords, answer) => {
    expect(await chooseFrom(keywords, errors, "The logger")).toEqual(answer);
  },
);

test("keywords that several headings ask about name none of them", async () => {
  expect(await chooseFrom("error", errors, "The logger")).not.toEqual(["The cable is broken."]);
});
