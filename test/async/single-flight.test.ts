import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findRemainingMs, startDeadline } from "../../src/async/deadline.ts";
import { createSingleFlight } from "../../src/async/single-flight.ts";
import { createCounts } from "../../src/async/upstream-stats.ts";
import { AppError } from "../../src/errors.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

function setUp() {
  const { counts, count } = createCounts();
  const flight = createSingleFlight<string>(count);
  const works: { end: PromiseWithResolvers<string>; signal: AbortSignal }[] = [];
  const work = (signal: AbortSignal): Promise<string> => {
    const end = Promise.withResolvers<string>();
    works.push({ end, signal });
    signal.addEventListener("abort", () => end.reject(signal.reason as Error));
    return end.promise;
  };
  const ask = (key = "k", controller = new AbortController()) => ({
    controller,
    result: flight(key, work, controller.signal).catch((error: unknown) => error),
  });
  return { counts, works, ask, flight };
}

describe("a single flight", () => {
  test("does identical work once and shares its result; other keys have their own", async () => {
    const { counts, works, ask } = setUp();
    const [a, b, other] = [ask(), ask(), ask("other")];
    await settle();
    expect(works).toHaveLength(2);
    works[0]?.end.resolve("one");
    works[1]?.end.resolve("two");
    expect(await Promise.all([a.result, b.result, other.result])).toEqual(["one", "one", "two"]);
    expect(counts.shared).toBe(1);
    expect(getEventListeners(a.controller.signal, "abort")).toHaveLength(0);
  });

  test("shares a failure, and keeps neither failures nor results", async () => {
    const { works, ask } = setUp();
    const [a, b] = [ask(), ask()];
    await settle();
    const down = new AppError("upstream_unavailable");
    works[0]?.end.reject(down);
    expect(await Promise.all([a.result, b.result])).toEqual([down, down]);
    ask();
    await settle();
    expect(works).toHaveLength(2);
  });

  test("a caller who leaves disturbs nobody, not even the one who began", async () => {
    const { works, ask } = setUp();
    const [a, b] = [ask(), ask()];
    await settle();
    a.controller.abort(new AppError("cancelled"));
    expect(await a.result).toMatchObject({ code: "cancelled" });
    expect(works[0]?.signal.aborted).toBe(false);
    works[0]?.end.resolve("still");
    expect(await b.result).toBe("still");
  });

  test("the last who leaves ends the work, and who comes then begins anew", async () => {
    const { works, ask } = setUp();
    const [a, b] = [ask(), ask()];
    await settle();
    a.controller.abort();
    b.controller.abort(new AppError("deadline_exceeded"));
    expect(works[0]?.signal.aborted).toBe(true);
    const late = ask();
    await settle();
    expect(works).toHaveLength(2);
    expect(await b.result).toMatchObject({ code: "deadline_exceeded" });
    works[1]?.end.resolve("anew");
    expect(await late.result).toBe("anew");
  });

  test("two callers with one signal are two listeners", async () => {
    const { works, ask } = setUp();
    const controller = new AbortController();
    const [a, b] = [ask("k", controller), ask("k", controller)];
    await settle();
    controller.abort(new AppError("cancelled"));
    expect(works[0]?.signal.aborted).toBe(true);
    expect(await Promise.all([a.result, b.result])).toMatchObject([
      { code: "cancelled" },
      { code: "cancelled" },
    ]);
  });

  test("the work has as much time as the most patient listener", async () => {
    const clock = createFakeClock();
    const flight = createSingleFlight<number>();
    using short = startDeadline({ clock, budgetMs: 100 });
    using long = startDeadline({ clock, budgetMs: 900 });
    const work = async (signal: AbortSignal): Promise<number> => {
      await settle();
      return findRemainingMs(signal);
    };
    const both = [flight("k", work, short.signal), flight("k", work, long.signal)];
    expect(await Promise.all(both)).toEqual([900, 900]);
  });

  test("however callers come and go, the work lives exactly as long as someone listens", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(5), { minLength: 1, maxLength: 20 }), async (moves) => {
        const { works, ask } = setUp();
        const listening = new Set<ReturnType<typeof ask>>();
        for (const move of moves) {
          const leaver = [...listening][move - 2];
          if (leaver === undefined) {
            listening.add(ask());
          } else {
            listening.delete(leaver);
            leaver.controller.abort(new AppError("cancelled"));
          }
          await settle();
          expect(works.filter(({ signal }) => !signal.aborted)).toHaveLength(
            Math.min(1, listening.size),
          );
        }
        works.at(-1)?.end.resolve("end");
        for (const { result } of listening) expect(await result).toBe("end");
      }),
      { numRuns: 60 },
    );
  });
});
