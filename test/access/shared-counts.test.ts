/** What a process does with its own counts while those it shares with others come and go. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryCounts } from "../../src/access/memory-counts.ts";
import { createSharedCounts, type RemoteCounts } from "../../src/access/shared-counts.ts";
import { createFakeClock } from "../support/fake-clock.ts";

/** Counts of all processes, which can be out of reach. */
function makeRemote() {
  const all = createMemoryCounts(createFakeClock());
  const state = { isUp: true };
  const remote: RemoteCounts = {
    add: async (...args) => (state.isUp ? all.add(...args) : undefined),
    read: async (...args) => (state.isUp ? all.read(...args) : undefined),
    async beginRun(id, max) {
      if (!state.isUp) return { state: "unknown", end() {} };
      const end = await all.beginRun(id, max);
      return end === undefined ? { state: "full" } : { state: "in", end };
    },
  };
  const createProcess = () => createSharedCounts(remote, createMemoryCounts(createFakeClock()));
  return { state, one: createProcess(), two: createProcess() };
}

test("what one process counts, the other sees", async () => {
  const { one, two } = makeRemote();
  await one.add("minute", "key", 3);
  expect(await two.add("minute", "key", 1)).toMatchObject({ used: 4 });
  const end = await one.beginRun("key", 1);
  expect(await two.beginRun("key", 1)).toBeUndefined();
  end?.();
  expect(await two.beginRun("key", 1)).toBeDefined();
});

test("on its own, a process goes on from what it has let through itself", async () => {
  const { state, one, two } = makeRemote();
  await one.add("minute", "key", 3);
  await two.add("minute", "key", 5);
  await one.beginRun("key", 2);
  state.isUp = false;
  expect(await one.add("minute", "key", 1)).toMatchObject({ used: 4 });
  expect(await two.read("minute", "key")).toMatchObject({ used: 5 });
  expect(await one.beginRun("key", 2)).toBeDefined();
  expect(await one.beginRun("key", 2)).toBeUndefined();
});

test("tokens that could not be told are told as soon as that is possible", async () => {
  const { state, one, two } = makeRemote();
  await one.add("day", "key", 10);
  state.isUp = false;
  await one.add("day", "key", 20);
  await one.add("day", "key", 30);
  expect(await one.read("day", "key")).toMatchObject({ used: 60 });
  state.isUp = true;
  expect(await two.read("day", "key")).toMatchObject({ used: 10 });
  expect(await one.read("day", "key")).toMatchObject({ used: 60 });
  expect(await two.add("day", "key", 5)).toMatchObject({ used: 65 });
  expect(await one.add("day", "key", 5)).toMatchObject({ used: 70 });
});

test("however often the answer is late, no token is told twice, and none that was not sent is forgotten", async () => {
  const Told = fc.record({
    tokens: fc.integer({ min: 1, max: 1_000 }),
    answer: fc.constantFrom("in time", "late", "lost", "not sent" as const),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(Told, { maxLength: 30 }), async (steps) => {
      const all = createMemoryCounts(createFakeClock());
      let answer: string = "in time";
      let lost = 0;
      const remote: RemoteCounts = {
        async add(window, id, amount) {
          if (answer === "not sent") return undefined;
          if (answer === "lost") lost += amount;
          const use = answer === "lost" ? "unsure" : await all.add(window, id, amount);
          return answer === "in time" ? use : "unsure";
        },
        read: (...args) => all.read(...args),
        beginRun: async () => ({ state: "unknown", end() {} }),
      };
      const counts = createSharedCounts(remote, createMemoryCounts(createFakeClock()));
      let said = 0;
      for (const step of steps) {
        ({ answer } = step);
        said += step.tokens;
        await counts.add("day", "key", step.tokens);
      }
      answer = "in time";
      expect(await counts.read("day", "key")).toMatchObject({ used: said - lost });
    }),
  );
});
