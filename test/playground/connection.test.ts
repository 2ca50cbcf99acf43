/** The connections of a run that the page reads, where no network says that it is gone. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLine } from "../../src/playground/page/connection.ts";

const { signal } = new AbortController();
let network: EventTarget;
beforeEach(() => {
  vi.useFakeTimers();
  network = new EventTarget();
  vi.stubGlobal("addEventListener", network.addEventListener.bind(network));
  vi.stubGlobal("removeEventListener", network.removeEventListener.bind(network));
  vi.stubGlobal("navigator", { onLine: true });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function listen(line: ReturnType<typeof createLine>) {
  let say: (text: string) => void = () => undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      say = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
  });
  const response = await line.connect(async () => new Response(body), signal);
  let ended: string | undefined;
  const read = async (): Promise<void> => {
    try {
      await response.text();
      ended = "whole";
    } catch (thrown) {
      ended = String(thrown);
    }
  };
  void read();
  await vi.advanceTimersByTimeAsync(0);
  return { say, ended: () => ended };
}

test("a connection that gives no sign of life for 45 s is dropped; one that does is kept", async () => {
  using line = createLine();
  const { say, ended } = await listen(line);
  await vi.advanceTimersByTimeAsync(44_000);
  say(": ping\n\n");
  await vi.advanceTimersByTimeAsync(44_000);
  expect(ended()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1_001);
  expect(ended()).toBe("TypeError: the connection is dead");
});

test("when the network is back, what was open before is dropped at once, and listens no more once left", async () => {
  {
    using line = createLine();
    const { ended } = await listen(line);
    network.dispatchEvent(new Event("online"));
    await vi.advanceTimersByTimeAsync(0);
    expect(ended()).toContain("dead");
  }
  using line = createLine();
  const { ended } = await listen(line);
  line[Symbol.dispose]();
  network.dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ended()).toBeUndefined();
});

test("while there is no network nothing is sent; whoever leaves does not wait for it", async () => {
  vi.stubGlobal("navigator", { onLine: false });
  using line = createLine();
  const send = vi.fn<() => Promise<Response>>(async () => new Response(null));
  const leaving = new AbortController();
  const left = line.connect(send, leaving.signal);
  const waiting = line.connect(send, signal);
  leaving.abort(new Error("left"));
  await expect(left).rejects.toThrow("left");
  expect(send).not.toHaveBeenCalled();
  network.dispatchEvent(new Event("online"));
  await waiting;
  expect(send).toHaveBeenCalledTimes(1);
});
