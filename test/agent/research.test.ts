import { describe, expect, test } from "vitest";
import { type AnswerDeps, answer } from "../../src/answer.ts";
import { sleep, systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import type { Ask } from "../../src/domain/ask.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import type { Tool } from "../../src/agent/tool.ts";
import type { ReadStore } from "../../src/stores/store.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import * as z from "zod";
import { createTestStore, wordModels } from "../support/collections.ts";
import { toAsk } from "../support/run.ts";
import { calls, createRoleChat, type RoleRequest as Request } from "../support/role-chat.ts";
import { says, type Script } from "../support/scripted-chat.ts";

const handbook = {
  retries: "Retries use jitter so that clients do not come back at the same moment.",
  breaker: "A circuit breaker opens after repeated failures and lets one probe through.",
  queues: "A bounded queue rejects work when it is full.",
};
const QUESTION = "Why do retries use jitter?";
const BREAKER = "When does a circuit breaker open?";
const QUEUE = "What does a bounded queue reject?";
const NAMES = ["otter", "heron", "plover", "badger", "marten", "linnet", "curlew", "beaver"];
const ANSWER = "Retries use jitter. [1] A circuit breaker opens after repeated failures. [2]";

/** All of a tool but what it does. */
const looking = {
  name: "look",
  description: "Looks.",
  parameters: z.strictObject({}),
  timeoutMs: 1_000,
  readOnly: true,
  idempotent: true,
};

interface Options {
  readonly plan?: Script;
  readonly part?: (request: Request) => Script;
  readonly answering?: Script;
  readonly ask?: Partial<Ask>;
  readonly env?: Record<string, string>;
  readonly tools?: readonly Tool[];
  readonly wrap?: (store: ReadStore) => ReadStore;
  readonly signal?: AbortSignal;
}

async function research(options: Options = {}) {
  const { plan = says(JSON.stringify([BREAKER, QUEUE])), part = () => says("DONE") } = options;
  const { answering = says(ANSWER), env = {}, wrap = (store: ReadStore) => store } = options;
  const model = createRoleChat((request) => {
    if (request.role === "plan") return plan;
    return request.role === "part" ? part(request) : answering;
  });
  const deps: AnswerDeps = {
    config: parseConfig(env),
    clock: systemClock,
    log: silentLog,
    store: wrap(await createTestStore({ handbook })),
    ...wordModels,
    chat: model.chat,
    tools: options.tools ?? [],
  };
  const ask = toAsk(QUESTION, {
    mode: "research",
    collections: ["handbook"],
    retrieval: { passagesMax: 1 },
    ...options.ask,
  });
  const events: RunEvent[] = [];
  const signal = options.signal ?? new AbortController().signal;
  for await (const event of answer(deps, ask, signal)) events.push(event);
  const end = events.at(-1);
  if (end?.type !== "run-end") throw new Error("the run has no end");
  const ofType = <T extends RunEvent["type"]>(type: T) =>
    events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
  const started = ofType("subrun-start").map(({ subrunId }) => subrunId);
  const ended = ofType("subrun-end").map(({ subrunId }) => subrunId);
  expect(ended.toSorted()).toEqual(started.toSorted());
  expect(ofType("run-end")).toHaveLength(1);
  const outcomes = ofType("subrun-end")
    .toSorted((a, b) => Number(a.subrunId) - Number(b.subrunId))
    .map(({ outcome, code }) => (code === undefined ? outcome : `${outcome} ${code}`));
  return { ...model, events, end, ofType, outcomes };
}

describe("research", () => {
  test("splits the question, looks its parts up side by side, and answers from all of them", async () => {
    const { end, ofType, asked } = await research();
    expect(end).toMatchObject({ outcome: "finished", grounding: "grounded", degraded: [] });
    expect(ofType("subrun-start").map(({ question }) => question)).toEqual([BREAKER, QUEUE]);
    const found = ofType("retrieval-end").flatMap(({ passages }) => passages);
    expect(found.map(({ label }) => label)).toEqual([1, 2, 3]);
    expect(new Set(found.map(({ documentId }) => documentId)).size).toBe(3);
    expect(ofType("citation").length).toBeGreaterThan(1);
    expect(ofType("subrun-end").map(({ passages }) => passages)).toEqual([1, 1]);
    expect(asked.map(({ role }) => role)).toEqual(["plan", "part", "part", "answer"]);
    expect(end.usage.requests).toBe(4);
  });

  test.each([2, 6])(
    "%i sub-agents are at work at once where SUBAGENTS_MAX says so",
    async (max) => {
      const questions = NAMES.map((name) => `What does the ${name} do?`);
      const begun = new Set<string>();
      const all = Promise.withResolvers<void>();
      const meet: Tool = {
        ...looking,
        timeoutMs: 15_000,
        async execute(_args, { callId }) {
          begun.add(callId);
          if (begun.size === max) all.resolve();
          await all.promise; // late where one of them waits for another's end
          return "met";
        },
      };
      const { ofType } = await research({
        plan: says(JSON.stringify(questions)),
        part: ({ question, turn }) => (turn === 0 ? calls("look", {}, question) : says("DONE")),
        env: { SUBAGENTS_MAX: String(max) },
        tools: [meet],
      });
      const asked = ofType("subrun-start").map(({ question }) => question);
      expect(asked).toEqual(questions.slice(0, max));
      expect(ofType("tool-result")).toHaveLength(max);
    },
  );

  test("plans while it searches, and its sub-agents overlap", async () => {
    const { end } = await research();
    const span = (stage: string) => end.timeline.find((one) => one.stage === stage);
    const [first, second] = [span("subrun:1"), span("subrun:2")];
    if (first === undefined || second === undefined) throw new Error("a sub-agent has no stage");
    expect(Math.max(first.startMs, second.startMs)).toBeLessThan(
      Math.min(first.endMs, second.endMs),
    );
    expect(span("plan")?.startMs).toBeLessThanOrEqual(span("take")?.endMs ?? 0);
    expect([first, second].filter(({ critical }) => critical)).toHaveLength(1);
  });

  test("a passage that two sub-agents find has one label, and both models see it", async () => {
    const plan = says(JSON.stringify([BREAKER, "Which probe does a circuit breaker let through?"]));
    const { ofType, asked } = await research({ plan });
    const found = ofType("retrieval-end").flatMap(({ passages }) => passages);
    expect(found.map(({ documentId }) => documentId)).toEqual(["retries", "breaker"]);
    for (const { request } of asked.filter(({ role }) => role === "part")) {
      expect(request.messages.at(-1)?.content).toContain("[2]\n");
    }
  });

  test("the same search of two sub-agents is made once", async () => {
    const part = ({ turn }: Request): Script =>
      turn === 0 ? calls("search", { query: "bounded queue" }) : says("DONE");
    const { end, ofType } = await research({ part });
    const results = ofType("tool-result").map(({ subrunId, step }) => `${subrunId} ${step}`);
    expect(results.toSorted()).toEqual(["1 1", "2 1"]);
    // The question, its two parts, and one search for both.
    expect(ofType("leg-end").filter(({ retriever }) => retriever === "keyword")).toHaveLength(4);
    expect(end.degraded).toEqual([]);
  });

  const nonsense: readonly (readonly [string, Script])[] = [
    ["writes no list", says("I would look at the handbook.")],
    ["writes a list of something else", says("[1, 2]")],
    ["writes nothing in its list", says("[]")],
    ["fails", [new AppError("upstream_truncated")]],
    ["breaks down", [new TypeError("a bug")]],
    [
      "never ends its list",
      Array.from({ length: 30 }, () => ({ type: "text", text: "x".repeat(10_000) }) as const),
    ],
    ["is late", ["hang"]],
  ];
  test.each(nonsense)(
    "a planner that %s leaves the question whole, and the run says so",
    async (_, plan) => {
      const { end, ofType } = await research({ plan, env: { PLAN_TIMEOUT_MS: "100" } });
      expect(end).toMatchObject({ outcome: "finished", degraded: ["plan_skipped"] });
      expect(ofType("subrun-start").map(({ question }) => question)).toEqual([QUESTION]);
    },
  );

  test("a plan has no more parts than there may be sub-agents, each once", async () => {
    const parts = [
      BREAKER,
      BREAKER.toUpperCase(),
      ...Array.from({ length: 50 }, (_, n) => `part ${n}?`),
    ];
    const { ofType } = await research({ plan: says(JSON.stringify(parts)) });
    expect(ofType("subrun-start").map(({ question }) => question)).toHaveLength(4);
  });

  test("a sub-agent that fails costs only its own part, and the others go on", async () => {
    const part = ({ question, turn }: Request): Script => {
      if (question === QUEUE) return [new AppError("upstream_truncated")];
      return turn === 0 ? calls("look", {}) : says("DONE");
    };
    const tool: Tool = {
      ...looking,
      execute: (_, { signal }) => sleep(systemClock, 50, signal), // until the other has failed
    };
    const { end, outcomes } = await research({ part, tools: [tool] });
    expect(outcomes).toEqual(["finished", "failed upstream_truncated"]);
    expect(end).toMatchObject({ outcome: "finished", degraded: ["subrun_failed:2"] });
    expect(end.grounding).toBe("grounded");
  });

  test("a sub-agent that hangs ends at its own time, and the others have long ended", async () => {
    const part = ({ question }: Request): Script => (question === QUEUE ? ["hang"] : says("DONE"));
    const { end, outcomes, state } = await research({ part, env: { SUBAGENT_TIMEOUT_MS: "150" } });
    expect(outcomes).toEqual(["finished", "expired deadline_exceeded"]);
    expect(end).toMatchObject({ outcome: "finished", degraded: ["subrun_failed:2"] });
    expect(state.aborted).toBe(1);
  });

  test("when all fail the answer comes from what the question itself found, and the run says so", async () => {
    const { end } = await research({
      part: () => [new AppError("upstream_truncated")],
      answering: says("Retries use jitter. [1]"),
    });
    expect(end).toMatchObject({ outcome: "finished", answerer: "scripted" });
    expect(end.degraded).toEqual(["subrun_failed:1", "subrun_failed:2", "research_unavailable"]);
  });

  test.each([
    ["the planner finds out", { plan: [new AppError("upstream_unavailable")] as Script }, 1],
    ["the sub-agents find out", { part: (): Script => [new AppError("upstream_unavailable")] }, 3],
  ])("a model that cannot be reached is not asked again once %s", async (_, options, asked) => {
    const result = await research(options);
    expect(result.end).toMatchObject({ outcome: "finished", answerer: "extractive" });
    expect(result.end.degraded).toContain("research_unavailable");
    expect(result.asked).toHaveLength(asked);
  });

  test("a mistake of ours ends the run after every sub-agent has ended", async () => {
    const part = ({ question }: Request): Script =>
      question === QUEUE ? [new TypeError("a bug")] : ["hang"];
    const { end, outcomes } = await research({ part });
    expect(outcomes).toEqual(["failed internal", "failed internal"]);
    expect(end).toMatchObject({ outcome: "failed", error: { code: "internal" } });
  });

  test("a model that takes no tools has each part searched once", async () => {
    const { end, ofType } = await research({ part: () => [new AppError("unsupported_option")] });
    expect(end).toMatchObject({ outcome: "finished", degraded: ["tools_unsupported"] });
    expect(ofType("retrieval-end").flatMap(({ passages }) => passages)).toHaveLength(3);
  });

  const endless = ({ turn, question }: Request): Script =>
    calls("search", { query: `${question} ${turn}` });
  test.each([
    ["model calls", { MODEL_CALLS_MAX: "4" }, {}, 4 + 1],
    ["tool calls", {}, { stepsMax: 8, toolCallsMax: 2, tokensMax: 99_999 }, 1 + 4 + 1],
    ["steps", { SUBAGENT_STEPS_MAX: "2" }, {}, 1 + 4 + 1],
    ["tokens", {}, { stepsMax: 8, toolCallsMax: 32, tokensMax: 30 }, 1 + 0 + 1],
  ])("the limit of %s is one for all sub-agents", async (_, env, limits, asked) => {
    const result = await research({
      part: endless,
      env,
      ask: Object.keys(limits).length === 0 ? {} : { limits: limits as Ask["limits"] },
    });
    expect(result.asked.length).toBeLessThanOrEqual(asked);
    expect(result.end).toMatchObject({ outcome: "exhausted" });
    const most = (limits as Partial<Ask["limits"]>).toolCallsMax ?? 32;
    expect(result.ofType("tool-call").length).toBeLessThanOrEqual(most);
  });

  test("800 calls of every sub-agent are refused as a whole", async () => {
    const many = Array.from({ length: 800 }, (_, n) => ({
      id: `c${n}`,
      name: "search",
      arguments: JSON.stringify({ query: `q${n}` }),
    }));
    const part = (): Script => [
      { type: "tool-calls", calls: many },
      { type: "finish", reason: "tool-calls" },
    ];
    const { end, ofType } = await research({ part });
    expect(end.outcome).toBe("exhausted");
    expect(ofType("tool-call")).toEqual([]);
  });

  test("sub-agents get no tool that changes something", async () => {
    const tool: Tool = {
      name: "pay",
      description: "Pays.",
      parameters: z.strictObject({}),
      timeoutMs: 1_000,
      readOnly: false,
      idempotent: false,
      execute: () => Promise.reject(new Error("never called")),
    };
    const looks: Tool = { ...tool, name: "look", readOnly: true };
    const { asked } = await research({ tools: [tool, looks] });
    const offered = asked.find(({ role }) => role === "part")?.request.tools ?? [];
    expect(offered.map(({ name }) => name)).toContain("look");
    expect(offered.map(({ name }) => name)).not.toContain("pay");
  });

  test("an answer cites what a tool of one's own brought, and is checked against it", async () => {
    const tool: Tool = {
      ...looking,
      citable: true,
      execute: () => Promise.resolve("Order A17 was shipped on 3 November."),
    };
    const part = ({ turn, question }: Request): Script =>
      turn === 0 && question === QUEUE ? calls("look", {}) : says("DONE");
    const answering = says("Order A17 was shipped on 3 November. [4] It cost 900 euros. [4]");
    const { end, ofType } = await research({ tools: [tool], part, answering });
    expect(end.outcome).toBe("finished");
    expect(ofType("citation")[0]).toMatchObject({ label: 4, evidence: { documentId: "look" } });
    expect(ofType("sentence-check").map(({ verdict }) => verdict)).toEqual([
      "supported",
      "unsupported",
    ]);
  });

  test("a client that leaves ends the planner, every sub-agent and the run", async () => {
    const leaving = new AbortController();
    let hanging = 0;
    const part = (): Script => {
      hanging += 1;
      if (hanging === 2) setImmediate(() => leaving.abort());
      return ["hang"];
    };
    const { end, outcomes, state } = await research({ part, signal: leaving.signal });
    expect(end.outcome).toBe("cancelled");
    expect(outcomes).toEqual(["cancelled cancelled", "cancelled cancelled"]);
    expect(state.aborted).toBe(2);
  });

  test("a search that fails does not leave the planner behind", async () => {
    const { end, state } = await research({
      plan: ["hang"],
      wrap: (store) => ({
        ...store,
        open: () => Promise.reject(new AppError("collection_unavailable")),
      }),
    });
    expect(end.outcome).toBe("failed");
    expect(state.aborted).toBe(1);
  });

  test("a planner that hangs leaves the time for the search and the answer", async () => {
    const { end, state } = await research({ plan: ["hang"], ask: { deadlineMs: 2_000 } });
    expect(end).toMatchObject({ outcome: "finished", degraded: ["plan_skipped"] });
    expect(state.aborted).toBe(1);
  });

  test("of the room for passages each sub-agent has its share, and half of that for what its model searches", async () => {
    const about = (what: string): Record<string, string> =>
      Object.fromEntries(NAMES.map((name, at) => [`${what}${at}`, `${what} ${name} ${name}s.`]));
    const many = {
      ...about("Retries use jitter for"),
      ...about("A circuit breaker does open for"),
      ...about("A bounded queue does reject"),
    };
    const store = await createTestStore({ handbook: many });
    const part = ({ turn, question }: Request): Script =>
      turn === 0 ? calls("search", { query: question }) : says("DONE");
    const { ofType } = await research({
      part,
      wrap: () => store,
      env: { PASSAGES_OF_TOOLS_MAX: "14" },
      ask: { retrieval: toAsk("", { retrieval: { passagesMax: 6 } }).retrieval },
    });
    expect(ofType("retrieval-end").map(({ passages }) => passages.length)).toEqual([6, 2, 2, 2, 2]);
    expect(ofType("subrun-end").map(({ passages }) => passages)).toEqual([4, 4]);
  });

  test("a sub-agent knows nothing of the conversation, unless its part is the whole question", async () => {
    const history = [{ role: "user", content: "Tell me of the lighthouse." }] as const;
    const told = async (plan: Script): Promise<readonly boolean[]> => {
      const { asked } = await research({ plan, ask: { history } });
      const parts = asked.filter(({ role }) => role === "part");
      return parts.map(({ request }) => JSON.stringify(request.messages).includes("lighthouse"));
    };
    expect(await told(says(JSON.stringify([BREAKER, QUEUE])))).toEqual([false, false]);
    expect(await told(says("no list"))).toEqual([true]);
  });

  test("of little time some is kept for the answer", async () => {
    const { end, outcomes } = await research({ part: () => ["hang"], ask: { deadlineMs: 400 } });
    expect(outcomes).toEqual(["expired deadline_exceeded", "expired deadline_exceeded"]);
    expect(end).toMatchObject({ outcome: "finished" });
    expect(end.degraded).toContain("research_unavailable");
  });

  test("a model that is silent at the answer leaves the time to quote", async () => {
    const { end } = await research({ answering: ["hang"], ask: { deadlineMs: 800 } });
    expect(end).toMatchObject({ outcome: "finished", answerer: "extractive" });
  });
});
