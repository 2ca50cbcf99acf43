import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Broadcast, createBroadcast, type Reader } from "../../src/async/broadcast.ts";
import { createFakeClock, type FakeClock, settle } from "../support/fake-clock.ts";

const AHEAD = 10;

function create(change: { onAlone?: (reason?: Error) => void } = {}) {
  const clock = createFakeClock();
  const broadcast = createBroadcast<string>({
    clock,
    sizeOf: (item) => item.length,
    aheadBytesMax: AHEAD,
    ...change,
  });
  return { clock, broadcast };
}

/** Pushes one after the other, as a producer that waits does; tells how many it got rid of. */
function produce(broadcast: Broadcast<string>, items: readonly string[]) {
  const state = { pushed: 0 };
  const done = (async () => {
    for (const item of items) {
      await broadcast.push(item);
      state.pushed += 1;
    }
    broadcast.close();
  })();
  return Object.assign(state, { done });
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n % 10}`);

async function readAll(reader: Reader<string>, clock: FakeClock): Promise<string[]> {
  const all: string[] = [];
  while (!reader.over) {
    const reading = reader.read(1000);
    await clock.advance(0);
    all.push(...(await reading));
  }
  return all;
}

test("every reader gets the same items in the same order, whenever it came and however it reads", async () => {
  const Step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), bytes: fc.integer({ min: 1, max: 25 }) }),
    fc.record({ do: fc.constant("join" as const) }),
    fc.record({ do: fc.constant("read" as const), who: fc.nat(9), bytesMin: fc.nat(20) }),
    fc.record({ do: fc.constant("leave" as const), who: fc.nat(9) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { maxLength: 60 }), async (steps) => {
      const { clock, broadcast } = create();
      const sent: string[] = [];
      const readers: { reader: Reader<string>; got: string[]; left: boolean }[] = [];
      let producer = Promise.resolve();
      for (const step of steps) {
        const one = "who" in step ? readers[step.who % Math.max(1, readers.length)] : undefined;
        if (step.do === "push") {
          const item = `${sent.length}`.padStart(step.bytes, ".");
          sent.push(item);
          producer = producer.then(() => broadcast.push(item));
        } else if (step.do === "join") {
          readers.push({ reader: broadcast.read(), got: [], left: false });
        } else if (step.do === "read" && one !== undefined) {
          const reading = one.reader.read(5, { ms: 5, bytesMax: step.bytesMin, slackMs: 0 });
          await clock.advance(5);
          one.got.push(...(await reading));
        } else if (step.do === "leave" && one !== undefined) {
          one.reader.leave();
          one.left = true;
        }
        await settle();
        for (const { got } of readers) expect(got).toEqual(sent.slice(0, got.length));
      }
      const closing = producer.then(() => broadcast.close());
      const staying = readers.filter(({ left }) => !left);
      await Promise.all(
        staying.map(async (one) => one.got.push(...(await readAll(one.reader, clock)))),
      );
      await closing;
      for (const { got } of staying) expect(got).toEqual(sent);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test("the producer waits when the foremost reader is too far behind, and for nobody when nobody reads", async () => {
  const { broadcast } = create();
  const reader = broadcast.read();
  const producer = produce(broadcast, numbers(30));
  await settle();
  expect(producer.pushed).toBe(AHEAD);
  expect(await reader.read(0)).toHaveLength(AHEAD);
  await settle();
  expect(producer.pushed).toBe(2 * AHEAD);
  reader.leave();
  await producer.done;
  expect(producer.pushed).toBe(30);
});

test("a slow reader does not hold a fast one up, and who comes late can begin anywhere", async () => {
  const { clock, broadcast } = create();
  const slow = broadcast.read();
  const fast = broadcast.read();
  const producer = produce(broadcast, numbers(100));
  expect(await readAll(fast, clock)).toEqual(numbers(100));
  await producer.done;
  expect(await readAll(broadcast.read(97), clock)).toEqual(["7", "8", "9"]);
  expect(await readAll(slow, clock)).toEqual(numbers(100));
});

test("a reader waits for as many bytes as it wants, for its time, or for the end", async () => {
  const { clock, broadcast } = create();
  const reader = broadcast.read();
  const enough = reader.read(100, { ms: 100, bytesMax: 3, slackMs: 0 });
  for (const item of ["a", "b"]) void broadcast.push(item);
  await settle();
  expect(clock.pending).toBe(1);
  void broadcast.push("c");
  expect(await enough).toEqual(["a", "b", "c"]);
  const late = reader.read(100, { ms: 100, bytesMax: 3, slackMs: 0 });
  void broadcast.push("d");
  await clock.advance(100);
  expect(await late).toEqual(["d"]);
  const nothing = reader.read(100);
  await clock.advance(100);
  expect(await nothing).toEqual([]);
  const last = reader.read(100, { ms: 100, bytesMax: 3, slackMs: 0 });
  void broadcast.push("e");
  broadcast.close();
  expect(await last).toEqual(["e"]);
  expect(reader.over).toBe(true);
  expect(clock.pending).toBe(0);
});

test("only the last reader that leaves before the end is told of, with its reason", async () => {
  const reasons: (Error | undefined)[] = [];
  const { broadcast } = create({ onAlone: (reason) => reasons.push(reason) });
  const [first, second] = [broadcast.read(), broadcast.read()];
  first.leave();
  first.leave();
  expect(reasons).toEqual([]);
  const reason = new Error("stalled");
  second.leave(reason);
  expect(reasons).toEqual([reason]);
  expect(second.over).toBe(true);
  expect(await second.read(10)).toEqual([]);
});
