/** What a step of an agent costs beside its tools, and what becomes of far too many calls in one: `pnpm bench --only step`. */
import * as z from "zod";
import { createBudget } from "../src/agent/budget.ts";
import { defineTool } from "../src/agent/define-tool.ts";
import { runStep } from "../src/agent/step.ts";
import { sleep, systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import type { RunEvent } from "../src/domain/event.ts";
import { startRun } from "../src/run.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { atMost, type Row } from "./bench-row.ts";
import { toQuantile } from "./to-quantile.ts";

const TOOL_MS = 300;
const CALLS = 4;
const ROUNDS = 15;
const BEYOND_GOAL_MS = 20;
const MANY = 800;

/** Rows of the bench. */
export async function benchStep(): Promise<readonly Row[]> {
  const beyond: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { tookMs, slowestMs } = await takeStep(CALLS, TOOL_MS);
    beyond.push(tookMs - slowestMs);
  }
  const { ended, most } = await takeStep(MANY, 1);
  const { toolConcurrencyMax } = parseConfig({});
  return [
    atMost(`${CALLS} calls of ${TOOL_MS} ms in one step, beyond the slowest`, {
      value: toQuantile(beyond, 0.5),
      goal: BEYOND_GOAL_MS,
      unit: "ms",
      note: `the worst of ${ROUNDS}: ${Math.max(...beyond).toFixed(1)}`,
    }),
    atMost(`${MANY} calls in one step, at a time`, {
      value: ended === MANY ? most : Number.NaN,
      goal: toolConcurrencyMax,
      unit: "calls",
    }),
  ];
}

async function takeStep(count: number, toolMs: number) {
  let running = 0;
  let most = 0;
  const tool = defineTool({
    name: "wait",
    description: "Waits.",
    parameters: z.strictObject({}),
    readOnly: true,
    idempotent: true,
    timeoutMs: 60_000,
    async run(_, { signal }) {
      running += 1;
      most = Math.max(most, running);
      await sleep(systemClock, toolMs, signal);
      running -= 1;
      return "waited";
    },
  });
  const events: RunEvent[] = [];
  const run = startRun({
    config: parseConfig({}),
    clock: systemClock,
    log: silentLog,
    deadlineMs: 60_000,
    parent: new AbortController().signal,
    emit: async (event) => {
      events.push(event);
      await Promise.resolve();
    },
  });
  using _ = run.deadline;
  const calls = Array.from({ length: count }, (_one, at) => {
    return { id: `call_${at}`, name: "wait", arguments: "{}" };
  });
  const startedMs = performance.now();
  await runStep(calls, {
    run,
    tools: [tool],
    step: 1,
    budget: createBudget({ toolCallsMax: count, tokensMax: 1 }, { modelCallsMax: 1 }),
    wrong: new Map(),
    spent: new Set(),
    addPassages: () => Promise.resolve([]),
  });
  const tookMs = performance.now() - startedMs;
  const results = events.filter((event) => event.type === "tool-result");
  const slowestMs = Math.max(...results.map(({ startMs, endMs }) => endMs - startMs));
  return { tookMs, slowestMs, ended: results.length, most };
}
