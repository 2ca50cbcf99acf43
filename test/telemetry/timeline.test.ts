import { describe, expect, test } from "vitest";
import { sleep } from "../../src/async/clock.ts";
import { startDeadline } from "../../src/async/deadline.ts";
import { AppError } from "../../src/errors.ts";
import { startTimeline } from "../../src/telemetry/timeline.ts";
import { createTraceScope } from "../../src/telemetry/trace-scope.ts";
import { createTracer, type SpanRecord } from "../../src/telemetry/tracer.ts";
import { createFakeClock } from "../support/fake-clock.ts";

/** A stage, what it waited for, when it began and ended. */
type Row = readonly [stage: string, after: readonly string[], startMs: number, endMs: number];

const runs: readonly {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly critical: readonly string[];
}[] = [
  { name: "nothing", rows: [], critical: [] },
  {
    name: "the slower of two predecessors",
    rows: [
      ["embed", [], 0, 60],
      ["terms", [], 0, 5],
      ["keyword", ["terms"], 5, 9],
      ["vector", ["embed"], 60, 70],
      ["take", ["keyword", "vector"], 70, 72],
    ],
    critical: ["embed", "vector", "take"],
  },
  {
    name: "a stage that nothing waited for",
    rows: [
      ["open", [], 0, 1],
      ["rewrite", [], 0, 5],
      ["answer", ["open"], 1, 9],
    ],
    critical: ["open", "answer"],
  },
  {
    name: "of two stages of one name the later one",
    rows: [
      ["embed", [], 0, 4],
      ["embed", [], 0, 8],
      ["take", ["embed"], 8, 9],
    ],
    critical: ["embed@8", "take"],
  },
  {
    name: "what was over when a stage began, and nothing that was not",
    rows: [
      ["open", [], 0, 2],
      ["rewrite", ["open"], 2, 50],
      ["terms", ["open", "rewrite"], 2, 4],
      ["terms", ["open", "rewrite"], 50, 52],
      ["take", ["terms"], 52, 53],
    ],
    critical: ["open", "rewrite", "terms@52", "take"],
  },
  {
    name: "of a stage that began before another of its predecessors was over, the one that was",
    rows: [
      ["open", [], 0, 2],
      ["rewrite", ["open"], 2, 50],
      ["terms", ["open", "rewrite"], 2, 60],
    ],
    critical: ["open", "terms"],
  },
  {
    name: "a stage that waited for its own name ends the path",
    rows: [["answer", ["answer"], 0, 9]],
    critical: ["answer"],
  },
];

describe("a stage that ends without its result", () => {
  test("says why, and others say nothing", async () => {
    const clock = createFakeClock();
    const timeline = startTimeline(clock);
    using deadline = startDeadline({ clock, budgetMs: 50, stage: "embed" });
    const settled = Promise.allSettled([
      timeline.stage("embed", [], () => sleep(clock, 900, deadline.signal)),
      timeline.stage("rerank", [], () => Promise.reject(new AppError("overloaded"))),
      timeline.stage("terms", [], () => Promise.resolve()),
    ]);
    await clock.advance(50);
    await settled;
    const entries = timeline.entries();
    expect(entries.map(({ stage, endMs, cut }) => ({ stage, endMs, cut }))).toEqual([
      { stage: "embed", endMs: 50, cut: "deadline_exceeded" },
      { stage: "rerank", endMs: 0, cut: "overloaded" },
      { stage: "terms", endMs: 0, cut: undefined },
    ]);
  });
});

describe("the critical path", () => {
  test.each(runs)("$name", async ({ rows, critical }) => {
    const clock = createFakeClock();
    const timeline = startTimeline(clock);
    const stages = rows.map(async ([stage, after, startMs, endMs]) => {
      await wait(startMs);
      await timeline.stage(stage, after, () => wait(endMs - startMs));
    });
    function wait(ms: number): Promise<void> {
      return ms === 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => clock.timer(ms, resolve));
    }
    await clock.advance(100);
    await Promise.all(stages);
    const found = timeline.entries().flatMap((entry) => {
      const { stage, endMs } = entry;
      const name = critical.includes(`${stage}@${endMs}`) ? `${stage}@${endMs}` : stage;
      return entry.critical ? [name] : [];
    });
    expect(found).toEqual(critical);
  });

  test("a stage that failed has its end, and one under way ends now", async () => {
    const clock = createFakeClock();
    const timeline = startTimeline(clock);
    const failing = timeline.stage("embed", [], () => Promise.reject(new Error("broke")));
    await expect(failing).rejects.toThrow("broke");
    void timeline.stage("answer", ["embed"], () => new Promise(() => undefined));
    await clock.advance(12.34);
    expect(timeline.entries()).toEqual([
      { stage: "embed", startMs: 0, endMs: 0, critical: true, cut: "internal" },
      { stage: "answer", startMs: 0, endMs: 12.3, critical: true },
    ]);
  });
});

test("a leaf is a span below the caller's place, with its times and how it ended", async () => {
  const clock = createFakeClock();
  const spans: SpanRecord[] = [];
  const keep = (span: SpanRecord): void => void spans.push(span);
  const tracer = createTracer({ clock, scope: createTraceScope(), keep, now: () => 1_000 });
  await clock.advance(5);
  const above = tracer.start("above");
  const failing = tracer.within(above.context, () =>
    startTimeline(clock, tracer).leaf("take", [], async () => {
      await sleep(clock, 3, new AbortController().signal);
      throw new AppError("upstream_stalled");
    }),
  );
  const [ended] = await Promise.all([Promise.allSettled([failing]), clock.advance(3)]);
  expect(ended[0].status).toBe("rejected");
  expect(spans).toEqual([
    expect.objectContaining({
      name: "take",
      traceId: above.context.traceId,
      parentSpanId: above.context.spanId,
      startMs: 1_005,
      endMs: 1_008,
      error: "upstream_stalled",
    }),
  ]);
});
