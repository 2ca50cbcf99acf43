/** A key names one run, however late the archive says that it knows nothing of it. */
import { expect, test } from "vitest";
import { createMemoryArchive } from "../../../src/http/runs/memory-archive.ts";
import { askWith, goodRun, makeApp, makeService, play } from "../../support/app.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const limits = { runsMax: 10, bytesMax: 1e6, ageMsMax: 1e6 };

test("a repetition that overtakes its first request at the archive shares its run", async () => {
  const clock = createFakeClock();
  const kept = createMemoryArchive(limits, clock);
  const late = Promise.withResolvers<void>();
  const state = { looks: 0 };
  const service = makeService({
    clock,
    answer: play(goodRun),
    archive: {
      ...kept,
      async findByKey(callerId, name) {
        const isFirst = (state.looks += 1) === 1;
        const found = await kept.findByKey(callerId, name);
        if (isFirst) await late.promise;
        return found;
      },
    },
  });
  const app = makeApp(service);
  const ask = () =>
    app.request("/v1/ask", askWith({ question: "Which?" }, { "Idempotency-Key": "k" }));
  const first = ask();
  while (state.looks === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = ask();
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  late.resolve();
  expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
  expect(service.asked).toHaveLength(1);
});
