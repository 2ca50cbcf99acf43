/** An endpoint that is waited for is named, and no longer than it is. */
import { expect, test } from "vitest";
import { type Wait, withWaitNotice } from "../../../ingest/embed/with-wait-notice.ts";
import type { Embedder } from "../../../src/models/model.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const { signal } = new AbortController();

/** Two calls of two texts and of one, under way at once. */
function ask() {
  const clock = createFakeClock();
  const waits: Wait[] = [];
  const calls: PromiseWithResolvers<readonly undefined[]>[] = [];
  const slow: Embedder = {
    id: "slow",
    batchMax: 2,
    fusionWeight: 0.5,
    embed() {
      const call = Promise.withResolvers<readonly undefined[]>();
      calls.push(call);
      return call.promise;
    },
  };
  const embedder = withWaitNotice(slow, clock, (wait) => void waits.push(wait));
  const results = Promise.allSettled([
    embedder.embed(["a", "b"], "document", signal),
    embedder.embed(["c"], "document", signal),
  ]);
  return { clock, waits, calls, results };
}

test("each quarter of a minute without an answer is said, and the last one ends it", async () => {
  const { clock, waits, calls, results } = ask();
  await clock.advance(14_999);
  expect(waits).toEqual([]);
  await clock.advance(15_001);
  calls[0]?.resolve([undefined, undefined]);
  await clock.advance(15_000);
  expect(waits).toEqual([
    { waitedMs: 15_000, texts: 3, textsEmbedded: 0 },
    { waitedMs: 30_000, texts: 3, textsEmbedded: 0 },
    { waitedMs: 15_000, texts: 1, textsEmbedded: 2 },
  ]);
  calls[1]?.resolve([undefined]);
  await results;
  expect(clock.pending).toBe(0);
});

test("a call that failed is waited for no longer", async () => {
  const { clock, waits, calls, results } = ask();
  for (const call of calls) call.reject(new Error("refused"));
  await results;
  await clock.advance(60_000);
  expect(waits).toEqual([]);
  expect(clock.pending).toBe(0);
});
