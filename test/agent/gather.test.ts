/** Runs with tools: a scripted model calls them, and everything around them goes wrong. */
import { LLMock } from "@copilotkit/aimock";
import { describe, expect, test } from "vitest";
import { answer, type AnswerDeps } from "../../src/answer.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import type { Ask } from "../../src/domain/ask.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import type { ChatDelta, ChatModel, ToolCall } from "../../src/models/model.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import { withFallback } from "../../src/models/with-fallback.ts";
import type { ReadStore } from "../../src/stores/store.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createTestStore, wordModels } from "../support/collections.ts";
import { toAsk } from "../support/run.ts";
import { createScriptedChat, says, type Script } from "../support/scripted-chat.ts";

const never = new AbortController().signal;
const handbook = {
  retries: "Retries use jitter so that clients do not come back at the same moment.",
  breaker: "A circuit breaker opens after repeated failures and lets one probe through.",
};

const toCall = (name: string, args: unknown, id = name): ToolCall => ({
  id,
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
});
const callsOf = (...calls: readonly ToolCall[]): Script => [
  { type: "tool-calls", calls } satisfies ChatDelta,
  { type: "usage", inputTokens: 10, outputTokens: 5 },
  { type: "finish", reason: "tool-calls" },
];
const done = says("DONE");

const run = (scripts: readonly Script[], ...rest: Rest) =>
  runWith(createScriptedChat(...scripts), ...rest);
type Rest = [
  changes?: Partial<Ask>,
  env?: Record<string, string>,
  wrap?: (store: ReadStore) => ReadStore,
];

async function runWith<Chat extends ChatModel>(
  chat: Chat,
  changes: Partial<Ask> = {},
  env = {},
  wrap = (store: ReadStore): ReadStore => store,
) {
  const deps: AnswerDeps = {
    config: parseConfig(env),
    clock: systemClock,
    log: silentLog,
    store: wrap(
      await createTestStore({ handbook, other: { secret: "Nobody may read the vault." } }),
    ),
    ...wordModels,
    chat,
  };
  const events: RunEvent[] = [];
  const ask = toAsk("Why do retries use jitter?", {
    mode: "agent",
    collections: ["handbook"],
    retrieval: { passagesMax: 1 },
    ...changes,
  });
  for await (const event of answer(deps, ask, never)) events.push(event);
  const end = events.at(-1);
  if (end?.type !== "run-end") throw new Error("the run has no end");
  const ofType = <T extends RunEvent["type"]>(type: T) =>
    events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
  return { chat, events, end, ofType };
}

describe("against a mock of OpenAI that others wrote", () => {
  test("the model calls a tool over the wire, reads its result, and the answer cites what it brought", async () => {
    const mock = await LLMock.create({ port: 0 });
    try {
      const query = '{"query":"What does a circuit breaker do?"}';
      const isGathering = (request: { tools?: readonly unknown[] }) => request.tools !== undefined;
      mock.on(
        { toolResultContains: "circuit breaker opens" },
        { content: "DONE", usage: { prompt_tokens: 90, completion_tokens: 1 } },
      );
      mock.on({ predicate: isGathering }, { toolCalls: [{ name: "search", arguments: query }] });
      mock.on({}, { content: "A circuit breaker opens after repeated failures. [2]" });
      const client = createOpenAiClient({ apiKey: "k", baseUrl: `${mock.url}/v1` });
      const { end, ofType } = await runWith(createOpenAiChat({ client, model: "m" }));
      expect(end).toMatchObject({ outcome: "finished", grounding: "grounded", degraded: [] });
      expect(ofType("tool-result")).toMatchObject([{ step: 1, name: "search" }]);
      expect(ofType("citation")).toMatchObject([{ label: 2, evidence: { documentId: "breaker" } }]);
      expect(mock.getRequests()).toHaveLength(3);
    } finally {
      await mock.stop();
    }
  });
});

test("a fallback model that calls the tools is reported, though the first one answers", async () => {
  const down: Script = [new AppError("upstream_unavailable")];
  const first = createScriptedChat(down, down, says("Retries use jitter. [1]"));
  const second = createScriptedChat(callsOf(toCall("list_collections", {})), done);
  const { end, ofType } = await runWith(withFallback(first, [{ ...second, id: "second" }]));
  expect(ofType("tool-result")).toMatchObject([{ name: "list_collections" }]);
  expect(end).toMatchObject({ answerer: "scripted", degraded: ["llm_fallback_model"] });
});

describe("a run with tools", () => {
  test("what the server said beside its calls goes back to it with them", async () => {
    const echo = { modelId: "scripted", fields: { reasoning_content: "hm" }, ofCalls: [{}] };
    const calls = [toCall("list_collections", {})];
    const calling: Script = [
      { type: "tool-calls", calls, echo },
      { type: "finish", reason: "tool-calls" },
    ];
    const { chat } = await run([calling, done, says("Retries use jitter. [1]")]);
    expect(chat.requests[1]?.messages.find(({ role }) => role === "assistant")).toEqual({
      role: "assistant",
      content: "",
      toolCalls: calls,
      echo,
    });
  });

  test("searches again, gives new passages the next labels, and answers from all of them", async () => {
    const search = callsOf(toCall("search", { query: "What does a circuit breaker do?" }));
    const answering = says("Retries use jitter. [1] A circuit breaker opens after failures. [2]");
    const { end, ofType } = await run([search, done, answering]);
    expect(end).toMatchObject({ outcome: "finished", degraded: [], usage: { requests: 3 } });
    const found = ofType("retrieval-end").map(({ passages }) =>
      passages.map(({ label, documentId }) => `${label} ${documentId}`),
    );
    expect(found).toEqual([["1 retries"], ["2 breaker"]]);
    expect(ofType("citation").map(({ label }) => label)).toEqual([1, 2]);
    expect(ofType("step-start").map(({ step }) => step)).toEqual([1, 2]);
    expect(ofType("tool-result").map(({ summary }) => summary)).toEqual(["[2] breaker"]);
    expect(end.ledger.length).toBe(4);
  });

  test("reads on in a document, and lists only what the run may touch", async () => {
    const calls = callsOf(
      toCall("read_document", { collection: "handbook", documentId: "breaker" }),
      toCall("list_collections", {}),
      toCall("read_document", { collection: "other", documentId: "secret" }, "sly"),
      toCall("search", { query: "vault", collections: ["other"] }),
    );
    const { chat, ofType, events } = await run([calls, done, says("Retries use jitter. [1]")]);
    expect(
      ofType("tool-error")
        .map(({ callId, code }) => `${callId} ${code}`)
        .toSorted(),
    ).toEqual(["search tool_retry", "sly tool_retry"]);
    const told = chat.requests[1]?.messages.filter(({ role }) => role === "tool") ?? [];
    expect(told.map((message) => ("callId" in message ? message.callId : ""))).toEqual([
      "read_document",
      "list_collections",
      "sly",
      "search",
    ]);
    expect(JSON.stringify(events)).not.toContain("vault.");
    expect(told[1]?.content).toBe('[{"name":"handbook","documents":2}]');
  });

  test("reads on in nothing while a filter leaves parts out", async () => {
    const calls = callsOf(
      toCall("read_document", { collection: "handbook", documentId: "breaker" }),
      toCall("search", { query: "What does a circuit breaker do?" }),
    );
    const filter = { field: "documentId", op: "eq", value: "retries" } as const;
    const { chat, ofType, events } = await run([calls, done, says("Retries use jitter. [1]")], {
      filter,
    });
    expect(chat.requests[0]?.tools?.map(({ name }) => name)).toEqual([
      "search",
      "list_collections",
    ]);
    expect(ofType("tool-error").map(({ code }) => code)).toEqual(["unknown_tool"]);
    expect(JSON.stringify(events)).not.toContain("lets one probe through");
  });

  test("a store that fails costs the call and not the gathering", async () => {
    const calls = callsOf(
      toCall("read_document", { collection: "handbook", documentId: "breaker" }),
      toCall("search", { query: "What does a circuit breaker do?" }),
    );
    const answering = says("A circuit breaker opens after failures. [2]");
    const { end, ofType } = await run([calls, done, answering], {}, {}, (store) => ({
      ...store,
      open: async (name, signal) => ({
        ...(await store.open(name, signal)),
        rowsOf: () => Promise.reject(new AppError("collection_unavailable")),
      }),
    }));
    expect(ofType("tool-error")).toMatchObject([{ code: "tool_failed", retry: false }]);
    expect(ofType("tool-result")).toHaveLength(1);
    expect(end).toMatchObject({ outcome: "finished", degraded: ["tool_failed:read_document"] });
    expect(ofType("citation").map(({ label }) => label)).toEqual([2]);
  });

  const wrong: readonly (readonly [string, ToolCall, string])[] = [
    ["a tool that is not there", toCall("fly", {}), "unknown_tool"],
    ["arguments that are not JSON", toCall("search", "{query"), "invalid_arguments"],
    ["arguments of the wrong kind", toCall("search", { query: 7 }), "invalid_arguments"],
    [
      "a field nobody knows",
      toCall("search", '{"query":"a","__proto__":{"x":1}}'),
      "invalid_arguments",
    ],
    [
      "10 MB of arguments",
      toCall("search", { query: "x".repeat(10_000_000) }),
      "invalid_arguments",
    ],
  ];
  test.each(wrong)("%s is told to the model, and the run goes on", async (_, call, code) => {
    const { end, ofType } = await run([callsOf(call), done, says("Retries use jitter. [1]")]);
    expect(ofType("tool-error").map((event) => event.code)).toEqual([code]);
    expect(end.outcome).toBe("finished");
  });

  test.each([
    ["steps", { stepsMax: 2, toolCallsMax: 32, tokensMax: 9_999 }, 3],
    ["tool calls", { stepsMax: 8, toolCallsMax: 1, tokensMax: 9_999 }, 3],
    ["tokens", { stepsMax: 8, toolCallsMax: 32, tokensMax: 20 }, 3],
    ["input", { stepsMax: 8, toolCallsMax: 32, tokensMax: 9_999, inputTokensMax: 20 }, 3],
    ["output", { stepsMax: 8, toolCallsMax: 32, tokensMax: 9_999, outputTokensMax: 6 }, 3],
  ])(
    "the limit of %s ends the gathering, and the answer says that it was exhausted",
    async (_, limits, requests) => {
      const search = (query: string): Script => callsOf(toCall("search", { query }));
      const scripts = [search("one"), search("two"), says("Retries use jitter. [1]")];
      const { end, chat } = await run(scripts, { limits });
      expect(end).toMatchObject({ outcome: "exhausted", grounding: "grounded" });
      expect(chat.requests).toHaveLength(requests);
    },
  );

  test("a context that tools have filled ends the gathering, and nothing gathered is lost", async () => {
    const { end, chat, ofType } = await run([
      callsOf(toCall("search", { query: "breaker" })),
      [new AppError("context_too_long")],
      [new AppError("context_too_long")],
      says("Retries use jitter. [1]"),
    ]);
    expect(end).toMatchObject({ outcome: "exhausted", degraded: ["context_trimmed"] });
    expect(chat.requests).toHaveLength(4);
    expect(ofType("retrieval-end").length).toBeGreaterThan(1);
    const first = await run([[new AppError("context_too_long")], says("Retries use jitter. [1]")]);
    expect(first.end).toMatchObject({ outcome: "finished", degraded: ["tools_unavailable"] });
  });

  test.each([
    ["no end of it", "8000", 3],
    ["the end of it", "900", 2],
  ])("a context whose size is known is not overfilled: %s", async (_, size, requests) => {
    const query = "word ".repeat(700);
    const scripts = [callsOf(toCall("search", { query })), ...(requests === 3 ? [done] : [])];
    const env = { CHAT_CONTEXT_TOKENS_MAX: size, OUTPUT_TOKENS_MAX: "100" };
    const { end, chat } = await run([...scripts, says("Retries use jitter. [1]")], {}, env);
    expect(chat.requests).toHaveLength(requests);
    expect(end.degraded).toEqual(requests === 3 ? [] : ["context_trimmed"]);
  });

  test("calls that the server gives one id are told apart, and each has its own reply", async () => {
    const search = (query: string): Script => callsOf(toCall("search", { query }, "call_0"));
    const { chat, ofType } = await run([search("one"), search("two"), done, says("So. [1]")]);
    const told = ofType("tool-call").map(({ callId }) => callId);
    expect(new Set(told).size).toBe(2);
    const replies = chat.requests[2]?.messages.flatMap((message) =>
      message.role === "tool" ? [message.callId] : [],
    );
    expect(replies).toEqual(told);
  });

  test("a model that goes round in circles is stopped", async () => {
    const same = callsOf(toCall("search", { query: "again" }));
    const { end } = await run([same, same, same, says("Retries use jitter. [1]")]);
    expect(end.outcome).toBe("exhausted");
  });

  test("800 calls at once are refused as a whole, and there is one end", async () => {
    const many = Array.from({ length: 800 }, (_, n) =>
      toCall("search", { query: `q${n}` }, `c${n}`),
    );
    const { end, ofType } = await run([callsOf(...many), says("Retries use jitter. [1]")]);
    expect(end.outcome).toBe("exhausted");
    expect(ofType("tool-call")).toEqual([]);
    expect(ofType("run-end")).toHaveLength(1);
  });

  test.each([
    ["takes no tools", new AppError("unsupported_option"), "tools_unsupported"],
    ["fails at it", new AppError("upstream_truncated"), "tools_unavailable"],
  ])("a model that %s answers from what was found first", async (_, error, code) => {
    const { end } = await run([[error], says("Retries use jitter. [1]")]);
    expect(end).toMatchObject({ outcome: "finished", degraded: [code], answerer: "scripted" });
  });

  test("a model that writes without end while it gathers is left, and the answer is made from what there is", async () => {
    let pieces = 0;
    const scripted = createScriptedChat(says("Retries use jitter. [1]"));
    const chat: ChatModel = {
      id: "scripted",
      async *stream(request, signal) {
        const text = "And so on. ".repeat(1_000);
        if (request.tools === undefined) yield* scripted.stream(request, signal);
        else for (; pieces < 1_000; pieces += 1) yield { type: "text", text };
      },
    };
    const { end } = await runWith(chat);
    expect(pieces).toBeLessThan(30);
    expect(end).toMatchObject({ outcome: "finished", degraded: ["tools_unavailable"] });
  });

  test("a model that cannot be reached is not asked for the answer again: sentences are quoted", async () => {
    const { end, chat } = await run([[new AppError("upstream_unavailable")]]);
    expect(end).toMatchObject({ outcome: "finished", answerer: "extractive" });
    expect(end.degraded).toEqual(["tools_unavailable", "extractive"]);
    expect(chat.requests).toHaveLength(1);
  });

  test("what was found before the model failed is there for the answer", async () => {
    const search = callsOf(toCall("search", { query: "What does a circuit breaker do?" }));
    const failing: Script = [new AppError("upstream_truncated")];
    const { ofType } = await run([search, failing, says("A circuit breaker opens. [2]")]);
    expect(ofType("citation").map(({ label }) => label)).toEqual([2]);
  });

  test("a model that is silent while it gathers leaves the time for the answer", async () => {
    const scripts = [["hang"], says("Retries use jitter. [1]")] as const;
    const { end, chat } = await run(scripts, { deadlineMs: 1_000 });
    expect(end).toMatchObject({ outcome: "finished", answerer: "scripted" });
    expect(end.degraded).toEqual(["tools_unavailable"]);
    expect(chat.aborted).toBe(1);
  });

  test("a tool that hangs is told to end with the time to gather, and told to have ended", async () => {
    const hang = (store: ReadStore): ReadStore => ({
      ...store,
      open: async (name, signal) => {
        const snapshot = await store.open(name, signal);
        return { ...snapshot, rowsOf: () => new Promise<never>(() => undefined) };
      },
    });
    const read = callsOf(
      toCall("read_document", { collection: "handbook", documentId: "retries" }),
    );
    const asked = run([read, says("Retries use jitter. [1]")], { deadlineMs: 1_500 }, {}, hang);
    const { end, ofType } = await asked;
    expect(ofType("tool-error")).toMatchObject([{ code: "deadline_exceeded", retry: false }]);
    expect(end).toMatchObject({ outcome: "finished", degraded: ["tools_unavailable"] });
  });
});
