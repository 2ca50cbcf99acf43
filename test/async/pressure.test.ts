import { expect, test } from "vitest";
import { createPressure } from "../../src/async/pressure.ts";
import { createFakeClock } from "../support/fake-clock.ts";

function create() {
  const clock = createFakeClock();
  const loads = { queue: 0, lag: 0 };
  const sources = [() => loads.queue, () => loads.lag];
  const pressure = createPressure({ clock, sources, levels: [0.5, 0.9], calmMs: 5_000 });
  return { clock, loads, pressure };
}

test("the highest load decides, and the level rises at once", () => {
  const { loads, pressure } = create();
  expect(pressure.level).toBe(0);
  loads.lag = 0.5;
  expect(pressure.level).toBe(1);
  loads.queue = 0.95;
  expect(pressure.level).toBe(2);
});

test("it falls level by level, each after a time of calm", async () => {
  const { clock, loads, pressure } = create();
  loads.queue = 1;
  expect(pressure.level).toBe(2);
  loads.queue = 0;
  expect(pressure.level).toBe(2);
  await clock.advance(4_999);
  expect(pressure.level).toBe(2);
  await clock.advance(1);
  expect(pressure.level).toBe(1);
  await clock.advance(5_000);
  expect(pressure.level).toBe(0);
});

test("a load between calm and pressed keeps the level, and interrupts the calm", async () => {
  const { clock, loads, pressure } = create();
  loads.queue = 0.6;
  expect(pressure.level).toBe(1);
  loads.queue = 0.2;
  expect(pressure.level).toBe(1);
  await clock.advance(4_000);
  loads.queue = 0.3;
  expect(pressure.level).toBe(1);
  loads.queue = 0.2;
  expect(pressure.level).toBe(1);
  await clock.advance(4_000);
  expect(pressure.level).toBe(1);
  await clock.advance(1_000);
  expect(pressure.level).toBe(0);
});

test("a quiet time that nobody looked at was calm: what is asked after it is answered whole", async () => {
  const { clock, loads, pressure } = create();
  loads.queue = 1;
  expect(pressure.level).toBe(2);
  loads.queue = 0;
  await clock.advance(5_000);
  expect(pressure.level).toBe(1);
  await clock.advance(5_000);
  loads.queue = 1;
  expect(pressure.level).toBe(2);
  loads.queue = 0;
  await clock.advance(10_000);
  expect(pressure.level).toBe(0);
  loads.queue = 1;
  expect(pressure.level).toBe(2);
  loads.queue = 0.3;
  await clock.advance(60_000);
  expect(pressure.level).toBe(1);
});
