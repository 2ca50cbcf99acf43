import { describe, expect, test } from "vitest";
import { createAlarm } from "../../src/async/alarm.ts";
import { createFakeClock } from "../support/fake-clock.ts";

function setUp() {
  const clock = createFakeClock();
  const startMs = clock.now();
  const rung: number[] = [];
  let timers = 0;
  const counting = {
    now: () => clock.now(),
    timer(ms: number, fire: () => void) {
      timers += 1;
      return clock.timer(ms, fire);
    },
  };
  const alarm = createAlarm(counting, () => rung.push(clock.now() - startMs));
  return { clock, alarm, rung, timers: () => timers };
}

describe("an alarm", () => {
  test("rings once, when its time has come", async () => {
    const { clock, alarm, rung } = setUp();
    alarm.set(100);
    await clock.advance(1_000);
    expect(rung).toEqual([100]);
    expect(clock.pending).toBe(0);
  });

  test("that is put off rings at the last time it was set for, and takes no timer for each", async () => {
    const { clock, alarm, rung, timers } = setUp();
    for (let turn = 0; turn < 50; turn += 1) {
      alarm.set(100);
      await clock.advance(10);
    }
    await clock.advance(1_000);
    expect(rung).toEqual([490 + 100]);
    expect(timers()).toBeLessThan(10);
  });

  test("that is set for sooner rings sooner", async () => {
    const { clock, alarm, rung } = setUp();
    alarm.set(1_000);
    alarm.set(10);
    await clock.advance(2_000);
    expect(rung).toEqual([10]);
  });

  test("that is off does not ring, and can be set again", async () => {
    const { clock, alarm, rung } = setUp();
    alarm.set(100);
    alarm.off();
    await clock.advance(50);
    alarm.set(200);
    await clock.advance(1_000);
    expect(rung).toEqual([250]);
  });

  test("that is closed leaves no timer", async () => {
    const { clock, alarm, rung } = setUp();
    alarm.set(100);
    alarm.close();
    expect(clock.pending).toBe(0);
    await clock.advance(1_000);
    expect(rung).toEqual([]);
  });
});
