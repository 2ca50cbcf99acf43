/** Which marker a sentence without one shares, and when that is told. */
import { describe, expect, test } from "vitest";
import { createAnswerWriter, type WriterEvent } from "../../src/grounding/answer-writer.ts";
import { toPassage } from "../support/run.ts";

const passages = [
  toPassage(1, "The agent runs on Ubuntu and Debian. Basic costs 5 EUR. Refunds take 14 days."),
  toPassage(2, "Support answers within one hour. Phones are staffed on Sunday."),
];

const isCheck = (event: WriterEvent) => event.type === "sentence-check";

/** Each sentence that claims something: its verdict, and the labels it rests on. */
function read(answer: string, policy: "flag" | "withhold" = "flag"): readonly string[] {
  const writer = createAnswerWriter({ passages, policy });
  const events = [...writer.push(answer), ...writer.end().events];
  return events
    .filter(isCheck)
    .filter(({ framing }) => framing !== true)
    .map(({ verdict, labels }) => `${verdict} ${labels.join(",")}`);
}

const cases: readonly (readonly [name: string, answer: string, expected: readonly string[]])[] = [
  [
    "the marker behind a paragraph covers its sentences",
    "The agent runs on Ubuntu. Basic costs 5 EUR. Refunds take 14 days [1].",
    ["supported 1", "supported 1", "supported 1"],
  ],
  [
    "the marker behind a list covers its entries",
    "- The agent runs on Ubuntu\n- Basic costs 5 EUR\n\n- Refunds take 14 days [1]",
    ["supported 1", "supported 1", "supported 1"],
  ],
  [
    "one in what leads in covers what stands below",
    "Basics [1]:\n\n- Basic costs 5 EUR\n- Refunds take 14 days",
    ["supported 1", "supported 1", "supported 1"],
  ],
  [
    "an entry that leads in to entries of its own leaves the marker above the list to them",
    "Basics [1]:\n\n- Prices:\n  - Basic costs 5 EUR\n- Refunds take 14 days",
    ["supported 1", "weak ", "supported 1", "supported 1"],
  ],
  [
    "a line of sources covers what stands above it",
    "Basic costs 5 EUR. Refunds take 14 days.\n\nSources: [1]",
    ["supported 1", "supported 1"],
  ],
  [
    "a paragraph ends with its blank line",
    "Basic costs 5 EUR.\n\nRefunds take 14 days [1].",
    ["weak ", "supported 1"],
  ],
  [
    "what the passage of the next marker does not say it does not bear out",
    "Basic costs 5 EUR. Support answers within one hour [2].",
    ["weak ", "supported 2"],
  ],
  [
    "only the passages that bear a sentence out are named",
    "Basic costs 5 EUR. Support answers within one hour [2][1].",
    ["supported 1", "supported 2,1"],
  ],
  [
    "nothing comes after the last",
    "Refunds take 14 days [1]. Basic costs 5 EUR.",
    ["supported 1", "weak "],
  ],
  [
    "a lie is one wherever its marker stands",
    "Basic costs 7 EUR. Refunds take 14 days [1].",
    ["unsupported ", "supported 1"],
  ],
];

describe("a sentence without a marker", () => {
  test.each(cases)("%s", (_, answer, expected) => {
    expect(read(answer)).toEqual(expected);
  });
});

test("a shared marker is a citation too", () => {
  const writer = createAnswerWriter({ passages, policy: "flag" });
  const events = [
    ...writer.push("Basic costs 5 EUR. Refunds take 14 days [1]."),
    ...writer.end().events,
  ];
  expect(events.find(({ type }) => type === "citation")).toEqual({
    type: "citation",
    label: 1,
    start: 0,
    end: 18,
    evidence: { documentId: "d1", start: 37, end: 55 },
  });
});

test("a sentence is shown before its marker comes, and told of behind it", () => {
  const writer = createAnswerWriter({ passages, policy: "withhold" });
  const shown = writer.push("Basic costs 5 EUR. Refunds take");
  expect(shown).toEqual([{ type: "text-delta", text: "Basic costs 5 EUR." }]);
  const last = writer.push(" 14 days [1].\n\nSupport");
  expect(last.filter(isCheck).map(({ verdict }) => verdict)).toEqual(["supported", "supported"]);
});

test("so many sentences at most wait for one marker: checking thousands at once would hold up everyone else's answer", () => {
  const writer = createAnswerWriter({ passages, policy: "flag" });
  const answer = "Basic costs 5 EUR. ".repeat(100);
  expect(writer.push(answer).filter(isCheck)).toHaveLength(35);
  const last = [...writer.push("Refunds take 14 days [1]."), ...writer.end().events];
  const verdicts = last.filter(isCheck).map(({ verdict }) => verdict);
  expect(verdicts.filter((verdict) => verdict === "supported")).toHaveLength(65);
});
