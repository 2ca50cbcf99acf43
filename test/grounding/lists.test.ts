import { expect, test } from "vitest";
import { toPassage } from "../support/run.ts";
import { chooseFrom } from "../support/choose-from.ts";

const items = `- the machine itself
- a portafilter with two baskets
- a tamper of 58 mm, which fits
  both baskets
- a steam jug. It holds 600 ml.

- a bottle of descaler`;
const boxed = `The box of the machine holds five items:\n\n${items}`;
const text = `## Delivery\n\nThe machine is sent in a week.\n\n${boxed}\n\nKeep the carton for returns.`;

test.each(["What does the box of the machine hold?", "Which five items does the box hold?"])(
  "%s is answered by the whole list with its lead-in",
  async (question) => {
    const passage = toPassage(1, text, { start: 300, end: 300 + text.length });
    expect(await chooseFrom(question, passage)).toEqual([boxed]);
  },
);

test("an item that answers is quoted alone", async () => {
  expect(await chooseFrom("How wide is the tamper in mm?", toPassage(1, text))).toEqual([
    "- a tamper of 58 mm, which fits\n  both baskets",
  ]);
});

test("what a heading announces is the list right below it", async () => {
  const list = "1. Graz, opened in 2015\n2. Lyon, opened in 2019\n3. Porto, opened in 2022";
  const passage = toPassage(1, `## Foreign offices\n\n${list}\n\nAll have a kitchen.`);
  expect(await chooseFrom("Which foreign offices are there?", passage)).toEqual([list]);
  const cut = toPassage(1, list, { location: { headings: ["Company", "Foreign offices"] } });
  expect(await chooseFrom("Which foreign offices are there?", cut)).toEqual([list]);
});

test("a list whose heading is asked for speaks of all it stands under", async () => {
  const list = "- oak\n- walnut\n- ash";
  const text = `# Lund table\n\nThe Lund table has a top of 3 cm and weighs 41 kg.\n\n## Finishes\n\n${list}`;
  const passage = toPassage(1, text, { title: "Lund table" });
  expect((await chooseFrom("What finishes does the Lund table have?", passage))[0]).toBe(list);
});

test("several items of a list are quoted as the list, so that part of it does not look like all of it", async () => {
  const list = ["Care for the guests", "Care for the staff", "Care for the house", "Be on time"]
    .map((item) => `* ${item} of the hotel`)
    .join("\n");
  const passage = toPassage(1, `## Values\n\n${list}`, { title: "The hotel" });
  expect(await chooseFrom("Who does the hotel care for?", passage)).toEqual([list]);
});

const none: readonly (readonly [string, string])[] = [
  ["a lead-in without a list", "The box of the machine holds these items:\n\nThe rest is sold."],
  ["a list of one", "The box of the machine holds one item:\n\n- nothing but air"],
  [
    "a list that is too long",
    `The box of the machine holds:\n\n${"- a part of which nobody knows the name or use\n".repeat(40)}`,
  ],
];
test.each(none)("%s is no list", async (_, written) => {
  const chosen = await chooseFrom("What does the box of the machine hold?", toPassage(1, written));
  expect(chosen.filter((one) => one.includes("holds"))).toEqual([]);
});

test("a list that is cut between two passages is quoted in both its parts, in order", async () => {
  const lead = "The box of the machine holds six items:";
  const first = `${lead}\n\n- the machine\n- a portafilter\n- a tamper`;
  const second = "- a steam jug\n- a bottle of descaler\n- a brush";
  const place = { title: "The machine", documentId: "machine.md" };
  const text = `${second}\n\nKeep the carton.`;
  const behind = { ...place, start: first.length + 1, end: first.length + 1 + text.length };
  const passages = [
    toPassage(1, text, behind),
    toPassage(2, first, { ...place, start: 0, end: first.length }),
  ];
  const question = "What does the box of the machine hold?";
  expect(await chooseFrom(question, ...passages)).toEqual([first, second]);
  const elsewhere = toPassage(1, text, { ...behind, documentId: "other.md" });
  const chosen = await chooseFrom(question, elsewhere, ...passages.slice(1));
  expect(chosen).not.toEqual([first, second]);
});

test("how something is done is answered by its steps, beside a sentence that has the words", async () => {
  const kept = "The beef goulash can be frozen for three months.";
  const steps =
    "1. Cut the beef into cubes.\n2. Fry the onions until golden.\n3. Simmer for two hours.";
  const text = `# Beef goulash\n\n${kept}\n\n## Method\n\n${steps}`;
  const passage = toPassage(1, text, { title: "Beef goulash" });
  expect(await chooseFrom("How do I make beef goulash?", passage)).toContain(steps);
  expect(await chooseFrom("How long can beef goulash be frozen?", passage)).toEqual([kept]);
});

test("steps that fill a chunk are quoted as they are", async () => {
  const step = "Loosen the bolts of the cover crosswise with the long key of the tool set.";
  const steps = Array.from({ length: 18 }, (_, at) => `${at + 1}. ${step}`).join("\n");
  const passage = toPassage(1, `To replace the gasket of the pump:\n\n${steps}`, { title: "Pump" });
  expect(passage.text.length).toBeGreaterThan(1_200);
  expect(await chooseFrom("How do I replace the gasket of the pump?", passage)).toEqual([
    passage.text,
  ]);
});
