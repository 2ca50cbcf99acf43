import { expect, test } from "vitest";
import type { Passage } from "../../src/domain/event.ts";
import {
  ANSWERABLE_SURE,
  extract,
  scoreSentences,
} from "../../src/grounding/extract/extractive.ts";
import { quote } from "../../src/agent/quote.ts";
import { createStaticEmbedder } from "../../src/models/static/static-embedder.ts";
import { loadStaticTable } from "../../src/node/load/load-static-table.ts";
import { wordEmbedder } from "../support/collections.ts";
import { createTestRun, toPassage } from "../support/run.ts";
import { chooseFrom } from "../support/choose-from.ts";

const { signal } = new AbortController();

async function quoteFrom(question: string, ...passages: readonly Passage[]): Promise<string> {
  const run = createTestRun();
  using _ = run.deadline;
  await quote({ question, grounding: "flag" }, passages, wordEmbedder, run);
  return run.events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}

const contacts = [
  "| Department | Head | Office |",
  "| --- | --- | --- |",
  "| Sales | Tom Brandt | 1.02 |",
  "| IT | Aisha Rahman | 2.14 |",
];

test("a row is read with the names of its columns, and the one that is asked for is quoted", async () => {
  const question = "Who is the head of IT?";
  const passage = toPassage(1, contacts.join("\n"), { title: "Contacts" });
  const scored = await scoreSentences(question, [passage], wordEmbedder, signal);
  const rows = scored.filter(({ candidate }) => candidate.header && !candidate.lead);
  expect(rows.map(({ candidate }) => candidate.text)).toEqual(contacts.slice(2));
  expect(rows.map(({ features }) => features.coverage)).toEqual([0, 1]);
  expect(await chooseFrom(question, passage)).toEqual(contacts.slice(3));
  expect(await chooseFrom("Who painted the Mona Lisa?", passage)).toEqual([]);
});

test("a row alone is quoted with the names of its columns", async () => {
  const passage = toPassage(1, contacts.join("\n"), { title: "Contacts" });
  expect(await quoteFrom("Who is the head of IT?", passage)).toBe(
    "Department: IT; Head: Aisha Rahman; Office: 2.14 [1]",
  );
});

test("a row of a CSV file is quoted whole, each value behind its name and apart from the next", async () => {
  const [first, second] = [
    "Name: Mina Sato\nDepartment: Finance\nOffice: Berlin\nPhone: 4435",
    "Name: Otto Brandt\nDepartment: Facilities\nOffice: Berlin\nPhone: 4450",
  ].map((text, at) => toPassage(at + 1, text, { title: "Staff", documentId: `staff.csv#${at}` }));
  if (first === undefined || second === undefined) throw new Error("no rows");
  expect(await quoteFrom("What is the phone number of Mina Sato?", first, second)).toBe(
    "Name: Mina Sato; Department: Finance; Office: Berlin; Phone: 4435 [1]",
  );
});

test("a table none of whose rows is named is quoted whole, its label behind it", async () => {
  const text = `These are in charge:\n\n${contacts.join("\n")}\n\nAll speak English.`;
  const passage = toPassage(1, text, { title: "Contacts" });
  const whole = `These are in charge:\n\n${contacts.join("\n")}`;
  expect(await quoteFrom("Who is head of which department?", passage)).toBe(`${whole}\n\n[1]`);
});

const prices = [
  "| Model | Tank | Price |",
  "|---|---|---|",
  "| Barista | 1.8 l | 349 |",
  "| Barista Plus | 2.4 l | 499 |",
  "| Grinder 5 | 0.4 l | 50 |",
  "| Grinder 50 | 0.9 l | 99 |",
];

test.each([
  ["What is the price of the Barista Plus model?", 3],
  ["What is the price of the Grinder 50 model?", 5],
])("of rows that share a name, the one that has all of it is quoted: %s", async (question, row) => {
  const passage = toPassage(1, prices.join("\n"), { title: "Machines" });
  expect(await chooseFrom(question, passage)).toEqual([prices[row]]);
});

test("what the title says of all rows names none of them", async () => {
  const title = "Minutes of 4 March";
  const table =
    "| Who | Task | Until |\n|---|---|---|\n| Ada | Paint the hall | 14 March |\n| Bo | Buy a lamp | 2 May |";
  const passage = toPassage(1, `Tasks:\n\n${table}`, { title });
  expect(await chooseFrom("List the tasks of 4 March", passage)).toEqual([passage.text]);
});

test("a passage that begins in the middle of a table has the names of its columns", async () => {
  const [first = "", ...rows] = prices;
  const question = "What is the price of the Grinder 50 model?";
  const place = { title: "Machines", documentId: "machines.md" };
  const rest = toPassage(1, rows.slice(3).join("\n"), place);
  const named = { ...rest, location: { headings: [], columns: first } };
  expect(await quoteFrom(question, named)).toBe("Model: Grinder 50; Tank: 0.9 l; Price: 99 [1]");
  expect(await quoteFrom(question, rest)).not.toContain("Price: 99");
});

test("what stands under a heading within a passage is about that heading", async () => {
  const text = [
    "# Rooms",
    "## Attic",
    "| Size | Beds |\n|---|---|\n| 20 m | 2 |\n| 25 m | 3 |",
    "## Cellar",
    "| Size | Beds |\n|---|---|\n| 40 m | 6 |\n| 45 m | 7 |",
  ].join("\n\n");
  const [best] = await chooseFrom("How many beds has the cellar?", toPassage(1, text));
  expect(best).toContain("| 40 m | 6 |");
});

test("figures and acronyms among the names of the columns are known in the middle of a table too", async () => {
  const columns = "| City | Revenue 2024 | MSRP |";
  const location = { headings: [], columns };
  const place = { title: "Branches", location };
  const rows = "| Graz | 11.4 million | 40 |\n| Jena | 9.1 million | 38 |";
  const passage = toPassage(1, rows, place);
  const { answerable } = await extract(
    "What was the revenue of Graz in 2024?",
    [passage],
    wordEmbedder,
    signal,
  );
  expect(answerable).toBeGreaterThan(ANSWERABLE_SURE);
  expect(await chooseFrom("What is the MSRP in Graz?", passage)).toEqual([rows.split("\n")[0]]);
});

test("a row of empty cells is no frame, and makes no names of the row above it", async () => {
  const [names = "", frame = "", sales = "", it = ""] = contacts;
  const text = [names, frame, sales, "|  |  |  |", it].join("\n");
  const passage = toPassage(1, text, { title: "Contacts" });
  expect(await quoteFrom("Who is the head of Sales?", passage)).toBe(
    "Department: Sales; Head: Tom Brandt; Office: 1.02 [1]",
  );
  expect(await quoteFrom("Who is the head of IT?", passage)).toBe(
    "Department: IT; Head: Aisha Rahman; Office: 2.14 [1]",
  );
});

test("where a row is named, no other table below the same names is quoted beside it", async () => {
  const names = "| Room | Beds | Price |\n|---|---|---|";
  const attic = `${names}\n| Blue room | 2 | 80 |\n| Red room | 3 | 95 |`;
  const cellar = `${names}\n| Vault | 6 | 60 |\n| Pantry | 1 | 35 |`;
  const text = `# House\n\n## Attic\n\n${attic}\n\n## Cellar\n\n${cellar}`;
  const passage = toPassage(1, text, { title: "House" });
  const question = "What is the price of the blue room?";
  expect(await chooseFrom(question, passage)).toEqual(["| Blue room | 2 | 80 |"]);
});

test("a table that was cut is quoted in all its parts, each below the names of its columns", async () => {
  const [columns = "", frame = "", ...rows] = prices;
  const first = [columns, frame, ...rows.slice(0, 2)].join("\n");
  const second = rows.slice(2).join("\n");
  const place = { title: "Machines", documentId: "machines.md" };
  const start = first.length + 1;
  const location = { headings: [], columns };
  const passages = [
    toPassage(1, first, { ...place, start: 0, end: first.length }),
    toPassage(2, second, { ...place, location, start, end: start + second.length }),
  ];
  expect(await quoteFrom("What is the price of each model?", ...passages)).toBe(
    `${first}\n\n[1]\n\n${columns}\n| --- | --- | --- |\n${second}\n\n[2]`,
  );
  const named = await quoteFrom("What is the price of the Grinder 50 model?", ...passages);
  expect(named).toBe("Model: Grinder 50; Tank: 0.9 l; Price: 99 [2]");
});

test("whether a table that was cut answers is told by its beginning", async () => {
  const [columns = "", frame = "", ...rows] = prices;
  const head = `What is on sale, and under which conditions it may be bought:\n\n${columns}\n${frame}\n`;
  const first = `The shop is open. It is in the town. Ask there. Bring a bag.\n\n${head}${rows.slice(0, 2).join("\n")}`;
  const second = rows.slice(2).join("\n");
  const place = { title: "Machines", documentId: "machines.md" };
  const start = first.length + 1;
  const location = { headings: [], columns };
  const passages = [
    toPassage(2, first, { ...place, start: 0, end: first.length }),
    toPassage(1, second, { ...place, location, start, end: start + second.length }),
  ];
  const scored = await scoreSentences("What models are there?", passages, wordEmbedder, signal);
  const [best] = scored.toSorted((a, b) => b.score - a.score);
  expect(best?.candidate.passage.label).toBe(2);
  expect(best?.candidate.text).toContain(columns);
});

test("a cell of several sentences does not end its row", async () => {
  const text = [
    "| Topic | Advice | Owner |",
    "| --- | --- | --- |",
    "| Retries | Use jitter. It spreads the load. | Greta Moreau |",
    "| Caching | Keep entries small. Old ones go first. | Hugo Tanaka |",
  ].join("\n");
  const passage = toPassage(1, text, { title: "Advice" });
  expect(await quoteFrom("Who is the owner of caching?", passage)).toBe(
    "Topic: Caching; Advice: Keep entries small. Old ones go first.; Owner: Hugo Tanaka [1]",
  );
});

const plans = toPassage(
  1,
  "All prices are per month.\n\n| Plan | Price |\n| --- | --- |\n| Basic | 5 € |\n| Pro | 12 € |",
  { title: "Pricing" },
);
const jackets = toPassage(
  1,
  "# Trailhead jackets\n\nThe Trailhead jacket is made of recycled nylon and weighs 410 g.\n\n## Sizes\n\n| Size | Chest |\n|---|---|\n| S | 92 cm |\n| M | 100 cm |",
  { title: "Trailhead jackets" },
);

test.each([
  ["Which plans are there?", plans, "| Basic | 5 € |\n| Pro | 12 € |"],
  ["What plans do you offer?", plans, "| Basic | 5 € |\n| Pro | 12 € |"],
  ["What sizes are available?", jackets, "| S | 92 cm |\n| M | 100 cm |"],
  ["What sizes does the Trailhead jacket come in?", jackets, "| S | 92 cm |\n| M | 100 cm |"],
])("what there is of a kind is told by the table of them: %s", async (question, passage, rows) => {
  const [first] = await chooseFrom(question, passage);
  expect(first).toContain(rows);
});

const grinders = toPassage(
  1,
  "## Kestrel 200\n\n| Property | Value |\n|---|---|\n| Weight | 1.8 kg |\n| Capacity | 250 g |\n\n## Kestrel 400\n\n| Property | Value |\n|---|---|\n| Weight | 2.6 kg |\n| Capacity | 400 g |",
  { title: "Grinders" },
);

test("of the same row in two tables, the one under the heading that is asked for is quoted", async () => {
  expect(await chooseFrom("How heavy is the Kestrel 400?", grinders)).toEqual([
    "| Weight | 2.6 kg |",
  ]);
  expect(await chooseFrom("How heavy is the Kestrel 200?", grinders)).toEqual([
    "| Weight | 1.8 kg |",
  ]);
});

const rivers = toPassage(1, "The Orla is 212 km long. The Mira is 148 km long.", {
  title: "Rivers",
});

test.each([
  ["Which is cheaper, Basic or Pro?", plans, ["| Basic | 5 € |", "| Pro | 12 € |"]],
  [
    "Is the Kestrel 400 heavier than the Kestrel 200?",
    grinders,
    ["| Weight | 2.6 kg |", "| Weight | 1.8 kg |"],
  ],
  [
    "Is the Orla longer than the Mira?",
    rivers,
    ["The Orla is 212 km long.", "The Mira is 148 km long."],
  ],
])("both sides of a comparison are quoted: %s", async (question, passage, both) => {
  expect(await chooseFrom(question, passage)).toEqual(both);
});

test("a comparison of which one side is unknown is not surely answered", async () => {
  const question = "Is the Orla longer than the Tarn?";
  const { chosen, answerable } = await extract(question, [rivers], wordEmbedder, signal);
  expect(chosen.map(({ candidate }) => candidate.text)).toContain("The Orla is 212 km long.");
  expect(answerable).toBeLessThan(ANSWERABLE_SURE);
});

const bars = toPassage(
  1,
  "What is in 100 g of each bar:\n\n| Nutrient | Oat | Nut |\n| --- | --- | --- |\n| Fat | 12 g | 26 g |\n| Salt | 0.4 g | 0.6 g |",
  { title: "Cereal bars" },
);
const lamp = toPassage(1, "Name: Halo floor lamp\nArticle: L-1002\nPrice: 129 EUR", {
  title: "Lamps",
});
const leave = toPassage(
  1,
  "## Special leave\n\n| Occasion | Days |\n| --- | --- |\n| Own wedding | 2 |\n| Moving house | 1 |",
  { title: "Special leave" },
);

test.each([
  ["How much salt is in the Oat bar?", bars, true],
  ["How much caffeine is in the Oat bar?", bars, false],
  ["What is the article number of the Halo floor lamp?", lamp, true],
  ["What is the weight of the Halo floor lamp?", lamp, false],
  ["How many days of special leave are there for a wedding?", leave, true],
  ["How many days of special leave are there for a graduation?", leave, false],
])(
  "a row or column that a table has not is not surely told: %s",
  async (question, passage, isSure) => {
    const embedder = createStaticEmbedder(await loadStaticTable());
    const { answerable } = await extract(question, [passage], embedder, signal);
    expect(answerable >= ANSWERABLE_SURE).toBe(isSure);
  },
);
