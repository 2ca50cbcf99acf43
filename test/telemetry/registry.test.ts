import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createMeterRegistry } from "../../src/telemetry/registry.ts";
import { readMetrics } from "../support/read-metrics.ts";

const read = (registry: ReturnType<typeof createMeterRegistry>) =>
  Object.fromEntries(readMetrics(registry.render()).series);

test("counters add up by their labels, in the table's order, and no others", () => {
  const registry = createMeterRegistry();
  expect(registry.render()).toBe("");
  registry.count("tributary_tokens_total", { direction: "input" }, 7);
  registry.count("tributary_tokens_total", { direction: "input", question: "why?" }, 5);
  registry.count("tributary_steps_total");
  registry.count("tributary_runs_total", {
    grounding: "grounded",
    outcome: "finished",
    kind: "ask",
  });
  expect(read(registry)).toEqual({
    'tributary_tokens_total{direction="input"}': 12,
    tributary_steps_total: 1,
    'tributary_runs_total{kind="ask",outcome="finished",grounding="grounded"}': 1,
  });
});

test("a histogram counts into every bucket that is large enough", () => {
  const registry = createMeterRegistry();
  for (const seconds of [0.01, 0.02, 1_000]) {
    registry.observe("tributary_run_seconds", seconds, { kind: "ask" });
  }
  const values = read(registry);
  expect(values['tributary_run_seconds_bucket{kind="ask",le="0.01"}']).toBe(1);
  expect(values['tributary_run_seconds_bucket{kind="ask",le="0.025"}']).toBe(2);
  expect(values['tributary_run_seconds_bucket{kind="ask",le="300"}']).toBe(2);
  expect(values['tributary_run_seconds_bucket{kind="ask",le="+Inf"}']).toBe(3);
  expect(values['tributary_run_seconds_count{kind="ask"}']).toBe(3);
  expect(values['tributary_run_seconds_sum{kind="ask"}']).toBeCloseTo(1_000.03);
});

test("what is kept elsewhere is read anew each time", () => {
  const registry = createMeterRegistry();
  let running = 1;
  registry.onRead((set) => set("tributary_runs_running", running));
  expect(read(registry)).toEqual({ tributary_runs_running: 1 });
  running = 4;
  expect(read(registry)).toEqual({ tributary_runs_running: 4 });
});

test("labels that look alike when they are joined are series of their own", () => {
  const registry = createMeterRegistry();
  const given = [
    ["1:", ""],
    ["", "1:"],
    ["a0:", ""],
    ["a", "0:"],
  ] as const;
  for (const round of [1, 2]) {
    for (const [outcome, grounding] of given) {
      registry.count("tributary_runs_total", { kind: "ask", outcome, grounding }, round);
    }
  }
  expect(Object.values(read(registry))).toEqual(given.map(() => 3));
});

test("whatever a label holds, the text can be read and the number of series is bounded", () => {
  const label = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.constantFrom('"', "\\", "\n", '\\"', "a\nb", "\u0000", 'x"} 1\ny{z="'),
  );
  fc.assert(
    fc.property(fc.array(label, { maxLength: 400 }), (codes) => {
      const registry = createMeterRegistry();
      for (const code of codes) registry.count("tributary_degraded_total", { code });
      const { series } = readMetrics(registry.render());
      expect(series.size).toBeLessThanOrEqual(201);
      expect([...series.values()].reduce((sum, value) => sum + value, 0)).toBe(codes.length);
    }),
    { numRuns: 60 },
  );
});
