/** Which of a reranker's two ways scores the searches of a run. */
import { expect, test } from "vitest";
import { answer } from "../../src/answer.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import type { Mode } from "../../src/domain/ask.ts";
import type { Reranker } from "../../src/models/model.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createTestStore, wordEmbedder } from "../support/collections.ts";
import { calls, createRoleChat } from "../support/role-chat.ts";
import { toAsk } from "../support/run.ts";
import { says } from "../support/scripted-chat.ts";

const handbook = {
  retries: "Retries use jitter so that clients do not come back at the same moment.",
  breaker: "A circuit breaker opens after repeated failures and lets one probe through.",
};

/** The questions that were scored in each way. */
async function listScored(mode: Mode, forSteps: boolean) {
  const scored: Record<string, string[]> = { whole: [], step: [] };
  const note = (way: string): Reranker => ({
    id: way,
    async score(question, texts) {
      scored[way]?.push(question);
      return texts.map((_, index) => index);
    },
  });
  const { chat } = createRoleChat(({ role, turn }) => {
    if (role === "plan") return says(JSON.stringify(["When does a circuit breaker open?"]));
    if (role === "part" && turn === 0) return calls("search", { query: "repeated failures" });
    return says(role === "part" ? "DONE" : "Retries use jitter. [1]");
  });
  const deps = {
    config: parseConfig({}),
    clock: systemClock,
    log: silentLog,
    store: await createTestStore({ handbook }),
    embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: {
      lexical: forSteps ? { ...note("whole"), forSteps: note("step") } : note("whole"),
    },
    chat,
    tools: [],
  };
  const ask = toAsk("Why do retries use jitter?", {
    mode,
    collections: ["handbook"],
    retrieval: { rerank: "lexical" },
  });
  for await (const event of answer(deps, ask, new AbortController().signal)) {
    if (event.type === "degraded") throw new Error(`degraded: ${event.code}`);
  }
  return scored;
}

test("a run of one search is scored as a whole, each search of a run of several as a step", async () => {
  const direct = await listScored("direct", true);
  expect(direct).toEqual({ whole: ["Why do retries use jitter?"], step: [] });
  const research = await listScored("research", true);
  expect(research["whole"]).toEqual([]);
  expect(research["step"]).toContain("Why do retries use jitter?");
  expect(research["step"]).toContain("repeated failures");
});

test("a reranker with one way scores steps as well", async () => {
  const { whole = [] } = await listScored("research", false);
  expect(whole).toContain("repeated failures");
});
