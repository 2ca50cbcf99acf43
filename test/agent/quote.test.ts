import { expect, test } from "vitest";
import { quote } from "../../src/agent/quote.ts";
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
