/** The page's state, folded from events. */
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import { fold, isOpen, startView, type View } from "../../src/playground/page/fold.ts";
import { goodRun, makeEnd, retrievalEnd, runStart } from "../support/app.ts";

const asked = { question: "What are timeouts?", mode: "direct", collections: [] } as const;

function foldAll(events: readonly RunEvent[]): View {
  return events.reduce((view, event, index) => fold(view, event, index * 10), startView(asked));
}

test("a whole run comes to its answer, its sources and its end", () => {
  const view = foldAll(goodRun);
  expect(view).toMatchObject({ phase: "ended", answer: "Timeouts are limits. [1]" });
  expect(view.passages.map(({ label }) => label)).toEqual([1]);
  expect(view.citations).toHaveLength(1);
  expect(view.checks).toHaveLength(1);
  expect(isOpen(view)).toBe(false);
});

test("the first words count from the question, and only once", () => {
  expect(foldAll(goodRun).firstTextMs).toBe(20);
});

test("without its last event a run stays open, so that whoever reads to the end knows it broke off", () => {
  expect(isOpen(foldAll(goodRun.slice(0, -1)))).toBe(true);
});

test("what is withdrawn is gone with its citations and checks", () => {
  const view = foldAll([...goodRun.slice(0, -1), { type: "text-reset" }]);
  expect(view).toMatchObject({ answer: "", citations: [], checks: [] });
  expect(view.passages).toHaveLength(1);
});

test("a value is shown as far as it is there, and gone when it is withdrawn", () => {
  const partial = { type: "output-partial", value: { port: 8 } } as const;
  expect(foldAll([runStart, partial])).toMatchObject({
    phase: "writing",
    value: { json: { port: 8 } },
    firstTextMs: 10,
  });
  expect(foldAll([runStart, partial, { type: "text-reset" }]).value).toBeUndefined();
});

test("the last event holds the whole value, and the citations of its leaves", () => {
  const evidence = { documentId: "a.md", start: 0, end: 8 };
  const end = makeEnd({
    output: { port: 8787 },
    outputChecks: [{ pointer: "/port", verdict: "supported", citations: [{ label: 1, evidence }] }],
  });
  const view = foldAll([runStart, retrievalEnd, end]);
  expect(view.value).toEqual({ json: { port: 8787 } });
  expect(view.citations).toEqual([{ label: 1, start: 0, end: 0, evidence }]);
});

test("legs and tools are spans while the run goes on; the timeline of the end takes their place", () => {
  const leg = { collection: "guide", retriever: "keyword", status: "found" } as const;
  const tool = { step: 1, callId: "c", name: "search", startMs: 5, endMs: 9 };
  const events: RunEvent[] = [
    runStart,
    { type: "leg-end", ...leg, startMs: 1, endMs: 4, found: 3, kept: 0 },
    retrievalEnd,
    { type: "tool-result", ...tool, summary: "3 passages" },
    { type: "degraded", code: "rerank_skipped" },
  ];
  const live = foldAll(events);
  expect(live.spans.map(({ stage }) => stage)).toEqual(["search:guide/keyword", "tool:search"]);
  expect(live.ledger).toHaveLength(1);
  expect(live.degraded).toEqual(["rerank_skipped"]);
  const timeline = [{ stage: "answer", startMs: 0, endMs: 9, critical: true }];
  const ended = fold(live, makeEnd({ timeline }), 0);
  expect(ended.spans).toEqual(timeline);
  expect(ended.ledger).toEqual([]);
});

test("passages of later searches come after those there are", () => {
  const more: RunEvent = { type: "retrieval-end", passages: [] };
  expect(foldAll([runStart, retrievalEnd, more]).passages).toHaveLength(1);
});
