/** What a run's events say, as metrics: the one place where runs are counted. */
import type { RunEnd, RunEvent } from "../domain/event.ts";
import type { Meter } from "./meter.ts";
import type { RunObserver } from "./run-observer.ts";

/** Stages of this name are legs, which have a metric of their own. */
const LEG_STAGE = "search";

/** Counts one run from its events. */
export function createRunMetrics(meter: Meter, kind: string): RunObserver {
  let hasText = false;
  return {
    onEvent(event, sinceMs) {
      if (event.type === "text-delta" && !hasText) {
        hasText = true;
        meter.observe("tributary_first_text_seconds", sinceMs / 1_000);
      }
      if (event.type === "run-end") countEnd(meter, kind, event, sinceMs);
      else countPart(meter, event);
    },
  };
}

/** Steps, tools and sub-agents, where a run has them. */
function countPart(meter: Meter, event: RunEvent): void {
  if (event.type === "step-start") meter.count("tributary_steps_total");
  if (event.type === "tool-result") meter.count("tributary_tool_calls_total", { status: "done" });
  if (event.type === "tool-error") meter.count("tributary_tool_calls_total", { status: "failed" });
  if (event.type === "subrun-end") {
    meter.count("tributary_subruns_total", { outcome: event.outcome });
  }
}

function countEnd(meter: Meter, kind: string, end: RunEnd, sinceMs: number): void {
  const { outcome, grounding, error, ledger, timeline, usage, degraded } = end;
  meter.count("tributary_runs_total", { kind, outcome, grounding });
  meter.observe("tributary_run_seconds", sinceMs / 1_000, { kind });
  if (error !== undefined) meter.count("tributary_run_failures_total", { code: error.code });
  for (const { retriever, status, startMs, endMs } of ledger) {
    meter.observe("tributary_leg_seconds", (endMs - startMs) / 1_000, { retriever, status });
  }
  for (const { stage: name, startMs, endMs } of timeline) {
    const stage = toBase(name);
    if (stage === LEG_STAGE) continue;
    meter.observe("tributary_stage_seconds", (endMs - startMs) / 1_000, { stage });
  }
  for (const code of degraded) meter.count("tributary_degraded_total", { code: toBase(code) });
  if (usage.requests === 0) return;
  meter.count("tributary_model_requests_total", {}, usage.requests);
  meter.count("tributary_tokens_total", { direction: "input" }, usage.inputTokens);
  meter.count("tributary_tokens_total", { direction: "output" }, usage.outputTokens);
}

/** Without the name behind it (`search:guide/vector`): a label has few values. */
function toBase(name: string): string {
  return name.split(":", 1)[0] ?? name;
}
