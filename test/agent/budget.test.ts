/** One count of tokens for all that a run asks its model. */
import { describe, expect, test } from "vitest";
import { createBudget } from "../../src/agent/budget.ts";
import { answer, type AnswerDeps } from "../../src/answer.ts";
import { systemClock } from "../../src/async/clock.ts";
import type { Ask } from "../../src/domain/ask.ts";
import type { RunEnd, RunEvent } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createTestStore, wordModels } from "../support/collections.ts";
import { testConfig, toAsk } from "../support/run.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

const handbook = {
  retries: "Retries use jitter so that clients do not come back at the same moment.",
};
/** What each of `says` costs. */
const CALL_TOKENS = 120;
const schema = { type: "object", properties: { why: { type: "string" } }, required: ["why"] };
const valid = says('{"found": true, "value": {"why": "Retries use jitter"}}');
const invalid = says('{"found": true, "value": {}}');

async function run(scripts: readonly Script[], tokensMax: number, changes: Partial<Ask>) {
  const chat = createScriptedChat(...scripts);
  const deps: AnswerDeps = {
    config: testConfig,
    clock: systemClock,
    log: silentLog,
    store: await createTestStore({ handbook }),
    ...wordModels,
    chat,
  };
  const limits = { stepsMax: 8, toolCallsMax: 32, tokensMax };
  const ask = { ...toAsk("Why do retries use jitter?"), ...changes, limits };
  const events: RunEvent[] = [];
  for await (const event of answer(deps, ask, new AbortController().signal)) events.push(event);
  return { end: events.at(-1) as RunEnd, calls: chat.requests.length };
}

const history = [{ role: "user", content: "What are retries?" }] as const;
interface Case {
  readonly name: string;
  /** Calls before the first draft of the answer. */
  readonly before: readonly Script[];
  readonly changes: Partial<Ask>;
}
const stages: readonly Case[] = [
  { name: "gathering", before: [says("DONE")], changes: { mode: "agent" } },
  {
    name: "the rewriting of a follow-up",
    before: [says("Why do retries of clients use jitter?")],
    changes: { history },
  },
];

describe.each(stages)("the tokens of $name count", ({ before, changes }) => {
  test("against the attempts at a value", async () => {
    const asked = { ...changes, output: { schema } };
    const within = await run([...before, invalid, valid], 3 * CALL_TOKENS, asked);
    expect(within.end).toMatchObject({
      outcome: "finished",
      output: { why: "Retries use jitter" },
    });
    const beyond = await run([...before, invalid], 2 * CALL_TOKENS, asked);
    expect(beyond.end).toMatchObject({ outcome: "failed", error: { code: "output_invalid" } });
    expect(beyond.calls).toBe(before.length + 1);
  });

  test("against the repair of an answer", async () => {
    const asked = { ...changes, grounding: "repair" } as const;
    const wrong = says("Retries use jitter. [1] There are 9000 clients. [1]");
    const right = says("Retries use jitter. [1]");
    const within = await run([...before, wrong, right], 3 * CALL_TOKENS, asked);
    expect(within.end.degraded).toEqual([]);
    expect(within.calls).toBe(before.length + 2);
    const beyond = await run([...before, wrong], 2 * CALL_TOKENS, asked);
    expect(beyond.end.degraded).toEqual(["repair_failed", "sentences_withheld"]);
    expect(beyond.calls).toBe(before.length + 1);
  });
});

const noUsage = (script: Script): Script =>
  script.filter((step) => typeof step === "string" || !("type" in step) || step.type !== "usage");

test.each(stages)(
  "an endpoint that sends no usage is counted by estimate: $name",
  async ({ before, changes }) => {
    const answering = says("Retries use jitter. [1]");
    const full = await run([...before, answering], 9_999, changes);
    const { end } = await run([...before.map(noUsage), answering], 9_999, changes);
    const { inputTokens, outputTokens, requests } = end.usage;
    expect(requests).toBe(full.end.usage.requests);
    expect(inputTokens).toBeGreaterThan(100);
    expect(outputTokens).toBeGreaterThan(20);
  },
);

test("a call of which nothing came has cost no tokens, whoever made it", async () => {
  const failing: Script = [new AppError("upstream_truncated")];
  const answering = says("Retries use jitter. [1]");
  for (const { changes } of stages) {
    const { end } = await run([failing, answering], 9_999, changes);
    expect(end.usage).toEqual({ inputTokens: 100, outputTokens: 20, requests: 2 });
  }
});

test("the repair of a value is given up when no tokens are left, and the run says so", async () => {
  const wrong = says('{"found": true, "value": {"why": "Retries use jitter", "x": 9000}}');
  const asked = { output: { schema }, grounding: "repair" } as const;
  const { end, calls } = await run([wrong], CALL_TOKENS, asked);
  expect(end.degraded).toEqual(["repair_failed", "output_leaves_withheld"]);
  expect(calls).toBe(1);
});

test("a budget is spent at its last token, and then books nothing more", () => {
  const budget = createBudget({ toolCallsMax: 9, tokensMax: 10 }, { modelCallsMax: 9 });
  budget.addTokens({ inputTokens: 7, outputTokens: 2 });
  expect(budget.isSpent).toBe(false);
  expect(budget.takeModelCall()).toBe(true);
  budget.addTokens({ inputTokens: 1, outputTokens: 0 });
  expect(budget.isSpent).toBe(true);
  expect(budget.takeModelCall()).toBe(false);
  expect(budget.takeToolCalls(1)).toBe(false);
  expect(budget.answered).toBe(2);
});

test.each([
  ["input", { inputTokensMax: 10 }, { inputTokens: 5, outputTokens: 30 }],
  ["output", { outputTokensMax: 10 }, { inputTokens: 30, outputTokens: 5 }],
])("tokens of the %s have a limit of their own", (_, own, spent) => {
  const limits = { toolCallsMax: 9, tokensMax: 99, ...own };
  const budget = createBudget(limits, { modelCallsMax: 9 });
  budget.addTokens(spent);
  expect(budget.takeToolCalls(1)).toBe(true);
  budget.addTokens(spent);
  expect(budget.takeToolCalls(1)).toBe(false);
  expect(budget.takeModelCall()).toBe(false);
});

test("no two tool calls of a run have the same id, whatever the server calls them", () => {
  const budget = createBudget({ toolCallsMax: 9, tokensMax: 10 }, { modelCallsMax: 9 });
  const ids = ["a", "call_1", "call_1", "call_1_2", "a"].map((id) => budget.takeCallId(id));
  expect(ids).toEqual(["a", "call_1", "call_1_2", "call_1_2_2", "a_2"]);
});
