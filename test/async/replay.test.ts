import { expect, test } from "vitest";
import * as fc from "fast-check";
import { createReplay } from "../../src/async/replay.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

const create = (
  aheadMax = Number.POSITIVE_INFINITY,
  onAlone: (reason?: Error) => void = () => {},
) => createReplay<number>({ clock: createFakeClock(), aheadMax, onAlone });

test("every reader gets everything after its place, once and in order, whenever it comes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.constant("push"), fc.constant("open"), fc.nat(5)), { maxLength: 60 }),
      async (steps) => {
        const replay = create();
        const readers: { after: number; got: number[]; reader: ReturnType<typeof replay.read> }[] =
          [];
        let next = 0;
        for (const step of steps) {
          if (step === "push") await replay.push((next += 1));
          else if (step === "open") {
            const after = Math.floor(next / 2);
            readers.push({ after, got: [], reader: replay.read(after) });
          } else if (typeof step === "number" && readers.length > 0) {
            const one = readers[step % readers.length]!;
            if (one.after + one.got.length < next) one.got.push(...(await one.reader.read(1)));
          }
        }
        replay.close();
        for (const { after, got, reader } of readers) {
          got.push(...(await reader.read(1)));
          expect(got).toEqual(Array.from({ length: next - after }, (_, i) => after + i + 1));
          expect(await reader.read(1)).toEqual([]);
        }
      },
    ),
  );
});

test("a reader waits for what comes, and no longer than it said", async () => {
  const clock = createFakeClock();
  const replay = createReplay<number>({ clock, aheadMax: 1 });
  const reader = replay.read();
  const first = reader.read(100);
  await replay.push(7);
  expect(await first).toEqual([7]);
  const second = reader.read(100);
  await clock.advance(100);
  expect(await second).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("the producer waits for the foremost reader, and for nobody when there is none", async () => {
  const replay = create(2);
  for (const item of [1, 2, 3, 4]) await replay.push(item);
  const reader = replay.read();
  let pushed = false;
  void replay.push(5).then(() => (pushed = true));
  await settle();
  expect(pushed).toBe(false);
  expect(await reader.read(1)).toEqual([1, 2, 3, 4, 5]);
  await settle();
  expect(pushed).toBe(true);
});

test.each(["leave", "close"] as const)("a producer that waits is let go by %s", async (way) => {
  const replay = create(0);
  const reader = replay.read();
  const pushing = replay.push(1).then(() => "let go");
  if (way === "leave") reader.leave();
  else replay.close();
  expect(await pushing).toBe("let go");
});

test("the last reader to leave before the end is told of, with its reason, and no other", async () => {
  const reasons: (string | undefined)[] = [];
  const replay = create(1, (reason) => reasons.push(reason?.message));
  const [a, b] = [replay.read(), replay.read()];
  a.leave(new Error("first"));
  a.leave(new Error("again"));
  expect(reasons).toEqual([]);
  b.leave(new Error("last"));
  expect(reasons).toEqual(["last"]);
  const late = replay.read();
  replay.close();
  late.leave();
  expect(reasons).toEqual(["last"]);
});

test("a reader that leaves while it waits gets nothing more", async () => {
  const replay = create();
  const reader = replay.read();
  const reading = reader.read(1_000);
  reader.leave();
  expect(await reading).toEqual([]);
  await replay.push(1);
  expect(await reader.read(1)).toEqual([]);
});
