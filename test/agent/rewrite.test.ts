/** What a follow-up becomes when models answer as models do. */
import { expect, test } from "vitest";
import { createBudget } from "../../src/agent/budget.ts";
import { rewriteFollowUp } from "../../src/agent/rewrite.ts";
import { createTestRun, toAsk } from "../support/run.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

const history = [{ role: "user", content: "What is a circuit breaker?" }] as const;

async function rewrite(script: Script) {
  const run = createTestRun();
  const budget = createBudget({ toolCallsMax: 9, tokensMax: 999 }, { modelCallsMax: 9 });
  const ask = toAsk("And when does it open?", { history });
  const question = await rewriteFollowUp(createScriptedChat(script), ask, run, budget);
  return { question, degraded: run.degraded };
}

const cut: Script = [
  { type: "text", text: "First I think about what the user may mean, which" },
  { type: "finish", reason: "length" },
];

test.each<[string, Script, string | undefined, readonly string[]]>([
  ["a question", says("When does a breaker open?"), "When does a breaker open?", []],
  ["one in quotes", says('"When does a breaker open?"\n'), "When does a breaker open?", []],
  ["one that ends in quotes", says('What is "half-open"'), 'What is "half-open"', []],
  ["one that begins with them", says('"Open" means what?'), '"Open" means what?', []],
  ["the question as it was", says("And when does it open?"), undefined, []],
  ["words that break off at the token limit", cut, undefined, ["rewrite_skipped"]],
])("%s", async (_name, script, question, degraded) => {
  expect(await rewrite(script)).toEqual({ question, degraded });
});
