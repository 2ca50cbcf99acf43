import { describe, expect, test } from "vitest";
import { openLater, type Over, relay } from "../../src/async/relay.ts";

/** 1, 2, … and then the end, or a failure. */
function createSource(count: number, failure?: Error) {
  const state = { closed: 0 };
  async function* open(): AsyncGenerator<number> {
    try {
      for (let item = 1; item <= count; item += 1) yield item;
      if (failure !== undefined) throw failure;
    } finally {
      state.closed += 1;
    }
  }
  return { state, open };
}

function setUp(source: ReturnType<typeof createSource>, more: { isEnd?: () => boolean } = {}) {
  const overs: Over[] = [];
  const log: string[] = [];
  const start = () =>
    relay(source.open, {
      ...more,
      onAsk: () => log.push("ask"),
      onItem: (item) => void log.push(String(item)),
      async onOver(over, close) {
        overs.push(over);
        await close();
      },
    });
  return { overs, log, stream: { [Symbol.asyncIterator]: start } };
}

async function collect(stream: AsyncIterable<number>, most = 10) {
  const got: unknown[] = [];
  try {
    for await (const item of stream) if (got.push(item) === most) break;
  } catch (thrown) {
    got.push(thrown);
  }
  return got;
}

const broken = new Error("broken");

describe("a stream that is passed on", () => {
  test("has the same items, and is over once", async () => {
    const source = createSource(2);
    const { overs, log, stream } = setUp(source);
    expect(await collect(stream)).toEqual([1, 2]);
    expect(log).toEqual(["ask", "1", "ask", "2", "ask"]);
    expect(overs).toEqual([{ how: "ended" }]);
  });

  test("fails as it does, and may be said to end instead", async () => {
    const first = setUp(createSource(1, broken));
    expect(await collect(first.stream)).toEqual([1, broken]);
    expect(first.overs).toEqual([{ how: "failed", thrown: broken }]);
    const second = setUp(createSource(1, broken), { isEnd: () => true });
    expect(await collect(second.stream)).toEqual([1]);
  });

  test("is closed by a consumer that leaves, and has nothing more for it", async () => {
    const source = createSource(3);
    const { overs, stream } = setUp(source);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.return?.();
    expect(overs).toEqual([{ how: "left" }]);
    expect(source.state.closed).toBe(1);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(overs).toHaveLength(1);
  });

  test.each(["onItem", "open", "onOver"] as const)("fails with what %s throws", async (where) => {
    const source = createSource(3);
    const fail = (): never => {
      throw broken;
    };
    const hows: string[] = [];
    const stream = {
      [Symbol.asyncIterator]: () =>
        relay(where === "open" ? fail : source.open, {
          onItem: where === "onItem" ? fail : () => undefined,
          async onOver({ how }, close) {
            hows.push(how);
            await close();
            if (where === "onOver") fail();
          },
        }),
    };
    expect((await collect(stream)).at(-1)).toBe(broken);
    expect(hows).toEqual([where === "onOver" ? "ended" : "failed"]);
    expect(source.state.closed).toBe(where === "open" ? 0 : 1);
  });
});

test("one that has failed is closed without failing again, as by another around it", async () => {
  const closings: string[] = [];
  const inner = () =>
    relay(createSource(1).open, {
      onItem: () => undefined,
      async onOver(_over, close) {
        await close();
        throw broken;
      },
    });
  const outer = () =>
    relay(() => ({ [Symbol.asyncIterator]: inner }), {
      onItem: () => undefined,
      async onOver({ how }, close) {
        await close();
        closings.push(how);
      },
    });
  expect(await collect({ [Symbol.asyncIterator]: outer })).toEqual([1, broken]);
  expect(closings).toEqual(["failed"]);
});

describe("a stream that opens later", () => {
  test("is the stream that was opened", async () => {
    const source = createSource(3);
    const stream = openLater(async () => setUp(source).stream[Symbol.asyncIterator]());
    expect(await collect(stream, 2)).toEqual([1, 2]);
    expect(source.state.closed).toBe(1);
  });

  test("fails when it cannot be opened", async () => {
    const stream = openLater<number>(() => Promise.reject(broken));
    expect(await collect(stream)).toEqual([broken]);
  });
});
