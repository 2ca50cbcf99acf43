/** The calls of one step: what runs beside what, what fails and how, and what the model is told. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { createBudget } from "../../src/agent/budget.ts";
import { runStep } from "../../src/agent/step.ts";
import { RetryTool, type Tool, ToolFailed } from "../../src/agent/tool.ts";
import { toSummary, toToolResult } from "../../src/agent/tool-result.ts";
import { findRemainingMs } from "../../src/async/deadline.ts";
import { AppError } from "../../src/errors.ts";
import { withDeadline } from "../../src/run.ts";
import type { ToolCall } from "../../src/models/model.ts";
import { createTestRun, toPassage } from "../support/run.ts";

const never = new AbortController().signal;
const toCall = (name: string, args: unknown, id = name): ToolCall => ({
  id,
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
});

describe("the calls of one step", () => {
  const Nothing = z.strictObject({});
  const toTool = (name: string, execute: Tool["execute"], more: Partial<Tool> = {}): Tool => ({
    name,
    description: name,
    parameters: Nothing,
    timeoutMs: 5_000,
    readOnly: true,
    idempotent: true,
    execute,
    ...more,
  });
  async function step(
    tools: readonly Tool[],
    names: readonly string[],
    env = {},
    own = createTestRun(env),
  ) {
    const context = {
      run: own,
      tools,
      step: 1,
      budget: { takeCallOf: () => true },
      wrong: new Map<string, number>(),
      spent: new Set<string>(),
      addPassages: () => Promise.resolve([]),
    };
    const calls = names.map((name, index) => toCall(name, {}, `${name}${index}`));
    const replies = await runStep(calls, context);
    return { replies, events: own.events, degraded: own.degraded };
  }
  const wait = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const timer = ms === Infinity ? undefined : setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    });

  test("run at the same time, at most so many, and are told in the order they were made", async () => {
    let running = 0;
    let most = 0;
    let turn = 5;
    const tool = toTool("a", async (_, { signal }) => {
      running += 1;
      most = Math.max(most, running);
      await wait((turn -= 1) * 10, signal);
      running -= 1;
      return "ok";
    });
    const { replies } = await step([tool], ["a", "a", "a", "a"], { TOOL_CONCURRENCY_MAX: "3" });
    expect(most).toBe(3);
    expect(replies.map(({ callId }) => callId)).toEqual(["a0", "a1", "a2", "a3"]);
  });

  test("hand the model nothing of a document that its readers do not see", async () => {
    const found = [{ text: "a\u200bb\u{e0041}c" }];
    const { replies } = await step([toTool("a", () => Promise.resolve(found))], ["a"]);
    expect(replies.map(({ content }) => content)).toEqual(['[{"text":"abc"}]']);
  });

  test("a call that must not be made twice is not, even when nobody knows whether it was done", async () => {
    let calls = 0;
    const tool = toTool(
      "pay",
      async (_, { signal }) => {
        calls += 1;
        await wait(5_000, signal);
      },
      { timeoutMs: 20, readOnly: false, idempotent: false, sequential: true },
    );
    const { events, replies } = await step([tool], ["pay", "pay"]);
    const errors = events.filter((event) => event.type === "tool-error");
    expect(errors.map(({ code, retry }) => `${code} ${retry}`)).toEqual([
      "tool_timeout false",
      "tool_not_repeated false",
    ]);
    expect(replies[0]?.content).toContain("may have been done");
    expect(calls).toBe(1);
  });

  test("are all under way before the first of them ends", async () => {
    const tool = toTool("a", async (_, { signal }) => wait(300, signal));
    const { events } = await step([tool], ["a", "a", "a", "a"]);
    const spans = events.flatMap((event) => (event.type === "tool-result" ? [event] : []));
    expect(spans).toHaveLength(4);
    const firstEndMs = Math.min(...spans.map(({ endMs }) => endMs));
    expect(Math.max(...spans.map(({ startMs }) => startMs))).toBeLessThan(firstEndMs);
  });

  test("a sequential tool runs alone", async () => {
    const log: string[] = [];
    const note =
      (name: string) =>
      async (_: unknown, { signal }: { signal: AbortSignal }) => {
        log.push(`+${name}`);
        await wait(5, signal);
        log.push(`-${name}`);
      };
    const tools = [toTool("a", note("a")), toTool("s", note("s"), { sequential: true })];
    await step(tools, ["a", "s", "a"]);
    expect(log).toEqual(["+a", "-a", "+s", "-s", "+a", "-a"]);
  });

  test("one that never settles is left at its time, and its signal aborts", async () => {
    let reason: unknown;
    const tool = toTool(
      "a",
      (_, { signal }) =>
        new Promise<void>(() =>
          signal.addEventListener("abort", () => {
            reason = signal.reason;
          }),
        ),
      { timeoutMs: 20 },
    );
    const { events, degraded } = await step([tool], ["a"]);
    expect(events.at(-1)).toMatchObject({ type: "tool-error", code: "tool_timeout", retry: true });
    expect(reason).toMatchObject({ code: "deadline_exceeded" });
    expect(degraded).toEqual(["tool_failed:a"]);
  });

  test("one that goes on after its time brings nothing into the run any more", async () => {
    const late = Promise.withResolvers<unknown>();
    const tool = toTool(
      "a",
      async (_, { signal, addPassages }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        addPassages([toPassage(1, "late")]).then(late.resolve, late.reject);
        await new Promise(() => undefined);
      },
      { timeoutMs: 20 },
    );
    const { events } = await step([tool], ["a"]);
    expect(events.at(-1)).toMatchObject({ code: "tool_timeout" });
    await expect(late.promise).rejects.toMatchObject({ code: "deadline_exceeded" });
  });

  test("what one has begun in its run's name ends with it", async () => {
    const late = Promise.withResolvers<unknown>();
    const tool = toTool(
      "a",
      (_, { run }) => {
        run.signal.addEventListener("abort", () => late.resolve(run.signal.reason));
        return new Promise(() => undefined);
      },
      { timeoutMs: 20 },
    );
    await step([tool], ["a"]);
    expect(await late.promise).toMatchObject({ code: "deadline_exceeded" });
  });

  test("one knows how little time its run has left, and plans by that", async () => {
    const own = createTestRun();
    using deadline = own.deadline.child(1_000, "gather");
    let left: readonly number[] = [];
    const tool = toTool("a", async (_, { signal, run }) => {
      using stage = run.deadline.child(3_000, "embed");
      const all = [run.deadline.remainingMs(), stage.remainingMs(), findRemainingMs(signal)];
      left = all;
    });
    await step([tool], ["a"], {}, Object.assign(withDeadline(own, deadline), { events: [] }));
    expect(left).toHaveLength(3);
    expect(Math.max(...left)).toBeLessThanOrEqual(1_000);
  });

  test("what it cannot do and what was wrong are two things", async () => {
    const tools = [
      toTool("cannot", () => Promise.reject(new ToolFailed("it is gone"))),
      toTool("wrong", () => Promise.reject(new RetryTool("name a year"))),
    ];
    const { replies, events } = await step(tools, ["cannot", "wrong"]);
    expect(replies.map(({ content }) => content)).toEqual([
      "Error: it is gone",
      "Error: name a year",
    ]);
    const errors = events.filter((event) => event.type === "tool-error");
    expect(errors.map(({ retry }) => retry)).toEqual([false, true]);
  });

  const wrong = new RetryTool("name a year");
  const budgets: readonly {
    readonly name: string;
    readonly tool: string;
    readonly ends: readonly (Error | "late" | "ok" | "bad arguments")[];
    readonly codes: readonly string[];
  }[] = [
    {
      name: "wrong calls",
      tool: "a",
      ends: [wrong, wrong, wrong, "ok"],
      codes: ["tool_retry", "tool_retry", "tool_retry", "tool_retries_spent"],
    },
    {
      name: "arguments that do not fit",
      tool: "a",
      ends: ["bad arguments", "bad arguments", "bad arguments", "ok"],
      codes: ["invalid_arguments", "invalid_arguments", "invalid_arguments", "tool_retries_spent"],
    },
    {
      name: "calls that are late",
      tool: "a",
      ends: ["late", "late", "late", "ok"],
      codes: ["tool_timeout", "tool_timeout", "tool_timeout", "tool_retries_spent"],
    },
    {
      name: "a name that is no tool's",
      tool: "b",
      ends: ["ok", "ok", "ok", "ok"],
      codes: ["unknown_tool", "unknown_tool", "unknown_tool", "tool_retries_spent"],
    },
    {
      name: "wrong calls with one between that is right",
      tool: "a",
      ends: [wrong, wrong, "ok", wrong, "late", "ok"],
      codes: ["tool_retry", "tool_retry", "ran", "tool_retry", "tool_timeout", "ran"],
    },
    {
      name: "what it cannot do, which is no fault of the call's",
      tool: "a",
      ends: Array.from({ length: 5 }, () => new ToolFailed("it is gone")),
      codes: Array.from({ length: 5 }, () => "tool_failed"),
    },
  ];
  test.each(budgets)("a tool may be called wrongly so often: $name", async (one) => {
    const own = createTestRun();
    const context = {
      run: own,
      budget: { takeCallOf: () => true },
      wrong: new Map<string, number>(),
      spent: new Set<string>(),
      addPassages: () => Promise.resolve([]),
    };
    for (const [index, end] of one.ends.entries()) {
      const execute: Tool["execute"] = async (_, { signal }) => {
        if (end instanceof Error) throw end;
        if (end === "late") await wait(5_000, signal);
        return "ok";
      };
      const tools = [toTool("a", execute, { timeoutMs: end === "late" ? 20 : 5_000 })];
      const call = toCall(one.tool, end === "bad arguments" ? "{" : {}, `c${index}`);
      await runStep([call], { ...context, tools, step: index + 1 });
    }
    const codes = own.events.flatMap((event) => {
      if (event.type === "tool-error") return [event.code];
      return event.type === "tool-result" ? ["ran"] : [];
    });
    expect(codes).toEqual(one.codes);
  });

  test("anything else ends the step: the others are aborted and waited for", async () => {
    let ended = false;
    const tools = [
      toTool("slow", async (_, { signal }) => wait(5_000, signal).finally(() => (ended = true))),
      toTool("broken", () => Promise.reject(new TypeError("a bug"))),
    ];
    await expect(step(tools, ["slow", "broken"])).rejects.toMatchObject({ code: "internal" });
    expect(ended).toBe(true);
  });

  test.each([
    ["with what it has to put back", 50, true],
    ["but not for ever, where one never ends", Infinity, false],
  ])("and they are waited for to end, %s", async (_, putBackMs, isOver) => {
    let over = false;
    const tools = [
      toTool("slow", async (_args, { signal }) => {
        await wait(5_000, signal).catch(() => wait(putBackMs, never));
        over = putBackMs < Infinity;
      }),
      toTool("broken", () => Promise.reject(new TypeError("a bug"))),
    ];
    await expect(step(tools, ["slow", "broken"])).rejects.toMatchObject({ code: "internal" });
    expect(over).toBe(isOver);
  });

  test("calls that wait for a place are never begun once the step or the run has ended", async () => {
    const begun: string[] = [];
    const note = toTool("note", () => Promise.resolve(begun.push("note")), { readOnly: false });
    const broken = toTool("broken", () => Promise.reject(new TypeError("a bug")));
    const few = { TOOL_CONCURRENCY_MAX: "1" };
    const names = ["broken", "note", "note"];
    await expect(step([broken, note], names, few)).rejects.toMatchObject({ code: "internal" });
    const client = new AbortController();
    const leave = toTool("leave", async (_, { signal }) => {
      client.abort(new AppError("cancelled"));
      await wait(5_000, signal);
    });
    const alone = { ...note, name: "alone", sequential: true };
    const own = createTestRun(few, client.signal);
    await expect(
      step([leave, note, alone], ["leave", "note", "alone"], few, own),
    ).rejects.toMatchObject({ code: "cancelled" });
    expect(begun).toEqual([]);
  });

  test("each call that was told is told to have ended, however its step ends", async () => {
    const hang = toTool("hang", (_, { signal }) => wait(5_000, signal));
    const alone = toTool("alone", () => Promise.resolve("ok"), { sequential: true });
    const broken = toTool("broken", () => Promise.reject(new TypeError("a bug")));
    const own = createTestRun();
    await expect(
      step([hang, alone, broken], ["hang", "broken", "hang", "alone"], {}, own),
    ).rejects.toMatchObject({ code: "internal" });
    const ends = own.events.flatMap((event) =>
      event.type === "tool-error" ? [`${event.callId} ${event.code}`] : [],
    );
    expect(ends.toSorted()).toEqual([
      "alone3 cancelled",
      "broken1 internal",
      "hang0 cancelled",
      "hang2 cancelled",
    ]);
  });

  test("only a call that is made counts against the calls a tool may have", async () => {
    const parameters = z.object({ id: z.string() });
    const tool = { ...toTool("once", () => Promise.resolve("ok")), parameters, callsMax: 1 };
    const budget = createBudget({ toolCallsMax: 9, tokensMax: 9 }, { modelCallsMax: 9 });
    const own = createTestRun();
    const calls = [{ id: 1 }, { id: "a" }, { id: "b" }];
    await runStep(
      calls.map((args, index) => toCall("once", args, `c${index}`)),
      {
        run: own,
        tools: [tool],
        step: 1,
        budget,
        wrong: new Map(),
        spent: new Set(),
        addPassages: () => Promise.resolve([]),
      },
    );
    const ends = own.events.flatMap((event) => {
      if (event.type === "tool-error") return [`${event.callId} ${event.code}`];
      return event.type === "tool-result" ? [`${event.callId} ran`] : [];
    });
    expect(ends.toSorted()).toEqual(["c0 invalid_arguments", "c1 ran", "c2 tool_calls_spent"]);
  });

  test("after three wrong calls of one tool it is left alone, and another is not", async () => {
    const made: string[] = [];
    const tools = [
      toTool("picky", async () => {
        made.push("picky");
        throw new RetryTool("name a year");
      }),
      toTool("other", async () => made.push("other")),
    ];
    const own = createTestRun();
    const context = {
      run: own,
      tools,
      budget: { takeCallOf: () => true },
      wrong: new Map<string, number>(),
      spent: new Set<string>(),
      addPassages: () => Promise.resolve([]),
    };
    const steps = ["{picky", "{}", '{"year":1}', "{}"];
    for (const [index, args] of steps.entries()) {
      await runStep([toCall("picky", args), toCall("other", {})], { ...context, step: index + 1 });
    }
    const errors = own.events.flatMap((event) => (event.type === "tool-error" ? [event] : []));
    expect(errors.map(({ code, retry }) => [code, retry])).toEqual([
      ["invalid_arguments", true],
      ["tool_retry", true],
      ["invalid_arguments", true],
      ["tool_retries_spent", false],
    ]);
    expect(made.toSorted()).toEqual(["other", "other", "other", "other", "picky"]);
  });
});

describe("what a tool gives", () => {
  const cycle: Record<string, unknown> = { name: "a" };
  cycle["self"] = cycle;
  test.each([
    ["a cycle", cycle, '{"name":"a","self":"[seen above]"}'],
    ["a big number", { n: 12n }, '{"n":"12"}'],
    ["a function", { f: () => 1 }, '{"f":"[function]"}'],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["no number", { n: Number.NaN }, '{"n":null}'],
    ["a symbol", { s: Symbol("s") }, '{"s":"[symbol]"}'],
    ["an error that was not thrown", new TypeError("at /home/of/someone"), "{}"],
    ["a text", "as it is", "as it is"],
    ["bytes", { data: new Uint8Array([1, 2]) }, '{"data":[1,2]}'],
    ["numbers of a vector", { v: new Float32Array([0.5, 1]) }, '{"v":[0.5,1]}'],
    ["big numbers side by side", new BigInt64Array([5n]), '["5"]'],
    ["bytes with a form of their own", Buffer.from([1, 2]), "[1,2]"],
    ["a date", [new Date(0)], '["1970-01-01T00:00:00.000Z"]'],
    ["the same twice beside itself", [cycle["name"], ["b"], ["b"]], '["a",["b"],["b"]]'],
    ["what is left out of JSON", { a: undefined, b: [undefined], __proto__: null }, '{"b":[null]}'],
    [
      "something that throws when it is looked at",
      new Proxy(
        {},
        {
          ownKeys() {
            throw new TypeError("no");
          },
        },
      ),
      "[a result that cannot be written down]",
    ],
    [
      "something that throws",
      {
        get x() {
          throw new Error("no");
        },
      },
      "[a result that cannot be written down]",
    ],
  ])("%s becomes text", (_, value, expected) => {
    expect(toToolResult(value, 1_000)).toBe(expected);
  });

  test("a cut leaves no half character", () => {
    expect(toToolResult("😀".repeat(20), 7).isWellFormed()).toBe(true);
  });

  test("its summary is one line of whole characters: what it found, or the beginning of what it gave", () => {
    const found = [toPassage(3, "a", { title: "Retries" }), toPassage(4, "b", { title: "Queues" })];
    expect(toSummary('[{"label":3}]', found)).toBe("[3] Retries, [4] Queues");
    expect(toSummary(" It rains.\r\n\tStill. ", [])).toBe("It rains. Still.");
    const long = toSummary(`x${"😀".repeat(50_000_000 / 100)}`, []);
    expect(long.isWellFormed()).toBe(true);
    expect(long).toMatch(/^x😀+.?…$/u);
    expect(long.length).toBeLessThan(125);
  });

  test.each([
    ["a list", Array.from({ length: 100_000 }, (_, at) => at)],
    ["an object", Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [at, at]))],
  ])("of %s no more is looked at than the text holds", (_, all) => {
    let looks = 0;
    const get = (target: object, key: string | symbol): unknown => {
      looks += 1;
      return Reflect.get(target, key);
    };
    expect(toToolResult(new Proxy(all, { get }), 1_000)).toContain("[cut:");
    expect(looks).toBeLessThan(2_000);
  });

  test("bytes are not made a list of them all", () => {
    const toJSON = (): never => {
      throw new Error("50 million numbers");
    };
    const bytes = Object.assign(Buffer.alloc(50_000_000), { toJSON });
    expect(toToolResult(bytes, 1_000)).toMatch(/^\[0,0,.*\[cut:/su);
  });

  test("50 MB are cut, and the model is told", () => {
    const result = toToolResult(
      Array.from({ length: 50 }, () => "x".repeat(1_000_000)),
      1_000,
    );
    expect(result.length).toBeLessThan(1_100);
    expect(result).toContain("[cut:");
  });
});
