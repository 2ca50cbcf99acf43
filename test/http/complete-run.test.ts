import { expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { completeRun } from "../../src/http/complete-run.ts";
import { makeEnd, recordLog, retrievalEnd, runStart } from "../support/app.ts";

async function* broken(...events: readonly RunEvent[]): AsyncGenerator<RunEvent> {
  try {
    yield* events;
  } finally {
    // eslint-disable-next-line no-unsafe-finally -- what is under test
    throw new Error("broken cleaning up");
  }
}

async function* plain(...events: readonly RunEvent[]): AsyncGenerator<RunEvent> {
  yield* events;
}

const runs: readonly (readonly [string, () => AsyncIterable<RunEvent>, string])[] = [
  ["whole", () => plain(runStart, retrievalEnd, makeEnd()), "finished"],
  ["without an end", () => plain(runStart, retrievalEnd), "failed"],
  ["with two ends", () => plain(runStart, makeEnd(), makeEnd({ outcome: "failed" })), "finished"],
  ["that fails before its end", () => broken(runStart), "failed"],
  ["that fails behind its end", () => broken(runStart, makeEnd()), "finished"],
  ["of nothing", () => plain(), "failed"],
];
test.each(runs)("a run %s ends exactly once, and leaves once", async (_, run, outcome) => {
  const log = recordLog();
  let left = 0;
  const options = { clock: systemClock, log, requestId: "r", onOver: () => (left += 1) };
  const events: RunEvent[] = [];
  for await (const event of completeRun(run(), options)) events.push(event);
  expect(events.filter(({ type }) => type === "run-end")).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ type: "run-end", outcome });
  expect(left).toBe(1);
  expect(log.lines.filter((line) => line.startsWith("info run "))).toHaveLength(1);
});

test("a run that is left is over, and logged as cancelled", async () => {
  const log = recordLog();
  let left = 0;
  const options = { clock: systemClock, log, requestId: "r", onOver: () => (left += 1) };
  for await (const _ of completeRun(plain(runStart, retrievalEnd, makeEnd()), options)) break;
  expect(left).toBe(1);
  expect(log.lines.join("\n")).toContain("cancelled");
});
