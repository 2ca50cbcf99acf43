import { expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import type { RunEvent } from "../../../src/domain/event.ts";
import { completeRun } from "../../../src/http/response/complete-run.ts";
import { makeEnd, recordLog, retrievalEnd, runStart } from "../../support/app.ts";
import { settle } from "../../support/fake-clock.ts";

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
test.each(runs)("a run %s ends exactly once", async (_, run, outcome) => {
  const log = recordLog();
  const options = { clock: systemClock, log, requestId: "r" };
  const events: RunEvent[] = [];
  await completeRun(run(), options, async (event) => void events.push(event));
  expect(events.filter(({ type }) => type === "run-end")).toHaveLength(1);
  expect(events.at(-1)).toMatchObject({ type: "run-end", outcome });
  expect(log.lines.filter((line) => line.startsWith("info run "))).toHaveLength(1);
});

test("the next event is asked for when the last was taken", async () => {
  let asked = 0;
  async function* counted(): AsyncGenerator<RunEvent> {
    for (const event of [runStart, retrievalEnd, makeEnd()]) {
      asked += 1;
      yield event;
    }
  }
  const gate = Promise.withResolvers<void>();
  const options = { clock: systemClock, log: recordLog(), requestId: "r" };
  const completing = completeRun(counted(), options, () => gate.promise);
  await settle();
  expect(asked).toBe(1);
  gate.resolve();
  await completing;
  expect(asked).toBe(3);
});
