import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { createLimiter } from "../../src/async/limiter.ts";
import { settle } from "../support/fake-clock.ts";

/** Works that run until told, in the order in which they were started. */
function createWorks() {
  const started: string[] = [];
  const finish = new Map<string, () => void>();
  const work = (name: string) => (): Promise<string> => {
    started.push(name);
    return new Promise((resolve) => finish.set(name, () => resolve(name)));
  };
  return { started, work, finish: (name: string): void => finish.get(name)?.() };
}

const open = (): AbortSignal => new AbortController().signal;

describe("createLimiter", () => {
  test("runs so many at once and the others in the order they came", async () => {
    const limit = createLimiter({ concurrencyMax: 2, queueMax: 10 });
    const { started, work, finish } = createWorks();
    const all = ["a", "b", "c", "d"].map((name) => limit(work(name), open()));
    await settle();
    expect(started).toEqual(["a", "b"]);
    finish("b");
    await settle();
    expect(started).toEqual(["a", "b", "c"]);
    finish("a");
    await settle();
    finish("c");
    finish("d");
    expect(await Promise.all(all)).toEqual(["a", "b", "c", "d"]);
  });

  test("refuses one more than may wait as overloaded, and takes work again later", async () => {
    const limit = createLimiter({ concurrencyMax: 1, queueMax: 1 });
    const { work, finish } = createWorks();
    const first = limit(work("a"), open());
    const second = limit(work("b"), open());
    await settle();
    await expect(limit(work("c"), open())).rejects.toMatchObject({ code: "overloaded" });
    finish("a");
    await first;
    await settle();
    finish("b");
    await second;
    await expect(limit(async () => "d", open())).resolves.toBe("d");
  });

  test("frees the slot of work that fails", async () => {
    const limit = createLimiter({ concurrencyMax: 1, queueMax: 1 });
    await expect(limit(() => Promise.reject(new Error("broken")), open())).rejects.toThrow(
      "broken",
    );
    await expect(
      limit(() => {
        throw new Error("at once");
      }, open()),
    ).rejects.toThrow("at once");
    await expect(limit(async () => "next", open())).resolves.toBe("next");
  });

  test("lets a waiting one go at once when its signal aborts, and gives its place to the next", async () => {
    const limit = createLimiter({ concurrencyMax: 1, queueMax: 2 });
    const { started, work, finish } = createWorks();
    const controller = new AbortController();
    const first = limit(work("a"), open());
    const second = limit(work("b"), controller.signal);
    const third = limit(work("c"), open());
    await settle();
    controller.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    await expect(Promise.race([third, settle().then(() => "waiting")])).resolves.toBe("waiting");
    finish("a");
    await first;
    await settle();
    expect(started).toEqual(["a", "c"]);
    finish("c");
    await third;
  });

  test("does not start work whose signal has aborted, before or just after it got its slot", async () => {
    const limit = createLimiter({ concurrencyMax: 1, queueMax: 2 });
    const { started, work } = createWorks();
    const before = AbortSignal.abort(new Error("before"));
    await expect(limit(work("a"), before)).rejects.toThrow("before");
    const controller = new AbortController();
    const second = limit(work("b"), controller.signal);
    controller.abort(new Error("after"));
    await expect(second).rejects.toThrow("after");
    expect(started).toEqual([]);
    await expect(limit(async () => "next", open())).resolves.toBe("next");
  });

  test("holds the slot of aborted work until it has settled", async () => {
    const limit = createLimiter({ concurrencyMax: 1, queueMax: 2 });
    const { started, work, finish } = createWorks();
    const controller = new AbortController();
    const first = limit(work("a"), controller.signal);
    const second = limit(work("b"), open());
    await settle();
    controller.abort();
    await settle();
    expect(started).toEqual(["a"]);
    finish("a");
    await first;
    await settle();
    expect(started).toEqual(["a", "b"]);
    finish("b");
    await second;
  });

  test("leaves no listener on a signal that many works share", async () => {
    const limit = createLimiter({ concurrencyMax: 2, queueMax: 100 });
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 50 }, () => limit(async () => settle(), signal)));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test.each([0, -1, 1.5, Number.NaN])("refuses %d at once as a limit", (concurrencyMax) => {
    expect(() => createLimiter({ concurrencyMax, queueMax: 1 })).toThrow(RangeError);
  });
});
