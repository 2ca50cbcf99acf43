import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { GroundingPolicy } from "../../src/domain/ask.ts";
import {
  type AnswerWriter,
  createAnswerWriter,
  type WriterEvent,
} from "../../src/grounding/answer-writer.ts";
import { toPassage } from "../support/run.ts";

const passages = [
  toPassage(1, "Retries use jitter. Backoff doubles the wait."),
  toPassage(2, "A queue of 64 entries is bounded."),
];
const good = "Retries use jitter [1].";
const wrong = "A queue of 65 entries is bounded [2].";
const right = "A queue of 64 entries is bounded [2].";
const canary = "c0ffee42-1d7e-4a5b-9b6f-8e7d6c5b4a39";

describe("answer writer", () => {
  test("withhold leaves out what is unsupported; offsets are those of what is shown", () => {
    const { text, events, written } = write("withhold", [
      `${good} ${wrong} Backoff doubles the wait [1].`,
    ]);
    expect(text).toBe(`${good} Backoff doubles the wait [1].`);
    expect(written).toMatchObject({ withheld: 1, grounding: "grounded" });
    expect(readSpans(text, events)).toEqual([
      "citation Retries use jitter",
      `sentence-check ${good}`,
      "citation Backoff doubles the wait",
      "sentence-check Backoff doubles the wait [1].",
    ]);
  });

  test("withhold shows a sentence as soon as it is checked", () => {
    const writer = createAnswerWriter({ passages, policy: "withhold" });
    expect(writer.push("Retries use jitter [1]")).toEqual([]);
    expect(toText(writer.push(". Back"))).toBe(good);
  });

  test("repair shows what holds, and what comes after from a second draft", () => {
    const writer = createAnswerWriter({ passages, policy: "repair" });
    const events = [...writer.push(`${good} ${wrong} Backoff doubles the wait [1].`)];
    const first = writer.end();
    events.push(...first.events);
    expect(toText(events)).toBe(good);
    expect(first.draft).toEqual({
      shown: good,
      rest: `${wrong} Backoff doubles the wait [1].`,
      unsupported: [wrong],
    });
    writer.rewrite();
    events.push(...writer.push(`${right} Bananas are yellow [2].`), ...writer.end().events);
    const text = toText(events);
    expect(text).toBe(`${good} ${right}`);
    expect(readSpans(text, events).at(-1)).toBe(`sentence-check ${right}`);
  });

  test("what a second draft repeats of the sentences shown is not shown twice", () => {
    const writer = createAnswerWriter({ passages, policy: "repair" });
    const events = [...writer.push(`${good} ${wrong}`), ...writer.end().events];
    writer.rewrite();
    const again = "Retries  use jitter. [1]";
    events.push(...writer.push(`${again} ${right} ${right}`));
    const written = writer.end();
    events.push(...written.events);
    const text = toText(events);
    // A repetition of its own is the model's, as in any answer.
    expect(text).toBe(`${good} ${right} ${right}`);
    expect(readSpans(text, events).at(-1)).toBe(`sentence-check ${right}`);
    expect(written).toMatchObject({ withheld: 0, grounding: "grounded" });
  });

  test("without a second draft, repair leaves out what is unsupported", () => {
    const writer = createAnswerWriter({ passages, policy: "repair" });
    const events = [...writer.push(`${wrong} ${good}`), ...writer.end().events];
    expect(events).toEqual([]);
    const written = writer.release();
    expect(toText(written.events)).toBe(good);
    expect(written).toMatchObject({ withheld: 1, grounding: "grounded" });
    expect(written.draft).toBeUndefined();
  });

  test("repair of an answer that holds is that answer, at once", () => {
    const { text, written } = write("repair", [good]);
    expect(text).toBe(good);
    expect(written.draft).toBeUndefined();
  });

  test("passages that come meanwhile may be cited from then on", () => {
    const writer = createAnswerWriter({ passages, policy: "flag" });
    const events = [...writer.push("The breaker opens [3]. ")];
    writer.addPassages([toPassage(3, "The breaker opens.")]);
    events.push(...writer.push("The breaker opens [3]."), ...writer.end().events);
    expect(toText(events)).toBe("The breaker opens. The breaker opens [3].");
  });

  const leaks: readonly (readonly [string, string])[] = [
    ["as it is", canary],
    ["in capitals", canary.toUpperCase()],
    ["with blanks", canary.replaceAll(/(?=.)/g, " ")],
    ["with dots", canary.split("").join(".")],
    ["without its dashes", canary.replaceAll("-", "")],
    ["backwards", Array.from(canary).toReversed().join("")],
    ["in hexadecimal", Buffer.from(canary).toString("hex")],
    ["in Base64", btoa(canary)],
    ["in Base64 behind one more byte", btoa(`x${canary}`)],
    ["in Base64 within a text", btoa(`my secret is ${canary}, keep it`)],
    ["with zero-width signs", canary.split("").join("\u200b")],
    ["in bold", `**${canary.slice(0, 9)}**${canary.slice(9)}`],
  ];
  test.each(leaks)("a secret %s ends the answer before it", (_, leak) => {
    const answer = `It is ${leak} and more.`;
    const [whole, pieces] = [[answer], Array.from(answer)].map((cut) =>
      write("flag", cut, [canary]),
    );
    expect(whole?.text).toBe(pieces?.text);
    expect(whole?.text.trim()).toMatch(/^It is\W*(?:bXkgc2VjcmV0IGlzIG?|eG?)?\W*$/);
    expect(whole?.written.hasLeaked).toBe(true);
  });

  test("what merely resembles a secret is shown", () => {
    const text = `A c0ffee42 and ${canary.slice(0, -1)}8 again.`;
    expect(write("flag", Array.from(text), [canary]).text).toBe(text);
  });

  test("under every policy, the same is shown however the text is cut", () => {
    const parts = [
      good,
      wrong,
      right,
      " ",
      "\n",
      "[9]",
      "<b>",
      "```\n",
      "![x](http://e.example)",
      "。",
      "It.",
    ];
    const anyText = fc
      .array(fc.constantFrom(...parts), { maxLength: 9 })
      .map((some) => some.join(""));
    fc.assert(
      fc.property(anyText, fc.constantFrom("flag", "withhold", "repair"), (text, policy) => {
        const whole = write(policy, [text], [canary]);
        const pieces = write(policy, Array.from(text), [canary]);
        expect(pieces.text).toBe(whole.text);
        expect(pieces.written.draft).toEqual(whole.written.draft);
        expect(pieces.events.filter(({ type }) => type !== "text-delta")).toEqual(
          whole.events.filter(({ type }) => type !== "text-delta"),
        );
        const verdicts =
          policy === "flag" ? [] : whole.events.map((one) => "verdict" in one && one.verdict);
        expect(verdicts).not.toContain("unsupported");
      }),
      { numRuns: 500 },
    );
  });

  test("a secret must be long enough to be found nowhere by chance", () => {
    expect(() => createAnswerWriter({ passages, policy: "flag", secrets: ["abc"] })).toThrow(
      RangeError,
    );
  });
});

function write(
  policy: GroundingPolicy,
  pieces: readonly string[],
  secrets: readonly string[] = [],
) {
  const writer: AnswerWriter = createAnswerWriter({ passages, policy, secrets });
  const events = pieces.flatMap((piece) => writer.push(piece));
  const written = writer.end();
  events.push(...written.events);
  return { text: toText(events), events, written };
}

function toText(events: readonly WriterEvent[]): string {
  return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}

function readSpans(text: string, events: readonly WriterEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === "text-delta" ? [] : [`${event.type} ${text.slice(event.start, event.end)}`],
  );
}
