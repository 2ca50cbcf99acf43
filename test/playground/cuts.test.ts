/** Where the page cuts texts: answers at markers and sentences, passages at evidence, time at ticks. */
import { expect, test } from "vitest";
import type { Citation, SentenceCheck } from "../../src/domain/event.ts";
import { cut, findCitation, type Part } from "../../src/playground/page/annotate.ts";
import { cutEvidence } from "../../src/playground/page/evidence.ts";
import { toLevels, toPeak, toTicks } from "../../src/playground/page/lanes.ts";
import { passage } from "../support/app.ts";

const check = (start: number, end: number): SentenceCheck => ({
  start,
  end,
  verdict: "weak",
  labels: [1],
});
const cite = (start: number, end: number, from = 0, to = 4): Citation => ({
  label: 1,
  start,
  end,
  evidence: { documentId: "a.md", start: from, end: to },
});
const show = (part: Part): string =>
  part.type === "marker"
    ? `${part.check === undefined ? "" : "!"}#${part.label}`
    : `${part.check === undefined ? "" : "!"}${part.text}@${part.start}`;

test("an answer is cut at its markers and where checked sentences begin and end", () => {
  const parts = cut("One. Two. [1] Three.", 100, [check(105, 109)], (label) => label === 1);
  expect(parts.map(show)).toEqual(["One. @100", "!Two.@105", " @109", "#1", " Three.@113"]);
});

test("a marker within a checked sentence belongs to it, the blank before it does not", () => {
  const parts = cut("One is two [1].", 0, [check(0, 15)], (label) => label === 1);
  expect(parts.map(show)).toEqual(["!One is two@0", " @10", "!#1", "!.@14"]);
});

test("a number that is no passage stays text", () => {
  expect(cut("Array[0] and [7]", 0, [], (label) => label === 1).map(show)).toEqual([
    "Array[0] and [7]@0",
  ]);
});

test("a sentence that goes on in the next piece of text is checked in both", () => {
  const checks = [check(0, 9)];
  expect(cut("Half", 0, checks, () => false).map(show)).toEqual(["!Half@0"]);
  expect(cut("open.", 4, checks, () => false).map(show)).toEqual(["!open.@4"]);
});

test("a marker stands for the nearest citation before it", () => {
  const near = cite(10, 20);
  expect(findCitation([cite(0, 9), near, cite(30, 40)], { label: 1, start: 21 })).toBe(near);
  expect(findCitation([near], { label: 2, start: 21 })).toBeUndefined();
  expect(findCitation([near], { label: 1, start: 9 })).toBeUndefined();
});

test("a marker within a citation stands for it where none ends before", () => {
  const around = cite(10, 30);
  expect(findCitation([around], { label: 1, start: 23 })).toBe(around);
  const near = cite(0, 9);
  expect(findCitation([near, around], { label: 1, start: 23 })).toBe(near);
});

const stretches = (...args: Parameters<typeof cutEvidence>): string[] =>
  cutEvidence(...args).map(({ role, text }) => `${role}:${text}`);

test("evidence is counted from the passage's place in its document", () => {
  const moved = { ...passage, start: 50, end: 70 };
  const first = cite(0, 1, 50, 58);
  expect(stretches(moved, [first, cite(2, 3, 63, 69)], first)).toEqual([
    "chosen:Timeouts",
    "plain: are ",
    "cited:limits",
    "plain:.",
  ]);
});

test("evidence that overlaps, that is elsewhere or outside of the passage", () => {
  expect(stretches(passage, [cite(0, 1, 0, 8), cite(0, 1, 4, 12)])).toEqual([
    "cited:Time",
    "cited:outs",
    "cited: are",
    "plain: limits.",
  ]);
  const elsewhere = { ...cite(0, 1), evidence: { documentId: "b.md", start: 0, end: 4 } };
  expect(stretches(passage, [elsewhere, cite(0, 1, 500, 900)])).toEqual([`plain:${passage.text}`]);
});

const span = (startMs: number, endMs: number) => ({ stage: "s", startMs, endMs, critical: false });

test("what ran at the same time is counted moment for moment, and touching is not together", () => {
  const levels = toLevels([span(0, 10), span(2, 6), span(6, 8)]);
  expect(levels.map(({ fromMs, toMs, running }) => [fromMs, toMs, running])).toEqual([
    [0, 2, 1],
    [2, 6, 2],
    [6, 8, 2],
    [8, 10, 1],
  ]);
  expect(toPeak(levels)).toBe(2);
  expect(toPeak(toLevels([]))).toBe(0);
});

test.each([
  [1, 6, [0, 0.2, 0.4, 0.6000000000000001, 0.8]],
  [118, 6, [0, 20, 40, 60, 80, 100]],
  [31_000, 6, [0, 10_000, 20_000, 30_000]],
])("the axis of %d ms has round ticks", (extentMs, ticksMax, expected) => {
  expect(toTicks(extentMs, ticksMax)).toEqual(expected);
});
