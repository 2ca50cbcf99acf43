import { expect, test } from "vitest";
import { stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { startUpstream } from "../../scripts/chaos/upstream.ts";
import { toAppError } from "../../src/errors.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import { createThoughtFilter } from "../../src/models/thought-filter.ts";

/** The answer that is left, the text cut into pieces of `size`. */
function filter(text: string, size: number): string {
  const thoughts = createThoughtFilter();
  const pieces = text.match(new RegExp(`[^]{1,${size}}`, "gu")) ?? [];
  return pieces.map((piece) => thoughts.push(piece)).join("") + thoughts.end();
}

test.each<[string, string, string]>([
  [
    "thoughts before the answer",
    "<think>\nLook at [1].\n</think>\n\nIt is five. [1]",
    "It is five. [1]",
  ],
  ["another name of the tag", "<thinking>hm</thinking>Yes.", "Yes."],
  ["blanks before them", "\n <think></think>\nYes.", "Yes."],
  ["thoughts about tags", "<think>a </thi b <think> c</think>Yes.", "Yes."],
  ["a refusal behind them", "<think>hm</think>\n\nNO_ANSWER", "NO_ANSWER"],
  ["thoughts without an end", "<think>I wonder, and wonder", ""],
  ["nothing but thoughts", "<think>hm</think>\n", ""],
  ["no thoughts", "  It is five. [1]", "  It is five. [1]"],
  ["a word that only begins like them", "<thin ice>", "<thin ice>"],
  ["the beginning of a tag and no more", "<thi", "<thi"],
  ["a tag further on", "The tag <think> opens </think> it.", "The tag <think> opens </think> it."],
  ["nothing", "", ""],
])("%s, cut anywhere", (_name, text, answer) => {
  for (let size = 1; size <= text.length + 1; size += 1) expect(filter(text, size)).toBe(answer);
});

test.each<[string, readonly string[], { said: string; detail?: string }]>([
  ["are left out of an answer", ["<think>h", "m</think>\n", "hi"], { said: "hi" }],
  [
    "are no answer alone",
    ["<think>hm</think>\n"],
    { said: "", detail: 'the chat model "m" ended its answer without a word' },
  ],
])("thoughts in the text of a stream %s", async (_name, texts, expected) => {
  await using server = await startUpstream();
  server.script(stream([...texts.map((content) => chunk({ content })), chunk({}, "stop")]));
  const chat = createOpenAiChat({
    client: createOpenAiClient({ apiKey: "k", baseUrl: server.url }),
    model: "m",
  });
  const messages = [{ role: "user", content: "hello" }] as const;
  const request = { messages, outputTokensMax: 50, temperature: 0 };
  const found = { said: "" };
  try {
    for await (const delta of chat.stream(request, new AbortController().signal)) {
      if (delta.type === "text") found.said += delta.text;
    }
  } catch (thrown) {
    Object.assign(found, { detail: toAppError(thrown).detail });
  }
  expect(found).toEqual(expected);
});
