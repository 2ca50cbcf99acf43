/** What a call of a model is counted as. */
import { expect, test } from "vitest";
import { callModel } from "../../src/agent/call-model.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { AppError } from "../../src/errors.ts";
import { protectChat } from "../../src/models/protect.ts";
import { createTestRun } from "../support/run.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

const request = { messages: [{ role: "user", content: "Hello?" }], outputTokensMax: 10 } as const;
const down = new AppError("upstream_unavailable");

/** What is told of two calls, one after the other. */
async function callTwice(...scripts: readonly Script[]) {
  const run = createTestRun({ ATTEMPTS_MAX: "1", BREAKER_SAMPLES_MIN: "1" });
  const plain = createScriptedChat(...scripts);
  const { config, clock } = run;
  const chat = protectChat(plain, [], { config, clock, upstreams: createUpstreamRegistry() });
  const codes: unknown[] = [];
  for (let count = 0; count < 2; count += 1) {
    const call = callModel(chat, request, { run }, () => undefined);
    codes.push(
      await call.then(
        () => "ok",
        (thrown: AppError) => thrown.code,
      ),
    );
  }
  run.deadline[Symbol.dispose]();
  return { codes, sent: plain.requests.length, told: run.events };
}

test("a call that fails at the endpoint is a request, one that an open breaker refuses is none", async () => {
  const { codes, sent, told } = await callTwice([down]);
  expect([codes, sent]).toEqual([["upstream_unavailable", "upstream_unavailable"], 1]);
  expect(told).toEqual([{ type: "usage", inputTokens: 0, outputTokens: 0, requests: 1 }]);
});

test("every call that is answered is one", async () => {
  const { codes, told } = await callTwice(says("Hi."), says("Hi."));
  expect(codes).toEqual(["ok", "ok"]);
  expect(told).toEqual(
    [1, 2].map(() => ({ type: "usage", inputTokens: 100, outputTokens: 20, requests: 1 })),
  );
});
