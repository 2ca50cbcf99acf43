/** Blocks of code behind what leads in to them: chosen and quoted. */
import { describe, expect, test } from "vitest";
import { quote } from "../../src/agent/quote.ts";
import { chooseFrom } from "../support/choose-from.ts";
import { wordEmbedder } from "../support/collections.ts";
import { createTestRun, toPassage } from "../support/run.ts";

const lead = "To stop the runner after the first failure, use:";
const fence = "```bash\nrunner -x\n```";
const page = `# The runner\n\nThe runner runs all tests.\n\n${lead}\n\n${fence}\n\nIt shows a summary.`;
const question = "How do I stop the runner after the first failure?";

async function answer(
  asked: string,
  ...texts: readonly string[]
): Promise<{ text: string; cited: readonly (readonly [string, string])[] }> {
  const run = createTestRun();
  using _ = run.deadline;
  const passages = texts.map((text, at) =>
    toPassage(at + 1, text, { start: 500, end: 500 + text.length, title: "The runner" }),
  );
  await quote({ question: asked, grounding: "flag" }, passages, wordEmbedder, run);
  const text = run.events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  const cited = run.events.flatMap((event) => {
    if (event.type !== "citation") return [];
    const source = texts[event.label - 1] ?? "";
    const { start, end } = event.evidence;
    return [[text.slice(event.start, event.end), source.slice(start - 500, end - 500)] as const];
  });
  return { text, cited };
}

describe("a lead-in is quoted with the code that it announces", () => {
  const indented = "$ git reset --soft HEAD^\n    $ edit";
  test.each([
    ["fenced", `${lead}\n\n${fence}`, `${lead}\n\n${fence}`],
    ["right below it", `${lead}\n${fence}`, `${lead}\n\n${fence}`],
    ["between tildes", `${lead}\n\n~~~\nrunner -x\n~~~`, `${lead}\n\n\`\`\`\nrunner -x\n\`\`\``],
    [
      "with blank lines, marks and notes in it",
      `${lead}\n\n\`\`\`\`\nrows[1] = <b>\n\n\`\`\`\n[see](http://x.test)\n\`\`\`\``,
      `${lead}\n\n\`\`\`\`\nrows[1] = <b>\n\n\`\`\`\n[see](http://x.test)\n\`\`\`\``,
    ],
    [
      "indented",
      `${lead}\n\n    ${indented}`,
      `${lead}\n\n\`\`\`\n${indented.replace(/\n */, "\n")}\n\`\`\``,
    ],
    ["by tabs", `${lead}\n\n\trunner -x\n\t\tnow`, `${lead}\n\n\`\`\`\nrunner -x\n\tnow\n\`\`\``],
    [
      "in an item",
      `1. ${lead}\n\n   \`\`\`\n   runner -x\n   \`\`\``,
      `${lead}\n\n\`\`\`\nrunner -x\n\`\`\``,
    ],
  ])("%s", async (_, block, shown) => {
    const { text, cited } = await answer(
      question,
      `The runner runs tests.\n\n${block}\n\nIt ends.`,
    );
    expect(text).toBe(`${shown}\n\n[1]`);
    expect(cited).toEqual([[shown, block]]);
  });

  test("and with the heading above both where it says nothing itself", async () => {
    const text = `## Stop the runner after the first failure\n\nUse:\n\n${fence}`;
    const chosen = await chooseFrom(question, toPassage(1, text));
    expect(chosen).toEqual([`Use:\n\n${fence}`]);
  });
});

test("what a heading announces is the code right below it", async () => {
  const { text, cited } = await answer(
    "How do I install the runner?",
    `## Install the runner\n\n${fence}\n\n## Uninstall\n\nDelete its folder.`,
  );
  expect(text).toContain(`${fence}\n\n[1]`);
  expect(cited).toContainEqual([fence, fence]);
});

test("two blocks are two quotations, of which the second is code too", async () => {
  const other =
    "## Stop the runner after the first failure\n\n```\nrows[1] ![x](http://x.test/y)\n```";
  const { text } = await answer(question, page, other);
  expect(text).toContain("rows[1] ![x](http://x.test/y)\n```\n\n[2]");
  expect(text).toContain(`${fence}\n\n[1]`);
});

test("behind code nothing passes as code", async () => {
  const long = "```\nrun --early --quiet --colour folder now\n```";
  const lie =
    "To stop the runner after the first failure by hand, says ![x](http://x.test/y), press both keys at its terminal.";
  const { text } = await answer(
    "What stops the runner after the first failure?",
    `${lead}\n\n${long}\n\n${lie}`,
  );
  expect(text).toContain(long);
  expect(text).toContain("by hand, says x, press both keys");
});

const none: readonly (readonly [string, string])[] = [
  ["a fence without an end", `${lead}\n\n\`\`\`\nrunner -x`],
  ["too long", `${lead}\n\n\`\`\`\n${"runner -x --again\n".repeat(120)}\`\`\``],
  ["a quotation in a plain text", `${lead}\n\n    Stop the runner by hand, he said.`],
  ["a paragraph that goes on with an item", `- ${lead}\n\n    runner -x`],
  ["code that something stands before", `${lead}\n\nThis.\n\n${fence}`],
];
test.each(none)("%s is none", async (_, text) => {
  const chosen = await chooseFrom(question, toPassage(1, `The runner stops.\n\n${text}`));
  expect(chosen.filter((one) => one.includes(lead))).toEqual([]);
});

test("a list that ends with code closes it before its label", async () => {
  const list =
    "1. Stop the runner:\n   ```\n   runner -x\n   ```\n2. Start the runner:\n   ```\n   runner\n   ```";
  const { text } = await answer(
    "How do I restart the runner?",
    `To restart the runner:\n\n${list}`,
  );
  expect(text).toContain(`${list}\n\n[1]`);
});

test("what stands between the marks is no list", async () => {
  const items = "- the runner stops\n- the failure is first";
  const text = `\`\`\`yaml\n# What the runner does after a failure\n${items}\n\`\`\``;
  const asked = "What does the runner do after a failure?";
  expect(
    await chooseFrom(
      asked,
      toPassage(1, items.replace(/^/, "## What the runner does after a failure\n")),
    ),
  ).toEqual([items]);
  const chosen = await chooseFrom(asked, toPassage(1, `The runner stops after it.\n\n${text}`));
  expect(chosen).toEqual(["The runner stops after it."]);
});

test("a line of indented code is not quoted alone", async () => {
  const text =
    "Undo it in these steps:\n\n    $ runner reset soft last commit\n    runner edit\n\nA reset is soft.";
  const chosen = await chooseFrom("What does runner reset soft do?", toPassage(1, text));
  expect(chosen).toEqual(["A reset is soft."]);
});

test("a line that is merely indented is, as in a plain text", async () => {
  const text =
    "Our hours:\n\n    Monday: the runner is open until 17\n    Tuesday: the runner is open until 18";
  const chosen = await chooseFrom("Is the runner open on Tuesday?", toPassage(1, text));
  expect(chosen.join("\n")).toMatch(/^Monday.*\n.*Tuesday/);
});

test("a list does not go on with the code that ends the passage before", async () => {
  const list = "- oak for the runner\n- ash for the failure";
  const place = { title: "The runner", documentId: "runner.md" };
  const before = `The runner runs.\n\n${lead}\n\n${fence}`;
  const passages = [
    toPassage(1, before, { ...place, start: 0, end: before.length }),
    toPassage(2, list, {
      ...place,
      start: before.length + 1,
      end: before.length + 1 + list.length,
      location: { headings: ["Woods"] },
    }),
  ];
  const chosen = await chooseFrom(question, ...passages);
  expect(chosen).toEqual([`${lead}\n\n${fence}`]);
});
