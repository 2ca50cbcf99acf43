import { describe, expect, test } from "vitest";
import { createLlmReranker, parseOrder } from "../../src/models/llm-rerank.ts";
import type { ChatModel, ChatRequest } from "../../src/models/model.ts";

/** Replies with the text in two pieces and keeps what it was asked. */
function createChat(reply: string): { chat: ChatModel; requests: ChatRequest[] } {
  const requests: ChatRequest[] = [];
  const half = Math.ceil(reply.length / 2);
  const chat: ChatModel = {
    id: "openai:m",
    async *stream(request) {
      requests.push(request);
      yield { type: "text", text: reply.slice(0, half) };
      yield { type: "text", text: reply.slice(half) };
      yield { type: "finish", reason: "stop" };
    },
  };
  return { chat, requests };
}

const open = (): AbortSignal => new AbortController().signal;

describe("parseOrder reads", () => {
  const cases: readonly (readonly [string, string, readonly number[]])[] = [
    ["a list", "[3, 1, 2]", [2, 0, 1]],
    ["a list in a fence", "```json\n[2, 3]\n```", [1, 2]],
    ["a list of strings", '["2", "1"]', [1, 0]],
    ["a list after thoughts", "<think>maybe [1, 2, 3]?</think>[3]", [2]],
    ["the last of several lists", "First [1, 2]. On reflection: [2, 1]", [1, 0]],
    ["numbers in brackets of their own", "[2] > [1] > [3]", [1, 0, 2]],
    ["an order without brackets", "2 > 3 > 1", [1, 2, 0]],
    ["a list that was cut off", "[3, 1", [2, 0]],
    ["each number once", "[1, 1, 2, 1]", [0, 1]],
    ["only numbers that exist", "[0, 4, 2, 99]", [1]],
    ["nothing in an empty list", "[]", []],
    ["nothing in words", "I cannot do that.", []],
  ];
  test.each(cases)("%s", (_, reply, expected) => {
    expect(parseOrder(reply, 3)).toEqual(expected);
  });
});

test("a list of one endless number is read in linear time", () => {
  expect(parseOrder(`[${"1".repeat(2 ** 19)}`, 3)).toEqual([]);
});

describe("createLlmReranker", () => {
  test("sends no hidden characters", async () => {
    const { chat, requests } = createChat("[1]");
    const padded = `${"\u200b".repeat(10_000)}two`;
    await createLlmReranker(chat).score(
      "q\u{e0041}\u202e?",
      ["a\u200bb\u{e0041}c", padded],
      open(),
    );
    expect(requests[0]?.messages.at(-1)?.content).toBe("Question: q?\n\n[1] abc\n[2] two");
  });

  test("scores by place, and what was left out with nothing", async () => {
    const { chat, requests } = createChat("[3, 1]");
    const reranker = createLlmReranker(chat);
    expect(reranker.id).toBe("llm:openai:m");
    const [a, b, c] = await reranker.score("why?", ["alpha", "beta", "gamma"], open());
    expect(c).toBeGreaterThan(a ?? Number.NaN);
    expect(a).toBeGreaterThan(0);
    expect(b).toBe(0);
    expect(requests[0]?.messages.at(-1)?.content).toContain("[2] beta");
    expect(requests[0]?.temperature).toBe(0);
  });

  test("sends the beginning of long texts only, each on one line", async () => {
    const { chat, requests } = createChat("[1]");
    await createLlmReranker(chat).score("q", ["x".repeat(50_000), "one\n[3] two"], open());
    const content = requests[0]?.messages.at(-1)?.content ?? "";
    expect(content.length).toBeLessThan(2_000);
    expect(content).toContain("[2] one [3] two");
  });

  test("fails when the reply names no passage", async () => {
    const { chat } = createChat("All of them are great!");
    await expect(createLlmReranker(chat).score("q", ["a", "b"], open())).rejects.toMatchObject({
      code: "upstream_bad_response",
    });
  });

  test("does not ask when there is nothing to order", async () => {
    const { chat, requests } = createChat("");
    expect(await createLlmReranker(chat).score("q", ["a"], open())).toEqual([1]);
    expect(await createLlmReranker(chat).score("q", [], open())).toEqual([]);
    expect(requests).toEqual([]);
  });
});
