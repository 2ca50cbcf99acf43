import { expect, test } from "vitest";
import { SYNC_LIMITS } from "../../../ingest/sync-limits.ts";
import { addProblem, createTally } from "../../../ingest/sync/sync-tally.ts";

const toProblem = (id: string, severity: "error" | "warning") =>
  ({ id, code: "damaged", severity, message: `${id}: is odd` }) as const;

test("what could not be ingested is named before what is only odd, however much of that there is", () => {
  const tally = createTally();
  for (let at = 0; at < SYNC_LIMITS.problemsMax + 5; at += 1) {
    addProblem(tally, toProblem(`w${at}`, "warning"));
  }
  addProblem(tally, toProblem("e0", "error"));
  addProblem(tally, toProblem("e1", "error"));
  addProblem(tally, toProblem("late", "warning"));
  const { problems, failed, warnings } = tally;
  expect(problems.slice(0, 4).map(({ id }) => id)).toEqual(["e0", "e1", "w0", "w1"]);
  expect(problems).toHaveLength(SYNC_LIMITS.problemsMax);
  expect([failed, warnings]).toEqual([2, SYNC_LIMITS.problemsMax + 6]);
  for (let at = 2; at < SYNC_LIMITS.problemsMax + 5; at += 1) {
    addProblem(tally, toProblem(`e${at}`, "error"));
  }
  expect(problems.at(-1)?.id).toBe(`e${SYNC_LIMITS.problemsMax - 1}`);
});
