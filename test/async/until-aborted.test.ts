import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { untilAborted } from "../../src/async/until-aborted.ts";

const reason = new Error("stopped");

test("gives the work's own result or failure, and leaves no listener", async () => {
  const { signal } = new AbortController();
  await expect(untilAborted(Promise.resolve(1), signal)).resolves.toBe(1);
  await expect(untilAborted(Promise.reject(new Error("broke")), signal)).rejects.toThrow("broke");
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("stops waiting when the signal aborts, and a later failure is no unhandled rejection", async () => {
  const controller = new AbortController();
  const work = Promise.withResolvers<void>();
  const waiting = untilAborted(work.promise, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  work.reject(new Error("too late"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
});

test("under a signal that has aborted it never waits, whatever the work does", async () => {
  const signal = AbortSignal.abort(reason);
  await expect(untilAborted(new Promise(() => undefined), signal)).rejects.toBe(reason);
  await expect(untilAborted(Promise.resolve(1), signal)).rejects.toBe(reason);
  await expect(untilAborted(Promise.reject(new Error("unheard")), signal)).rejects.toBe(reason);
  await new Promise((resolve) => setImmediate(resolve));
});
