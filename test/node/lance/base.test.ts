/** The slots that native calls share. */
import { expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { createLimiter } from "../../../src/async/limiter.ts";
import { NEVER } from "../../../src/async/never.ts";
import { parseConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";
import { callNative, connectLance } from "../../../src/node/lance/base.ts";
import { makeTempFolder } from "../../support/local-store.ts";

test("a call whose caller has left holds its slot until it has settled, and one that waits leaves the queue", async () => {
  const limiter = createLimiter({ concurrencyMax: 1, queueMax: 1 });
  const begun: string[] = [];
  const call = (name: string, signal: AbortSignal, work: Promise<string>) =>
    callNative({ limiter }, "guide", signal, () => {
      begun.push(name);
      return work;
    });
  const native = Promise.withResolvers<string>();
  const [holder, waiter] = [new AbortController(), new AbortController()];
  const held = call("held", holder.signal, native.promise);
  const queued = call("queued", waiter.signal, Promise.resolve("never"));
  waiter.abort(new AppError("cancelled"));
  await expect(queued).rejects.toMatchObject({ code: "cancelled" });
  const next = call("next", NEVER, Promise.resolve("there"));
  holder.abort(new AppError("cancelled"));
  await expect(held).rejects.toMatchObject({ code: "cancelled" });
  expect(begun).toEqual(["held"]);
  native.resolve("too late");
  expect(await next).toBe("there");
  expect(begun).toEqual(["held", "next"]);
});

test("as many slots and places in their queue as the settings say", async () => {
  await using folder = await makeTempFolder();
  const config = parseConfig({ STORE_CONCURRENCY_MAX: "2", STORE_QUEUE_MAX: "1" });
  const { limiter } = await connectLance({ uri: folder.path, config, clock: systemClock });
  const end = Promise.withResolvers<void>();
  let running = 0;
  const work = () => {
    running += 1;
    return end.promise;
  };
  const calls = Array.from({ length: 3 }, () => limiter(work, NEVER));
  await expect(limiter(work, NEVER)).rejects.toMatchObject({ code: "overloaded" });
  expect(running).toBe(2);
  end.resolve();
  await Promise.all(calls);
  expect(running).toBe(3);
});
