import { describe, expect, test } from "vitest";
import * as z from "zod";
import { checkTools } from "../../src/agent/check-tools.ts";
import { defineTool } from "../../src/agent/define-tool.ts";
import { createPool } from "../../src/agent/pool.ts";
import { runStep } from "../../src/agent/step.ts";
import { type Tool, toArgumentsSchema } from "../../src/agent/tool.ts";
import type { ToolCall } from "../../src/models/model.ts";
import { createTestRun, toPassage } from "../support/run.ts";

const definition = {
  name: "look",
  description: "Looks.",
  parameters: z.strictObject({ what: z.string().optional() }),
  readOnly: true,
  idempotent: true,
  timeoutMs: 1_000,
  run: (): Promise<unknown> => Promise.resolve("seen"),
};

describe("what is defined", () => {
  test("runs alone unless it only reads, or says otherwise", () => {
    expect(defineTool(definition).sequential).toBe(false);
    expect(defineTool({ ...definition, readOnly: false }).sequential).toBe(true);
    expect(defineTool({ ...definition, readOnly: false, sequential: false }).sequential).toBe(
      false,
    );
  });

  const good = defineTool(definition);
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["no list", { tools: [] }, "no list"],
    ["nothing", undefined, "no list"],
    ["two of one name", [good, good], "look: there are two"],
    ["the name of a tool every run has", [{ ...good, name: "search" }], "search: every run has"],
    ["a name with a space", [{ ...good, name: "look up" }], "tools[0] has no name"],
    ["no name", [{ ...good, name: undefined }], "tools[0] has no name"],
    ["a text", ["look"], "tools[0] is no tool"],
    ["no schema", [{ ...good, parameters: undefined }], "look: parameters"],
    ["a schema that is no object", [{ ...good, parameters: z.string() }], "look: parameters"],
    [
      "a schema no model can be told",
      [{ ...good, parameters: z.object({ at: z.date() }) }],
      "look: parameters",
    ],
    ["no description", [{ ...good, description: " " }], "look: description"],
    ["nothing to run", [{ ...good, execute: undefined }], "look: execute"],
    ["no word on what it changes", [{ ...good, readOnly: undefined }], "look: readOnly"],
    ["no word on doing it twice", [{ ...good, idempotent: undefined }], "look: idempotent"],
    ["no time", [{ ...good, timeoutMs: 0 }], "look: timeoutMs"],
    ["endless time", [{ ...good, timeoutMs: Number.POSITIVE_INFINITY }], "look: timeoutMs"],
  ];
  test.each(wrong)("%s is refused by name", (_, tools, reason) => {
    expect(() => checkTools(tools, "TOOLS_FILE x.ts")).toThrow(reason);
    expect(() => checkTools(tools, "TOOLS_FILE x.ts")).toThrow("TOOLS_FILE x.ts");
  });

  test("what is right is taken as it is", () => {
    expect(checkTools([good], "x")).toEqual([good]);
    expect(checkTools([], "x")).toEqual([]);
  });
});

describe("what is called", () => {
  async function call(tool: Tool, args = "{}", env = {}) {
    const run = createTestRun(env);
    const first = [toPassage(1, "What was there.")];
    const pool = createPool(first, run);
    const calls: readonly ToolCall[] = [{ id: "c1", name: tool.name, arguments: args }];
    const [reply] = await runStep(calls, {
      run,
      tools: [tool],
      step: 1,
      budget: { takeCallOf: () => true },
      wrong: new Map(),
      spent: new Set(),
      addPassages: pool.view(first),
    });
    return { content: reply?.content ?? "", events: run.events, pool };
  }

  test("what is citable is a passage of the run, and the model is told its label", async () => {
    const { content, pool, events } = await call(defineTool({ ...definition, citable: true }));
    expect(content).toBe('{"label":2,"text":"seen"}');
    expect(pool.passages[1]).toMatchObject({
      label: 2,
      collection: "tool:look",
      documentId: "c1",
      text: "seen",
      start: 0,
      end: 4,
    });
    expect(events.map(({ type }) => type)).toEqual(["tool-call", "retrieval-end", "tool-result"]);
  });

  test("what is not citable leaves the passages as they are", async () => {
    const { content, pool } = await call(defineTool(definition));
    expect(content).toBe("seen");
    expect(pool.passages).toHaveLength(1);
  });

  test("the evidence is as bounded as the result", async () => {
    const run = (): Promise<string> => Promise.resolve("x".repeat(50_000_000));
    const tool = defineTool({ ...definition, citable: true, run });
    const { pool } = await call(tool, "{}", { TOOL_RESULT_CHARS_MAX: "1000" });
    expect(pool.passages[1]?.text.length).toBeLessThan(1_100);
  });

  test.each([
    ["a loose schema", z.looseObject({})],
    ["a record within", z.object({ all: z.record(z.string(), z.unknown()).optional() })],
  ])("__proto__ never reaches a tool: %s", async (_, parameters) => {
    let got: unknown;
    const run = (args: unknown): Promise<string> => {
      got = args;
      return Promise.resolve("ran");
    };
    const tool = defineTool({ ...definition, parameters, run });
    for (const args of ['{"__proto__":{"x":1}}', '{"all":{"__proto__":{"x":1}}}']) {
      const { events } = await call(tool, args);
      expect(events.at(-1)).toMatchObject({ type: "tool-error", code: "invalid_arguments" });
    }
    expect(got).toBeUndefined();
  });

  test("10 MB of arguments never reach a tool, however much its schema takes", async () => {
    const run = (): Promise<string> => Promise.reject(new Error("never called"));
    const tool = defineTool({ ...definition, parameters: z.looseObject({}), run });
    const { events } = await call(tool, JSON.stringify({ a: "x".repeat(10_000_000) }));
    expect(events.at(-1)).toMatchObject({ type: "tool-error", code: "invalid_arguments" });
  });

  test("a schema may transform: the model is told what to write, the tool gets what was made of it", async () => {
    const parameters = z.strictObject({
      id: z.string().transform((text) => BigInt(text)),
      days: z.int().default(30),
    });
    const got: unknown[] = [];
    const run = (args: unknown): Promise<string> => {
      got.push(args);
      return Promise.resolve("ran");
    };
    const tool = defineTool({ ...definition, parameters, run, readOnly: false, idempotent: false });
    expect(checkTools([tool], "x")).toHaveLength(1);
    expect(toArgumentsSchema(tool.parameters)).toMatchObject({
      properties: { id: { type: "string" }, days: { default: 30 } },
      required: ["id"],
    });
    const { events } = await call(tool, '{"id":"17"}');
    expect(got).toEqual([{ id: 17n, days: 30 }]);
    expect(events[0]).toMatchObject({ type: "tool-call", arguments: { id: "17" } });
    expect(events.map(({ type }) => type)).toEqual(["tool-call", "tool-result"]);
  });

  test("one that throws before it waits is a mistake of its author, and ends the run", async () => {
    const run = (): Promise<unknown> => {
      throw new TypeError("a bug");
    };
    await expect(call(defineTool({ ...definition, run }))).rejects.toMatchObject({
      code: "internal",
    });
  });
});
