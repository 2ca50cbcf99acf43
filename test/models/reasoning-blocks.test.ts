import { expect, test } from "vitest";
import { createReasoningBlocks, findBlockPieces } from "../../src/models/reasoning-blocks.ts";

/** The blocks of these deltas. */
function collect(...deltas: readonly Readonly<Record<string, unknown>>[]) {
  const blocks = createReasoningBlocks();
  for (const delta of deltas) blocks.add(findBlockPieces(delta));
  return blocks.fields();
}

test("LiteLLM before Anthropic: the thought in pieces, then its signature, without their place", () => {
  // Seen, LiteLLM 1.9x: each piece has `index`, which Anthropic refuses in a block.
  expect(
    collect(
      { thinking_blocks: [{ type: "thinking", thinking: "I look ", index: 0 }] },
      { thinking_blocks: [{ type: "thinking", thinking: "it up.", index: 0 }] },
      { thinking_blocks: [{ type: "thinking", thinking: "", signature: "SIG", index: 0 }] },
      { content: "text" },
      { thinking_blocks: [{ type: "redacted_thinking", data: "c2Vj", index: 1 }] },
      { thinking_blocks: [{ type: "redacted_thinking", data: "cmV0", index: 1 }] },
    ),
  ).toEqual({
    thinking_blocks: [
      { type: "thinking", thinking: "I look it up.", signature: "SIG" },
      { type: "redacted_thinking", data: "c2Vj" },
      { type: "redacted_thinking", data: "cmV0" },
    ],
  });
});

test("LiteLLM before Anthropic, where each piece has an empty signature until the last", () => {
  const piece = (thinking: string, signature = "") => ({
    thinking_blocks: [{ type: "thinking", thinking, signature }],
  });
  const pieces = [piece(""), piece("I look "), piece("it up."), piece("", "SIG"), piece("Next.")];
  expect(collect(...pieces, piece("", "SIG2"))).toEqual({
    thinking_blocks: [
      { type: "thinking", thinking: "I look it up.", signature: "SIG" },
      { type: "thinking", thinking: "Next.", signature: "SIG2" },
    ],
  });
});

test("OpenRouter before Gemini: a summary in pieces, and the sealed block of each call", () => {
  // https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks
  const format = "google-gemini-v1";
  const text = (said: string) => ({ type: "reasoning.text", text: said, format, index: 0 });
  const sealed = (id: string) => ({
    type: "reasoning.encrypted",
    data: `of ${id}`,
    id,
    format,
    index: 0,
  });
  expect(
    collect(
      { reasoning_details: [text("I look ")] },
      { reasoning_details: [text("it up.")] },
      { reasoning_details: [sealed("call_1"), sealed("call_2")] },
    ),
  ).toEqual({ reasoning_details: [text("I look it up."), sealed("call_1"), sealed("call_2")] });
});

test.each([
  {},
  { reasoning_details: null },
  { reasoning_details: [] },
  { thinking_blocks: "no list" },
])("%j is none", (delta) => {
  expect(findBlockPieces(delta)).toBeUndefined();
});

test("what is no block in a list is left out", () => {
  expect(collect({ reasoning_details: [null, "x", { type: "a", text: "b" }] })).toEqual({
    reasoning_details: [{ type: "a", text: "b" }],
  });
});
