/** Every shape of a stream that compatible servers send, to a run that offers no tools. */
import { expect, test } from "vitest";
import { STREAM_SHAPES } from "../../scripts/chaos/stream-shapes.ts";
import { onAll } from "../support/chaos-world.ts";
import type { Cell } from "./cell.ts";
import { checkCells } from "./check-cells.ts";

const CHAT = "test/models/openai-chat.test.ts";
const whole = { sees: {}, requests: {} };
/** A call of a tool that nobody offered is no answer. */
const wordless = {
  sees: { answerer: "extractive", degraded: ["extractive"] },
  requests: { chat: 2 },
};

const expected: Readonly<Record<string, readonly [Pick<Cell, "sees" | "requests">, string]>> = {
  reasoning: [whole, "reasoning, which is not text"],
  "usage-alone": [whole, "usage in a chunk of its own"],
  "usage-last": [whole, "usage in the last chunk"],
  "empty-first": [whole, "the empty first chunk of Azure"],
  comments: [whole, "comments in between"],
  "no-done": [whole, "no [DONE]"],
  length: [{ sees: { truncated: true }, requests: {} }, "the token limit"],
  "no-finish": [
    { sees: { failed: "upstream_truncated", shown: true }, requests: {} },
    "[DONE] without finish reason",
  ],
  "error-within": [
    { sees: { failed: "upstream_unavailable", shown: true }, requests: {} },
    "an outage within, as a number",
  ],
  "content-filter": [
    { sees: { failed: "content_filtered", shown: true }, requests: {} },
    "a content filter within",
  ],
  "tool-search-eof": [{ ...wordless, requests: { chat: 3 } }, "a clean end without finish reason"],
};

const cells = Object.keys(STREAM_SHAPES).map((shape): Cell => {
  const [seen, title] = expected[shape] ?? [wordless, "a stop without a word"];
  const upstream = onAll("chat", `shape=${shape}`);
  return { name: shape, upstream, ...seen, fast: `${CHAT} > ${title}` };
});

checkCells(cells);

test("only calls of tools are wordless", () => {
  const others = Object.keys(STREAM_SHAPES).filter((shape) => !shape.startsWith("tool-"));
  const named = Object.keys(expected).filter((shape) => !shape.startsWith("tool-"));
  expect(others.toSorted()).toEqual(named.toSorted());
});
