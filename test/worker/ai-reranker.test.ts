/** The reranker over Workers AI, against a fake that follows the documented shapes. */
import { describe, expect, test } from "vitest";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import { protectReranker } from "../../src/models/protect.ts";
import { createAiReranker } from "../../src/worker/ai-reranker.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { type AiReply, answers, createFakeAi, fails, hangs, outOfCapacity } from "./fake-ai.ts";

const MODEL = "@cf/baai/bge-reranker-base";
const TEXTS = ["a", "b", "c"];
const BEST_FIRST = {
  response: [
    { id: 2, score: 0.9 },
    { id: 0, score: 0.5 },
    { id: 1, score: -3 },
  ],
};
const { signal: open } = new AbortController();

function setUp(...replies: readonly AiReply[]) {
  const { binding, calls } = createFakeAi(...replies);
  return { reranker: createAiReranker(binding, MODEL), calls };
}
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (thrown: unknown) => toAppError(thrown).code,
  );

test("asks for all scores and brings them into the order of the texts", async () => {
  const { reranker, calls } = setUp(answers(BEST_FIRST));
  expect(reranker.id).toBe(`workers-ai:${MODEL}`);
  expect(await reranker.score("q", TEXTS, open)).toEqual([0.5, -3, 0.9]);
  expect(calls).toMatchObject([
    {
      model: MODEL,
      inputs: { query: "q", contexts: [{ text: "a" }, { text: "b" }, { text: "c" }], top_k: 3 },
    },
  ]);
  expect(await reranker.score("q", [], open)).toEqual([]);
  expect(calls).toHaveLength(1);
});

test("an empty text, which the platform refuses, is sent as a blank", async () => {
  const { reranker, calls } = setUp(answers({ response: [{ id: 0, score: 0 }] }));
  await reranker.score("q", [""], open);
  expect(calls[0]?.inputs["contexts"]).toEqual([{ text: " " }]);
});

test("of a long text its beginning is sent: no more than a model reads, however large a chunk is", async () => {
  const { reranker, calls } = setUp(answers(BEST_FIRST));
  const long = `begins ${"x".repeat(2 ** 20)}`;
  await reranker.score("q", [long, "y".repeat(8_192), "c"], open);
  const contexts = [{ text: long.slice(0, 8_192) }, { text: "y".repeat(8_192) }, { text: "c" }];
  expect(calls[0]?.inputs["contexts"]).toEqual(contexts);
});

test("a text that is cut within a character stays well formed", async () => {
  const { reranker, calls } = setUp(answers({ response: [{ id: 0, score: 0 }] }));
  await reranker.score("q", [`${"x".repeat(8_191)}😀`], open);
  expect(calls[0]?.inputs["contexts"]).toEqual([{ text: `${"x".repeat(8_191)}\ufffd` }]);
});

describe("answers that are none", () => {
  const [first, second, third] = BEST_FIRST.response;
  test.each<readonly [string, unknown]>([
    ["fewer scores than texts", { response: [first, second] }],
    ["one score twice", { response: [first, second, second] }],
    ["one score too many", { response: [first, second, third, { id: 3, score: 1 }] }],
    ["a place that is none", { response: [first, second, { id: 7, score: 1 }] }],
    ["not a number", { response: [first, second, { id: 1, score: Number.NaN }] }],
    ["a null", { response: [first, second, { id: 1, score: null }] }],
    ["vectors", { data: [[1]], shape: [1, 1] }],
    ["nothing", null],
  ])("%s", async (_, answer) => {
    const { reranker } = setUp(answers(answer));
    expect(await codeOf(reranker.score("q", TEXTS, open))).toBe("upstream_bad_response");
  });
});

describe("behind the call policy", () => {
  function protect(...replies: readonly AiReply[]) {
    const { reranker, calls } = setUp(...replies);
    const clock = createFakeClock();
    const config = parseConfig({ HEDGE_SHARE_MAX: "0", RERANK_ATTEMPT_TIMEOUT_MS: "600" });
    const deps = { config, clock, upstreams: createUpstreamRegistry(), random: () => 0 };
    return { reranker: protectReranker(reranker, deps), calls, clock };
  }

  test("a lack of capacity is tried again", async () => {
    const { reranker, calls, clock } = protect(outOfCapacity, answers(BEST_FIRST));
    const work = reranker.score("q", TEXTS, open);
    await clock.advance(1_000);
    expect(await work).toHaveLength(3);
    expect(calls).toHaveLength(2);
  });

  test("a model that the account does not have is not", async () => {
    const { reranker, calls, clock } = protect(fails(5007, "No such model"));
    const code = codeOf(reranker.score("q", TEXTS, open));
    await clock.advance(1_000);
    expect([await code, calls.length]).toEqual(["upstream_config", 1]);
  });

  test("a hang ends with the attempt, and a run that is over ends it at once", async () => {
    const { reranker, clock } = protect(hangs, answers(BEST_FIRST));
    const work = reranker.score("q", TEXTS, open);
    await clock.advance(700);
    expect(await work).toHaveLength(3);

    const hanging = protect(hangs);
    const run = new AbortController();
    const code = codeOf(hanging.reranker.score("q", TEXTS, run.signal));
    await hanging.clock.advance(10);
    run.abort(new AppError("cancelled"));
    expect(await code).toBe("cancelled");
    expect(hanging.calls[0]?.signal.aborted).toBe(true);
  });
});
