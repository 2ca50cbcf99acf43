import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAnswerWriter, type WriterEvent } from "../../src/grounding/answer-writer.ts";
import { createGround } from "../../src/grounding/ground.ts";
import { splitSentences } from "../../src/text/sentences.ts";
import { toPassage } from "../support/run.ts";

const passages = [
  toPassage(1, "Retries use jitter. Backoff doubles the wait."),
  toPassage(2, "A queue of 64 entries is bounded.", { start: 100, end: 133 }),
  toPassage(3, "The breaker opens after repeated failures."),
];

const byLabel = new Map(passages.map((passage) => [passage.label, passage]));

describe("ground", () => {
  test("cites the sentence of the passage, checks the sentence of the answer", () => {
    const { text, events, grounding } = groundIn(["Backoff doubles the wait [1]. It rains. "]);
    expect(events).toEqual([
      {
        type: "citation",
        label: 1,
        start: 0,
        end: 24,
        evidence: { documentId: "d1", start: 20, end: 45 },
      },
      { type: "sentence-check", start: 0, end: 29, verdict: "supported", labels: [1] },
      { type: "sentence-check", start: 30, end: 39, verdict: "unsupported", labels: [] },
    ]);
    expect(text.slice(0, 24)).toBe("Backoff doubles the wait");
    expect(grounding).toBe("partly-grounded");
  });

  const claims: readonly (readonly [text: string, claims: readonly string[]])[] = [
    [
      "Retries use jitter. [1] A queue is bounded.[2]",
      ["1 Retries use jitter.", "2 A queue is bounded."],
    ],
    [
      "Retries use jitter [1], and a queue is bounded [2].",
      ["1 Retries use jitter", "2 and a queue is bounded"],
    ],
    ["Retries use jitter [1][3].", ["1 Retries use jitter", "3 Retries use jitter"]],
    ["Retries use jitter [1] [1].", ["1 Retries use jitter"]],
    ["[1] Retries use jitter.", ["1 [1] Retries use jitter."]],
    ["الطابور محدود [2]. 队列有界。[1]", ["2 الطابور محدود", "1 队列有界。"]],
    ["😀 Retries use jitter 😀 [1]", ["1 😀 Retries use jitter 😀"]],
    ["[1]", ["1 [1]"]],
    ["No marker.", []],
    ["According to [1], retries use jitter.", ["1 According to [1], retries use jitter."]],
    [
      "As stated in [1][3], retries use jitter, and a queue is bounded [2].",
      [
        "1 As stated in [1][3], retries use jitter, and a queue is bounded",
        "3 As stated in [1][3], retries use jitter, and a queue is bounded",
        "2 As stated in [1][3], retries use jitter, and a queue is bounded",
      ],
    ],
    ["Retries use jitter [1] and [3].", ["1 Retries use jitter", "3 Retries use jitter"]],
    ["Retries use jitter [1] (see [3]).", ["1 Retries use jitter", "3 Retries use jitter"]],
    ["See passage [2].", ["2 See passage [2]."]],
    ["Retries use `rows[1]` [2].", ["2 Retries use `rows[1]`"]],
    ["```js\nx[1];\n```\nRetries use jitter [1].", ["1 Retries use jitter"]],
    [
      "```rows[2]``` is one [1].\nBackoff waits [1].",
      ["1 ```rows[2]``` is one", "1 Backoff waits"],
    ],
    ["队列有界[1]。", ["1 队列有界"]],
  ];
  test.each(claims)("%j: each label vouches for the words before it", (text, expected) => {
    const { text: shown, events } = groundIn([text]);
    const found = events.flatMap((event) =>
      event.type === "citation" ? [`${event.label} ${shown.slice(event.start, event.end)}`] : [],
    );
    expect(found).toEqual(expected);
  });

  test("a marker behind a lead-in has the evidence of what follows it", () => {
    const [citation] = groundIn(["According to [1], backoff doubles the wait."]).events;
    expect(citation).toMatchObject({ evidence: { documentId: "d1", start: 20, end: 45 } });
  });

  test("evidence is counted from the start of the document, not of the passage", () => {
    const [citation] = groundIn(["A queue of 64 entries is bounded [2]."]).events;
    expect(citation).toMatchObject({ evidence: { documentId: "d2", start: 100, end: 133 } });
  });

  const groundings = [
    ["Retries use jitter [1].", "grounded"],
    ["Retries use jitter.", "ungrounded"],
    ["Retries use jitter [1]. A queue of 65 entries is bounded [2].", "partly-grounded"],
    ["Bananas are yellow [1].", "ungrounded"],
    ["Retries use jitter [1].\n\n---\n\nBackoff doubles the wait [1].", "grounded"],
    ["---", "ungrounded"],
    ["", "ungrounded"],
    ["[2]", "ungrounded"],
    [" \n ", "ungrounded"],
  ] as const;
  test.each(groundings)("%j is %s", (text, grounding) => {
    expect(groundIn([text]).grounding).toBe(grounding);
  });

  test("a sentence is settled at the first word of the next, not before", () => {
    const ground = createGround(byLabel);
    expect(ground.push("Retries use jitter.")).toEqual([]);
    expect(ground.push(" (")).toEqual([]);
    expect(ground.push("[1]")).toEqual([]);
    expect(ground.push(" B")).not.toEqual([]);
  });

  test("where the next word decides whether a sentence has ended, it is waited for", () => {
    const ground = createGround(byLabel);
    expect(ground.push("Es beginnt am 1. Ap")).toEqual([]);
    expect(ground.push("ril und endet im 2. Monat. Da")).toHaveLength(1);
    expect(ground.push("nn sind es 5. Da")).toEqual([]);
    expect(ground.push("nn en")).toHaveLength(1);
  });

  const parts = [
    "Retries use jitter",
    "a queue",
    "Dr",
    "No",
    "e.g",
    "5",
    "1",
    "I",
    "。",
    "队列",
    "ما",
    ".",
    ". ",
    "! ",
    "? ",
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "- ",
    "* ",
    "> ",
    "# ",
    "| ",
    "```\n",
    "`",
    "``",
    "```x",
    "x_y",
    " A",
    "24",
    " April",
    "---",
    "(",
    ")",
    '"',
    "”",
    "…",
    "[1]",
    "[2]",
    " [3]",
    "a long line that is wrapped by the width of its page",
  ];
  const anyText = fc
    .array(fc.constantFrom(...parts), { maxLength: 25 })
    .map((some) => some.join(""));

  test("however the text is cut, the same events come out", () => {
    fc.assert(
      fc.property(anyText, fc.array(fc.nat(200)), (text, cuts) => {
        const whole = groundIn([text]);
        expect(groundIn(cut(text, cuts))).toEqual(whole);
        expect(groundIn(text.split(""))).toEqual(whole);
      }),
      { numRuns: 400 },
    );
  });

  test("checked spans follow each other, overlap nowhere and leave out nothing but blanks", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { text: shown, events } = groundIn(text.split(""));
        let at = 0;
        for (const event of events) {
          if (event.type !== "sentence-check") continue;
          expect(event.start).toBeGreaterThanOrEqual(at);
          expect(shown.slice(at, event.start).trim()).toBe("");
          expect(event.end).toBeGreaterThan(event.start);
          at = event.end;
        }
        expect(shown.slice(at).trim()).toBe("");
      }),
      { numRuns: 400 },
    );
  });

  test("sentences without markers are those of the whole text", () => {
    fc.assert(
      fc.property(anyText, (marked) => {
        const text = marked.replaceAll(/\[\d\]|\r/g, "");
        const { events } = groundIn(text.split(""));
        const spans = events.map(({ start, end }) => ({ start, end }));
        expect(spans).toEqual(splitSentences(text));
      }),
      { numRuns: 400 },
    );
  });

  test("a citation lies within the sentence checked after it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { events } = groundIn(text.split(""));
        for (const [index, event] of events.entries()) {
          if (event.type !== "citation") continue;
          const check = events.slice(index).find(({ type }) => type === "sentence-check");
          expect(event.start).toBeGreaterThanOrEqual(check?.start ?? Infinity);
          expect(event.end).toBeLessThanOrEqual(check?.end ?? -1);
        }
      }),
    );
  });

  test("an endless sentence is followed in linear time", () => {
    const ground = createGround(byLabel);
    // Read anew at each of these, it would take minutes.
    for (let count = 0; count < 100_000; count += 1)
      ground.push(count % 9 === 0 ? "e.g. a " : "word ");
    expect(ground.end()).toHaveLength(1);
  });

  test.each([" ", "a", "[1] ", "w [1] ", "7 ", `"w `])(
    "a sentence with a quarter of a megabyte of %j is checked in linear time",
    (unit) => {
      // Quadratic time would be minutes, in which nothing else is answered, and the test would never end.
      const { events } = groundIn([`Retries use${unit.repeat(2 ** 18 / unit.length)}x [1]. Next.`]);
      const checks = events.filter((event) => event.type === "sentence-check");
      expect(checks).toHaveLength(2);
      // Nobody has read whether the passage says all that.
      expect(checks[0]).toMatchObject({ verdict: "unsupported", labels: [1] });
      expect(events.find(({ type }) => type === "citation")).toMatchObject({
        label: 1,
        evidence: { documentId: "d1", start: 0, end: 45 },
      });
    },
  );
});

interface Result {
  readonly text: string;
  readonly events: readonly Exclude<WriterEvent, { type: "text-delta" }>[];
  readonly grounding: string;
}

/** Through the writer, as in a run. */
function groundIn(pieces: readonly string[]): Result {
  const writer = createAnswerWriter({ passages, policy: "flag" });
  const all = pieces.flatMap((piece) => writer.push(piece));
  const { events, grounding } = writer.end();
  all.push(...events);
  const text = all.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { text, events: all.filter((event) => event.type !== "text-delta"), grounding };
}

function cut(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
  return places.slice(1).map((to, index) => text.slice(places[index], to));
}
