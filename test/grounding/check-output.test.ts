import { describe, expect, test } from "vitest";
import { checkOutput } from "../../src/grounding/check/check-output.ts";
import { toPassage } from "../support/run.ts";

const passages = [
  toPassage(1, "The gateway has a retry limit of 5. It was raised on March 4, 2024.", {
    start: 40,
  }),
  toPassage(2, "The gateway is owned by the Platform team. Ada Byron leads it from London."),
  toPassage(3, "Storage costs $1,250.50 a month. Nobody may delete a backup before 30 days."),
];
const QUESTION = "What is known of the gateway and its storage?";

function checkOne(value: unknown, schema: object = {}, question = QUESTION) {
  const { checks } = checkOutput({ value, schema: schema as never, question, passages });
  return checks.map(({ pointer, verdict, citations }) => [
    pointer,
    verdict,
    citations.map(({ label }) => label),
  ]);
}

test.each<[unknown, string, string, readonly number[]]>([
  [{ retryLimit: 5 }, "/retryLimit", "supported", [1]],
  [{ retryLimit: 6 }, "/retryLimit", "unsupported", []],
  [{ retryLimit: 1 }, "/retryLimit", "unsupported", []],
  [{ lead: "Ada Byron" }, "/lead", "supported", [2]],
  [{ lead: "Ada Lovelace" }, "/lead", "unsupported", []],
  [{ lead: "Byron" }, "/lead", "supported", [2]],
  [{ city: "London" }, "/city", "weak", [2]],
  [{ raisedOn: "2024-03-04" }, "/raisedOn", "supported", [1]],
  [{ raisedOn: "2024-03-05" }, "/raisedOn", "unsupported", []],
  [{ raisedAt: "2024-03-04T00:00:00Z" }, "/raisedAt", "supported", [1]],
  [{ raisedAt: "2024-03-05T00:00:00Z" }, "/raisedAt", "unsupported", []],
  [{ raisedAt: "2024-03-04T10:30:00Z" }, "/raisedAt", "unsupported", []],
  [{ storageCosts: 1250.5 }, "/storageCosts", "supported", [3]],
  [{ storage_costs: 1250 }, "/storage_costs", "unsupported", []],
  [{ rule: "Nobody may delete a backup before 30 days." }, "/rule", "supported", [3]],
  [{ rule: "Everybody may delete a backup before 30 days." }, "/rule", "unsupported", []],
  [{ rule: "Nobody may delete a backup before 60 days." }, "/rule", "unsupported", []],
  [{ lead: "Ada London Gateway" }, "/lead", "unsupported", []],
  [{ "a/b": [{ owner: "Platform team" }] }, "/a~1b/0/owner", "supported", [2]],
])("%j: %s is %s by %j", (value, ...expected) => {
  expect(checkOne(value)).toEqual([expected]);
});

test.each([
  ["2024-03-04T10:30:00+01:00", "The gateway opened on March 4, 2024 at 10:30.", "supported"],
  ["2024-03-04 10:30", "Das Gateway öffnete am 4. März 2024 um 10:30 Uhr.", "supported"],
  ["2024-03-04T10:31:00Z", "The gateway opened on March 4, 2024 at 10:30.", "unsupported"],
  ["2024-03-04T10:30:15Z", "The gateway opened on March 4, 2024 at 10:30.", "unsupported"],
  ["2024-03-04T10:30:00Z", "The gateway opened on March 5, 2024 at 10:30.", "unsupported"],
])("the moment %s in %j is %s", (openedAt, text, verdict) => {
  const asked = { value: { openedAt }, schema: {}, question: "When did the gateway open?" };
  const { checks } = checkOutput({ ...asked, passages: [toPassage(1, text)] });
  expect(checks.map((one) => one.verdict)).toEqual([verdict]);
});

test("a short value that stands in a sentence which denies stands there all the same", () => {
  const passage = toPassage(1, "The agent runs on Ubuntu; macOS is not supported by the agent.");
  const asked = { schema: {}, question: "What does the agent not run on?", passages: [passage] };
  const { checks } = checkOutput({ ...asked, value: { notSupported: "macOS" } });
  expect(checks).toMatchObject([{ verdict: "supported", citations: [{ label: 1 }] }]);
});

test("a text of several sentences is as good as its worst, and rests on what they rest on", () => {
  const text = "The gateway has a retry limit of 5. Ada Byron leads the Platform team from London.";
  expect(checkOne({ text })).toEqual([["/text", "supported", [1, 2]]]);
  expect(checkOne({ text: `${text} It costs 77 euros.` })).toEqual([
    ["/text", "unsupported", [1, 2]],
  ]);
});

test("what cannot be looked for is unchecked, and bears nothing out", () => {
  const schema = { properties: { kind: { enum: ["gateway", 5] }, fixed: { const: "London" } } };
  const value = { kind: "gateway", fixed: "London", on: true, off: null, blank: " ", list: [] };
  expect(checkOne(value, schema)).toEqual(
    ["kind", "fixed", "on", "off", "blank"].map((key) => [`/${key}`, "unchecked", []]),
  );
  expect(checkOutput({ value, schema, question: QUESTION, passages }).grounding).toBe("ungrounded");
});

describe("citations", () => {
  test("are spans of the document that hold the value", () => {
    const value = { retryLimit: 5, lead: "Ada Byron", costs: 1250.5 };
    const { checks } = checkOutput({ value, schema: {}, question: QUESTION, passages });
    const spans = checks.flatMap(({ citations }) =>
      citations.map(({ label, evidence: { start, end } }) => {
        const passage = passages[label - 1];
        return passage?.text.slice(start - passage.start, end - passage.start);
      }),
    );
    expect(spans).toEqual([
      "The gateway has a retry limit of 5.",
      "Ada Byron leads it from London.",
      "Storage costs $1,250.50 a month.",
    ]);
  });

  test("of one leaf are few", () => {
    const many = Array.from({ length: 12 }, (_, index) => toPassage(index + 1, "The limit is 5."));
    const { checks } = checkOutput({
      value: { limit: 5 },
      schema: {},
      question: "q",
      passages: many,
    });
    expect(checks[0]?.citations).toHaveLength(3);
  });
});

test("the whole is grounded when every leaf that can be checked is", () => {
  const ground = (value: unknown) =>
    checkOutput({ value, schema: {}, question: QUESTION, passages }).grounding;
  expect(ground({ retryLimit: 5, on: true })).toBe("grounded");
  expect(ground({ retryLimit: 5, other: "Zanzibar" })).toBe("partly-grounded");
  expect(ground({ other: "Zanzibar" })).toBe("ungrounded");
});

test("so many leaves are looked at and no more", () => {
  const value = Array.from({ length: 1_200 }, () => "London");
  const { checks, isCut, grounding } = checkOutput({ value, schema: {}, question: "Where is London?", passages }); // prettier-ignore
  expect(checks).toHaveLength(1_000);
  expect(isCut).toBe(true);
  expect(grounding).not.toBe("grounded");
});
