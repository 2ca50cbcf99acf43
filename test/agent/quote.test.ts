import { expect, test } from "vitest";
import { quote } from "../../src/agent/quote.ts";
import type { Passage } from "../../src/domain/event.ts";
import { wordEmbedder } from "../support/collections.ts";
import { createTestRun, toPassage } from "../support/run.ts";

const question = "Why do retries use jitter?";
const wrapped =
  "- Retries use jitter so that the many clients of one service\n  do not come back at the same moment.";
const second =
  "Retries without jitter make clients come back together, and retries use it to avoid that.";

test("each sentence is one line, cited over exactly its span, with its place in the document", async () => {
  const run = createTestRun();
  using _ = run.deadline;
  const passages = [
    toPassage(1, wrapped, { start: 500, end: 500 + wrapped.length }),
    toPassage(2, second),
  ];
  expect(await quote({ question, grounding: "flag" }, passages, wordEmbedder, run)).toBe(true);
  const text = run.events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  expect(text).not.toMatch(/\n|^- /);
  const cited = run.events.flatMap((event) => (event.type === "citation" ? [event] : []));
  const checks = run.events.flatMap((event) => (event.type === "sentence-check" ? [event] : []));
  expect(cited.length).toBeGreaterThan(0);
  expect(checks.map(({ start, end }) => [start, end])).toEqual(
    cited.map(({ start, end }) => [start, end]),
  );
  for (const { label, start, end, evidence } of cited) {
    expect(text.slice(end)).toMatch(new RegExp(`^ \\[${label}\\]`));
    const passage = passages[label - 1];
    const source = passage?.text.slice(
      evidence.start - passage.start,
      evidence.end - passage.start,
    );
    expect(source?.replace(/\s*\n\s*/g, " ").replace(/^- /, "")).toBe(text.slice(start, end));
  }
});

test("where no sentence answers, nothing is emitted", async () => {
  const run = createTestRun();
  using _ = run.deadline;
  expect(
    await quote(
      { question: "Who painted it?", grounding: "flag" },
      [toPassage(1, wrapped)],
      wordEmbedder,
      run,
    ),
  ).toBe(false);
  expect(run.events).toEqual([]);
});

test("a list keeps its lines, apart from other sentences, and is one citation", async () => {
  const run = createTestRun();
  using _ = run.deadline;
  const list =
    "Retries use jitter in these ways:\n\n- full jitter waits at random [3]\n- equal jitter waits half";
  const text = `${second}\n\n${list}`;
  await quote({ question, grounding: "flag" }, [toPassage(1, text)], wordEmbedder, run);
  const answer = run.events
    .map((event) => (event.type === "text-delta" ? event.text : ""))
    .join("");
  const quoted = list.replace(" [3]", "");
  expect(answer).toContain(`${quoted} [1]`);
  expect(answer.replace(quoted, "LIST").split("\n\n").toSorted()).toEqual(
    ["LIST [1]", `${second} [1]`].toSorted(),
  );
  const [citation] = run.events.filter(
    (event) => event.type === "citation" && answer.slice(event.start, event.end) === quoted,
  );
  expect(citation).toMatchObject({
    evidence: { start: text.indexOf(list), end: text.length },
  });
});

test("a row of a table is said with the names of its columns, and cited as it stands there", async () => {
  const run = createTestRun();
  using _ = run.deadline;
  const row = "| IT \\| Support | Aisha Rahman | | 2.14 |";
  const location = { headings: [], columns: "| Department | Head | Since | |" };
  const passage = toPassage(1, row, { location, start: 700, end: 700 + row.length });
  const asked = "Who is the head of IT support?";
  await quote({ question: asked, grounding: "flag" }, [passage], wordEmbedder, run);
  const answer = run.events
    .map((event) => (event.type === "text-delta" ? event.text : ""))
    .join("");
  expect(answer).toBe("Department: IT | Support; Head: Aisha Rahman; 2.14 [1]");
  const [citation] = run.events.filter((event) => event.type === "citation");
  expect(citation).toMatchObject({
    end: answer.length - " [1]".length,
    evidence: { start: 700, end: passage.end },
  });
});

const tariffs =
  "## Tariff 2024\n\n| Band | Price |\n|---|---|\n| Day | 31.2 ct |\n\n## Tariff 2025\n\n| Band | Price |\n|---|---|\n| Day | 33.9 ct |";
const notes =
  "## Version 3.2.0 (14 May 2025)\n\n- Labels can be printed in batches.\n\n## Version 3.1.0 (2 February 2025)\n\n- Support for old browsers was removed.";

test.each([
  ["What is the day price in 2025?", tariffs, "Tariff 2025 – Band: Day; Price: 33.9 ct [1]"],
  [
    "Which version removed support for old browsers?",
    notes,
    "Version 3.1.0 (2 February 2025) – Support for old browsers was removed. [1]",
  ],
  [
    "When was support for old browsers removed?",
    notes,
    "Version 3.1.0 (2 February 2025) – Support for old browsers was removed. [1]",
  ],
  ["Was support for old browsers removed?", notes, "Support for old browsers was removed. [1]"],
])(
  "the heading that has what is asked for is shown, and cited: %s",
  async (asked, text, answer) => {
    const run = createTestRun();
    using _ = run.deadline;
    const passage = toPassage(1, text);
    await quote({ question: asked, grounding: "flag" }, [passage], wordEmbedder, run);
    const shown = run.events
      .map((event) => (event.type === "text-delta" ? event.text : ""))
      .join("");
    expect(shown).toBe(answer);
    const [first] = run.events.flatMap((event) => (event.type === "citation" ? [event] : []));
    if (first === undefined) throw new Error("nothing is cited");
    const { start, end, evidence } = first;
    expect(text.slice(evidence.start, evidence.end).replace(/^- /, "")).toBe(
      shown.slice(start, end),
    );
  },
);

const page = "https://docs.example/budget";

/** The address of the second goes on where that of the first ends. */
function sources(text: string): readonly Passage[] {
  return [
    toPassage(1, text, { metadata: { url: page } }),
    toPassage(2, "Other.", { metadata: { url: `${page}/more` } }),
  ];
}

test.each([
  ["a link", "the [retry `budget`](./budget.md#size) says so", "the retry `budget` says so"],
  ["one by name", "the [retry budget][budget] says so", "the retry budget says so"],
  ["one with a title", 'the [budget](https://x.test "Budget") says so', "the budget says so"],
  ["a picture", "![the budget](x.png) says so", "the budget says so"],
  [
    "a picture that is a link",
    "[![the budget](x.png)](https://x.test) says so",
    "the budget says so",
  ],
  ["an address with brackets", "the [budget](https://x.test/a_(b)) says so", "the budget says so"],
  ["code", "`[budget](./budget.md)` says so", "`[budget](./budget.md)` says so"],
  ["a link to a source", `[budget](${page}) says so`, `[budget](${page}) says so`],
  ["a picture of a source", `![the budget](${page}) says so`, "the budget says so"],
  ["a link over lines", "the [retry\nbudget](./budget.md) says so", "the retry budget says so"],
  ["a note", "the [budget][12] says so", "the [budget] says so"],
  ["an index", "rows[last][first] says so", "rows[last][first] says so"],
  [
    "a page that was wrapped",
    "the  budget\n      of the pro‐\n      gram says so",
    "the budget of the program says so",
  ],
])("%s is quoted as it reads", async (_what, written, shown) => {
  const { answer, cited } = await answerWith(`Retries use jitter because ${written}.`);
  expect(answer).toBe(`Retries use jitter because ${shown}. [1]`);
  expect(cited).toEqual([`Retries use jitter because ${shown}.`]);
});

async function answerWith(text: string): Promise<{ answer: string; cited: readonly string[] }> {
  const run = createTestRun();
  using _ = run.deadline;
  await quote({ question, grounding: "flag" }, sources(text), wordEmbedder, run);
  const answer = run.events
    .map((event) => (event.type === "text-delta" ? event.text : ""))
    .join("");
  const cited = run.events.flatMap((event) =>
    event.type === "citation" ? [answer.slice(event.start, event.end)] : [],
  );
  return { answer, cited };
}
