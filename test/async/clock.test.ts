import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { sleep, systemClock } from "../../src/async/clock.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

describe("sleep", () => {
  test("resolves after its time and leaves neither timer nor listener", async () => {
    const clock = createFakeClock();
    const { signal } = new AbortController();
    const sleeping = sleep(clock, 500, signal);
    const waiting = settle().then(() => "waiting");
    await clock.advance(499);
    expect(await Promise.race([sleeping, waiting])).toBe("waiting");
    await clock.advance(1);
    await expect(sleeping).resolves.toBeUndefined();
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("rejects at once with the signal's reason, and takes its timer away", async () => {
    const clock = createFakeClock();
    const controller = new AbortController();
    const sleeping = sleep(clock, 500, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  test("does not begin under a signal that has aborted", async () => {
    const clock = createFakeClock();
    const reason = new Error("before");
    await expect(sleep(clock, 500, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });
});

describe("systemClock", () => {
  test("fires a timer, and not one that was cancelled", async () => {
    const fired: string[] = [];
    systemClock.timer(1, () => fired.push("cancelled"))();
    await new Promise<void>((resolve) => {
      systemClock.timer(5, () => {
        fired.push("kept");
        resolve();
      });
    });
    expect(fired).toEqual(["kept"]);
  });

  test("does not fire a timer at once that is longer than setTimeout can count", async () => {
    const fire = vi.fn<() => void>();
    const cancel = systemClock.timer(2 ** 40, fire);
    await sleep(systemClock, 20, new AbortController().signal);
    expect(fire).not.toHaveBeenCalled();
    cancel();
  });
});
