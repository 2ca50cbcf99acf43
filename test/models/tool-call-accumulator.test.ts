import { expect, test } from "vitest";
import type { ToolCall } from "../../src/models/model.ts";
import { createToolCallAccumulator } from "../../src/models/tool-call-accumulator.ts";

const settings = { url: "URL", key: "KEY", model: "MODEL" };
const upstream = { name: "the model", settings };
const f = (text: unknown, name?: string) => ({ name, arguments: text });
const call = (id: string, name: string, text: string): ToolCall => ({ id, name, arguments: text });

const cases: readonly (readonly [string, readonly unknown[], readonly ToolCall[]])[] = [
  [
    "one whole call",
    [[{ index: 0, id: "a", type: "function", function: f("{}", "f") }]],
    [call("a", "f", "{}")],
  ],
  [
    "arguments in pieces",
    [
      [{ index: 0, id: "a", function: f("", "f") }],
      [{ index: 0, function: f('{"q"') }],
      [{ index: 0, function: f(":1}") }],
    ],
    [call("a", "f", '{"q":1}')],
  ],
  [
    "two calls in turns",
    [
      [
        { index: 0, id: "a", function: f("", "f") },
        { index: 1, id: "b", function: f("", "g") },
      ],
      [
        { index: 1, function: f("2") },
        { index: 0, function: f("1") },
      ],
    ],
    [call("a", "f", "1"), call("b", "g", "2")],
  ],
  [
    "one id for all",
    [
      [
        { index: 0, id: "a", function: f("", "f") },
        { index: 1, id: "a", function: f("", "g") },
      ],
      [
        { index: 0, id: "a", function: f("1") },
        { index: 1, id: "a", function: f("2") },
      ],
    ],
    [call("a", "f", "1"), call("a", "g", "2")],
  ],
  [
    "no index",
    [[{ id: "a", function: f("{", "f") }], [{ function: f("}") }]],
    [call("a", "f", "{}")],
  ],
  [
    "two calls under one index",
    [
      [{ index: 0, id: "a", function: f("{}", "f") }],
      [{ index: 0, id: "b", function: f("[]", "g") }],
    ],
    [call("a", "f", "{}"), call("b", "g", "[]")],
  ],
  [
    "no id",
    [[{ index: 0, function: f("{}", "f") }], [{ index: 1, function: f("{}", "g") }]],
    [call("call_1", "f", "{}"), call("call_2", "g", "{}")],
  ],
  [
    "neither id nor index",
    [[{ function: f("{}", "f") }], [{ function: f("{}", "f") }]],
    [call("call_1", "f", "{}"), call("call_2", "f", "{}")],
  ],
  [
    "a made id beside a real one",
    [[{ index: 0, id: "call_1", function: f("{}", "f") }], [{ index: 1, function: f("{}", "g") }]],
    [call("call_1", "f", "{}"), call("call_2", "g", "{}")],
  ],
  [
    "an id repeated without an index",
    [[{ id: "a", function: f("{", "f") }], [{ id: "a", function: f("}", "f") }]],
    [call("a", "f", "{}")],
  ],
  [
    "a name repeated",
    [[{ index: 0, id: "a", function: f("{", "f") }], [{ index: 0, function: f("}", "f") }]],
    [call("a", "f", "{}")],
  ],
  [
    "a name in pieces",
    [
      [{ index: 0, id: "a", function: f("", "read_") }],
      [{ index: 0, function: f("{}", "document") }],
    ],
    [call("a", "read_document", "{}")],
  ],
  [
    "arguments as an object",
    [[{ index: 0, id: "a", function: f({ q: 1 }, "f") }]],
    [call("a", "f", '{"q":1}')],
  ],
  [
    "malformed arguments as they are",
    [[{ index: 0, id: "a", function: f('{"q":', "f") }]],
    [call("a", "f", '{"q":')],
  ],
  [
    "nulls and empty strings",
    [
      [{ index: null, id: "", function: f(null, "f") }],
      [{ index: null, id: null, function: { name: "", arguments: "{}" } }],
    ],
    [call("call_1", "f", "{}")],
  ],
  ["what are no pieces", [null, "x", {}, [], [3]], []],
];

test.each(cases)("the accumulator reads %s", (_, chunks, expected) => {
  const accumulator = createToolCallAccumulator(upstream);
  for (const chunk of chunks) accumulator.add(chunk);
  expect(accumulator.calls()).toEqual(expected);
});

test("everything that is kept of a call counts as what it brought", () => {
  const accumulator = createToolCallAccumulator(upstream);
  const first = { index: 0, id: "abc", function: f("{}", "find"), extra_content: { sign: "x" } };
  expect(accumulator.add([first])).toBe(9 + JSON.stringify(first.extra_content).length);
  expect(accumulator.add([{ index: 0, function: f("", "find") }])).toBe(0);
  expect(accumulator.add([{ index: 0, function: f("", "_more") }])).toBe(5);
});

test("800 calls in one answer are what the run's own limit is for", () => {
  const accumulator = createToolCallAccumulator(upstream);
  accumulator.add(Array.from({ length: 800 }, (_, index) => ({ index, id: `call-${index}` })));
  expect(accumulator.calls()).toHaveLength(800);
});

test("calls without end are no answer", () => {
  const accumulator = createToolCallAccumulator(upstream);
  const calls = Array.from({ length: 1_025 }, (_, index) => ({ id: `call-${index}` }));
  expect(accumulator.add(calls.slice(0, 1_024))).toBeGreaterThan(0);
  expect(() => accumulator.add(calls.slice(1_024))).toThrow(
    expect.objectContaining({
      code: "upstream_bad_response",
      detail: "the model called more than 1024 tools at once",
    }),
  );
});

test("pieces that come at once are no more than the calls may be, though they bring nothing", () => {
  const accumulator = createToolCallAccumulator(upstream);
  expect(accumulator.add(Array.from({ length: 1_024 }, () => ({ index: 0 })))).toBe(0);
  expect(() => accumulator.add(Array.from({ length: 1_025 }, () => ({ index: 0 })))).toThrow(
    "more than 1024",
  );
});
