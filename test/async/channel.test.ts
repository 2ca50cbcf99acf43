import { describe, expect, test, vi } from "vitest";
import { createChannel } from "../../src/async/channel.ts";
import { settle } from "../support/fake-clock.ts";

describe("createChannel", () => {
  test("hands over every value in order, those before the consumer came too, then ends", async () => {
    const onLeave = vi.fn<() => void>();
    const channel = createChannel<number>({ capacity: 10, onLeave });
    await channel.push(1);
    await channel.push(2);
    const seen: number[] = [];
    const consuming = (async () => {
      for await (const value of channel) seen.push(value);
    })();
    await settle();
    await channel.push(3);
    channel.close();
    await consuming;
    expect(seen).toEqual([1, 2, 3]);
    expect(onLeave).not.toHaveBeenCalled();
  });

  test("carries values that are falsy or undefined", async () => {
    const channel = createChannel<unknown>({ capacity: 10 });
    for (const value of [undefined, 0, "", null]) await channel.push(value);
    channel.close();
    const seen: unknown[] = [];
    for await (const value of channel) seen.push(value);
    expect(seen).toEqual([undefined, 0, "", null]);
  });

  test("makes the producer wait beyond its capacity until the consumer has caught up", async () => {
    const channel = createChannel<number>({ capacity: 2 });
    const pushed: number[] = [];
    for (const value of [1, 2, 3]) void channel.push(value).then(() => pushed.push(value));
    await settle();
    expect(pushed).toEqual([1, 2]);
    const iterator = channel[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ value: 1, done: false });
    await settle();
    expect(pushed).toEqual([1, 2, 3]);
  });

  test("gives what is queued before the end when closed, and ignores what is pushed after", async () => {
    const channel = createChannel<number>({ capacity: 10 });
    await channel.push(1);
    channel.close();
    await channel.push(2);
    const iterator = channel[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ value: 1, done: false });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });

  test("lets a waiting producer go when it is closed", async () => {
    const channel = createChannel<number>({ capacity: 0 });
    const pushing = channel.push(1);
    channel.close();
    await expect(pushing).resolves.toBeUndefined();
  });

  test("says once that the consumer left, and lets the producer go", async () => {
    const onLeave = vi.fn<() => void>();
    const channel = createChannel<number>({ capacity: 0, onLeave });
    const pushing = [channel.push(1), channel.push(2)];
    for await (const value of channel) {
      expect(value).toBe(1);
      break;
    }
    await Promise.all(pushing);
    await channel.push(3);
    expect(onLeave).toHaveBeenCalledOnce();
  });

  test("notices a consumer that leaves while it waits for a value", async () => {
    const onLeave = vi.fn<() => void>();
    const channel = createChannel<number>({ capacity: 1, onLeave });
    const iterator = channel[Symbol.asyncIterator]();
    const waiting = iterator.next();
    await iterator.return?.();
    expect(onLeave).toHaveBeenCalledOnce();
    expect(await waiting).toEqual({ value: undefined, done: true });
  });

  test("notices the cancelling of a web stream made of it", async () => {
    const onLeave = vi.fn<() => void>();
    const channel = createChannel<string>({ capacity: 1, onLeave });
    const iterator = channel[Symbol.asyncIterator]();
    const stream = new ReadableStream<string>({
      async pull(controller) {
        const { value, done } = await iterator.next();
        if (done !== true) controller.enqueue(value);
      },
      async cancel() {
        await iterator.return?.();
      },
    });
    const reader = stream.getReader();
    void reader.read();
    await settle();
    await reader.cancel();
    expect(onLeave).toHaveBeenCalledOnce();
  });

  test("does not call a consumer that had everything one that left", async () => {
    const onLeave = vi.fn<() => void>();
    const channel = createChannel<number>({ capacity: 1, onLeave });
    channel.close();
    const iterator = channel[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.return?.();
    expect(onLeave).not.toHaveBeenCalled();
  });

  test("answers several waiting reads in their order", async () => {
    const channel = createChannel<number>({ capacity: 10 });
    const iterator = channel[Symbol.asyncIterator]();
    const reads = [iterator.next(), iterator.next(), iterator.next()];
    await channel.push(1);
    await channel.push(2);
    channel.close();
    expect(await Promise.all(reads)).toEqual([
      { value: 1, done: false },
      { value: 2, done: false },
      { value: undefined, done: true },
    ]);
  });

  test("refuses a second consumer", () => {
    const channel = createChannel<number>({ capacity: 1 });
    channel[Symbol.asyncIterator]();
    expect(() => channel[Symbol.asyncIterator]()).toThrow("once");
  });
});
