import { describe, expect, test } from "vitest";
import { answer, type AnswerDeps, search } from "../src/answer.ts";
import { systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import { RunEvent, type RunEnd } from "../src/domain/event.ts";
import { AppError } from "../src/errors.ts";
import type { Embedder } from "../src/models/model.ts";
import type { ReadStore, Snapshot } from "../src/stores/store.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { createTestStore, wordEmbedder, wordModels } from "./support/collections.ts";
import { testConfig, toAsk } from "./support/run.ts";
import { withFallback } from "../src/models/with-fallback.ts";
import { createScriptedChat, says } from "./support/scripted-chat.ts";

const handbook = {
  retries:
    "Retries use jitter so that clients do not come back at the same moment. Backoff doubles the wait.",
  breaker: "A circuit breaker opens after repeated failures and lets one probe through.",
  queue: "A bounded queue rejects work when it is full.",
};
const faq = { port: "The service listens on port 8787 unless PORT says otherwise." };
const never = new AbortController().signal;

describe("an answer without a model", () => {
  test("quotes the sentence that answers, cites it exactly, and ends once", async () => {
    const { events, end, text } = await ask(await depsOf(), "Why do retries use jitter?");
    expect(end).toMatchObject({
      outcome: "finished",
      grounding: "grounded",
      answerer: "extractive",
    });
    expect(text).toContain(
      "Retries use jitter so that clients do not come back at the same moment.",
    );
    const citation = events.find((event) => event.type === "citation");
    expect(citation?.evidence.documentId).toBe("retries");
    const { start = 0, end: stop = 0 } = citation?.evidence ?? {};
    expect(handbook.retries.slice(start, stop)).toBe(text.slice(citation?.start, citation?.end));
    expect(Object.keys(end.versions)).toEqual(["faq", "handbook"]);
  });

  test("events come in order: run-start, legs, retrieval-end, answer, run-end, all of the published form", async () => {
    const { events } = await ask(await depsOf(), "What does a circuit breaker do?");
    const types = events.map(({ type }) => type);
    expect(types[0]).toBe("run-start");
    expect(types.filter((type) => type === "leg-end").length).toBe(4);
    expect(types.lastIndexOf("leg-end")).toBeLessThan(types.indexOf("retrieval-end"));
    expect(types.indexOf("retrieval-end")).toBeLessThan(types.indexOf("text-delta"));
    expect(types.filter((type) => type === "run-end").length).toBe(1);
    expect(types.at(-1)).toBe("run-end");
    for (const event of events) expect(RunEvent.parse(event)).toEqual(event);
  });

  test("says so when nothing answers", async () => {
    const { end, events } = await ask(await depsOf(), "Quem venceu xyzzy plugh?");
    expect(end).toMatchObject({ outcome: "finished", grounding: "no-evidence" });
    expect(events.some(({ type }) => type === "citation")).toBe(false);
  });

  test("the ledger counts what each leg found and how much of it was kept", async () => {
    const { end } = await ask(await depsOf(), "Which port does the service listen on?");
    const leg = end.ledger.find((one) => one.collection === "faq" && one.retriever === "keyword");
    expect(leg).toMatchObject({ status: "found", found: 1, kept: 1 });
  });
});

describe("an answer by a model", () => {
  test("streams its text, keeps true citations, drops those that point nowhere", async () => {
    const chat = createScriptedChat(
      says(
        "Retries use jitter so that clients do not come back at the same moment [1]. Nonsense [42].",
      ),
    );
    const { end, text, events } = await ask(
      { ...(await depsOf()), chat },
      "Why do retries use jitter?",
    );
    expect(text).toBe(
      "Retries use jitter so that clients do not come back at the same moment [1]. Nonsense.",
    );
    expect(events.filter(({ type }) => type === "citation")).toHaveLength(1);
    expect(end).toMatchObject({
      answerer: "scripted",
      grounding: "partly-grounded",
      usage: { inputTokens: 100, outputTokens: 20, requests: 1 },
    });
  });

  test("a refusal becomes no-evidence, never the model's own word for it", async () => {
    const chat = createScriptedChat(says("NO_ANSWER", 3));
    const { end, text } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
    expect(end.grounding).toBe("no-evidence");
    expect(text).not.toContain("NO_ANSWER");
  });

  const refusals = [
    "NO_ANSWER.",
    "\n NO_ANSWER \n",
    "**NO_ANSWER**",
    '"NO_ANSWER"',
    "NO_ANSWER\n\nThe passages speak of other things.",
    "NO_ANSWER: see [1].",
  ];
  test.each(refusals)("%j is a refusal, at any cut", async (said) => {
    for (const size of [1, 4, 100]) {
      const chat = createScriptedChat(says(said, size));
      const { end, text } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
      expect(text).toBe("The documents searched hold no answer to this question.");
      expect(end).toMatchObject({ answerer: "scripted", grounding: "no-evidence" });
      expect(end.usage.requests).toBe(1);
    }
  });

  test("a refusal behind an answer never shows its word, at any cut", async () => {
    const said = "Retries use jitter [1]. NO, NO_ANSWERS NO_ANSWER and NO_ANSWER";
    for (const size of [1, 3, 100]) {
      const chat = createScriptedChat(says(said, size));
      const { text } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
      expect(text).toBe("Retries use jitter [1]. NO, NO_ANSWERS  and ");
    }
  });

  test.each(["NO", "NO_ANSWERS are wrong.", '"NO_', "No answer."])(
    "%j is an answer",
    async (said) => {
      const chat = createScriptedChat(says(said, 1));
      const { text } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
      expect(text).toBe(said);
    },
  );

  test.each([" \n ", "[42]", "\n[42] [17]\n"])(
    "a model that writes nothing to show (%j) has failed, and extraction answers",
    async (said) => {
      const chat = createScriptedChat(says(said, 2));
      const { end, text } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
      expect(end).toMatchObject({ answerer: "extractive", degraded: ["extractive"] });
      expect(text).toMatch(/^Retries use jitter/);
    },
  );

  test("every citation and check of an answer fits the text it came with, in any script", async () => {
    const said = "\n\nהמתנה 😀 עם jitter [1]. 重试使用抖动。[2] Retries [1] use jitter [3][99]!";
    const { text, events } = await ask(
      { ...(await depsOf()), chat: createScriptedChat(says(said, 1)) },
      "Why do retries use jitter?",
    );
    const slices = events.flatMap((event) =>
      event.type === "citation" ? [text.slice(event.start, event.end)] : [],
    );
    expect(slices).toEqual(["המתנה 😀 עם jitter", "重试使用抖动。", "Retries", "use jitter"]);
    const checked = events.flatMap((event) =>
      event.type === "sentence-check" ? [text.slice(event.start, event.end)] : [],
    );
    expect(checked.join(" ")).toBe(text);
  });

  test("what a failed model used is counted, and its time is on the critical path", async () => {
    const chat = createScriptedChat([new AppError("upstream_unavailable")]);
    const { end } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
    expect(end.usage.requests).toBe(1);
    const critical = end.timeline.flatMap(({ stage, critical: is }) => (is ? [stage] : []));
    expect(critical).toContain("answer");
    expect(critical.at(-1)).toBe("answer-extractive");
  });

  test("what a model used before it broke off is counted", async () => {
    const chat = createScriptedChat([
      { type: "text", text: "Retries use jitter " },
      new AppError("upstream_truncated"),
    ]);
    const { end } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
    expect(end.usage).toMatchObject({ requests: 1 });
    expect(end.usage.inputTokens).toBeGreaterThan(0);
    expect(end.usage.outputTokens).toBeGreaterThan(0);
  });

  test("an answer that merely begins like a refusal is shown whole", async () => {
    const chat = createScriptedChat(says("NO, a queue that is full rejects work [1].", 1));
    const { text } = await ask({ ...(await depsOf()), chat }, "Does a full queue accept work?");
    expect(text).toBe("NO, a queue that is full rejects work [1].");
  });

  test("a model that fails before its first word is replaced by extraction, and the run says so", async () => {
    const chat = createScriptedChat([new AppError("upstream_unavailable")]);
    const { end } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
    expect(end).toMatchObject({ outcome: "finished", answerer: "extractive" });
    expect(end.degraded).toEqual(["extractive"]);
  });

  test("a fallback model that wrote is named, and the run says so before its text", async () => {
    const chat = withFallback(createScriptedChat([new AppError("upstream_unavailable")]), [
      { ...createScriptedChat(says("Retries use jitter [1].")), id: "second" },
    ]);
    const { end, text, events } = await ask({ ...(await depsOf()), chat }, "Why use jitter?");
    expect(text).toBe("Retries use jitter [1].");
    expect(end).toMatchObject({
      outcome: "finished",
      answerer: "second",
      degraded: ["llm_fallback_model"],
    });
    const order = events.map(({ type }) => type);
    expect(order.indexOf("degraded")).toBeLessThan(order.indexOf("text-delta"));
  });

  test("a model that fails after its first words fails the run; what was shown stays", async () => {
    const chat = createScriptedChat([
      { type: "text", text: "Retries use jitter " },
      new AppError("upstream_truncated"),
    ]);
    const { end, text } = await ask({ ...(await depsOf()), chat }, "Why do retries use jitter?");
    // The last letters may be held back: a secret could begin with them.
    expect(text).toMatch(/^Retries use j/);
    expect(end).toMatchObject({ outcome: "failed", error: { code: "upstream_truncated" } });
  });

  test("a question without passages never reaches the model", async () => {
    const chat = createScriptedChat();
    const deps = { ...(await depsOf()), chat };
    const { end } = await ask(deps, "12345?", { retrieval: { retrievers: ["keyword"] } });
    expect(end.grounding).toBe("no-evidence");
    expect(chat.requests).toHaveLength(0);
  });

  test("passages are data behind a fence that is new for every request", async () => {
    const chat = createScriptedChat(says("A. [1]"), says("B. [1]"));
    const deps = { ...(await depsOf()), chat };
    await ask(deps, "Why do retries use jitter?");
    await ask(deps, "Why do retries use jitter?");
    const fences = chat.requests.map(
      ({ messages }) => /<([a-z]{12})>/.exec(messages[1]?.content ?? "")?.[1],
    );
    expect(fences[0]).toBeDefined();
    expect(fences[0]).not.toBe(fences[1]);
    const outside = chat.requests[0]?.messages[1]?.content.replaceAll(
      new RegExp(`<${fences[0] ?? ""}>[^]*?</${fences[0] ?? ""}>`, "g"),
      "",
    );
    expect(outside?.trim()).toMatch(/^(\[\d\]\s*)+Question: Why do retries use jitter\?$/);
  });
});

describe("when a part fails", () => {
  test("a collection that cannot be opened costs its legs, not the answer", async () => {
    const deps = await depsOf();
    const store = withSnapshot(deps.store, "faq", () => {
      throw new AppError("collection_unavailable");
    });
    const { end } = await ask({ ...deps, store }, "Why do retries use jitter?");
    expect(end.outcome).toBe("finished");
    expect(end.degraded).toContain("collection_unavailable:faq");
    expect(end.ledger.filter(({ status }) => status === "failed")).toHaveLength(2);
    const chat = createScriptedChat(says("NO_ANSWER", 3));
    const refusal = await ask({ ...deps, store, chat }, "Why do retries use jitter?");
    expect(refusal.text).toBe(
      "A part of the search failed, and what it reached holds no answer to this question.",
    );
  });

  test("a search that never settles is timed out after its budget", async () => {
    const deps = await depsOf();
    const store = withSnapshot(deps.store, "faq", (snapshot) => ({
      ...snapshot,
      search: () => new Promise(() => undefined),
    }));
    const config = { ...testConfig, searchTimeoutMs: 30 };
    const { end } = await ask({ ...deps, store, config }, "Which port do retries with jitter use?");
    expect(end.outcome).toBe("finished");
    expect(end.ledger.filter(({ status }) => status === "timed-out")).toHaveLength(2);
  });

  test("a dead embedder costs the vector arm", async () => {
    const embedder: Embedder = {
      ...wordEmbedder,
      embed: () => Promise.reject(new AppError("upstream_unavailable")),
    };
    const deps = { ...(await depsOf()), embedders: new Map([[embedder.id, embedder]]) };
    const { end } = await ask(deps, "Why do retries use jitter?");
    expect(end).toMatchObject({ outcome: "finished", degraded: ["vector_unavailable"] });
  });

  test("a collection built by another embedder is named, and its words still found", async () => {
    const deps = { ...(await depsOf()), embedders: new Map() };
    const { end } = await ask(deps, "Why do retries use jitter?");
    expect(end.ledger.find(({ retriever }) => retriever === "vector")).toMatchObject({
      status: "failed",
      code: "embedder_mismatch",
    });
    expect(end.outcome).toBe("finished");
  });

  test("everything failing is an error, never no-evidence", async () => {
    const deps = await depsOf();
    const fail = (): never => {
      throw new AppError("collection_unavailable");
    };
    const store = withSnapshot(withSnapshot(deps.store, "faq", fail), "handbook", fail);
    const { end, events } = await ask({ ...deps, store }, "Why do retries use jitter?");
    expect(end).toMatchObject({ outcome: "failed", error: { code: "store_unavailable" } });
    expect(end.ledger).toHaveLength(4);
    expect(events.some(({ type }) => type === "text-delta")).toBe(false);
  });

  test("a required collection that failed fails the run", async () => {
    const deps = await depsOf();
    const store = withSnapshot(deps.store, "faq", () => {
      throw new AppError("collection_unavailable");
    });
    const { end } = await ask({ ...deps, store }, "jitter?", { retrieval: { require: ["faq"] } });
    expect(end.error).toMatchObject({
      code: "collection_unavailable",
      detail: "required and not available: faq",
    });
  });

  test("too few legs fail the run", async () => {
    const deps = { ...(await depsOf()), embedders: new Map() };
    const { end } = await ask(deps, "jitter?", { retrieval: { legsMin: 3 } });
    expect(end.error?.detail).toBe("2 of 4 legs answered, legsMin is 3");
  });

  test("an unknown collection is named beside those that exist", async () => {
    const { end } = await ask(await depsOf(), "jitter?", { collections: ["handbook", "nope"] });
    expect(end.error).toMatchObject({
      code: "collection_not_found",
      detail: "no collection named nope; there are: faq, handbook",
    });
  });

  test("a bug is internal and its text stays inside", async () => {
    const deps = await depsOf();
    const store: ReadStore = {
      ...deps.store,
      list: () => Promise.reject(new Error("secret /path")),
    };
    const { end } = await ask({ ...deps, store }, "jitter?");
    expect(end.error?.code).toBe("internal");
    expect(JSON.stringify(end)).not.toContain("secret");
  });
});

describe("stop means stop", () => {
  test("the caller's signal ends a hanging model as cancelled and closes its stream", async () => {
    const chat = createScriptedChat([
      { type: "text", text: "Retries use jitter so far. And then" },
      "hang",
    ]);
    const controller = new AbortController();
    const events: RunEvent[] = [];
    for await (const event of answer(
      { ...(await depsOf()), chat },
      toAsk("jitter?"),
      controller.signal,
    )) {
      events.push(event);
      if (event.type === "text-delta") controller.abort();
    }
    expect(events.at(-1)).toMatchObject({ type: "run-end", outcome: "cancelled" });
    expect(chat.aborted).toBe(1);
  });

  test("leaving the iteration cancels the run", async () => {
    const chat = createScriptedChat([
      { type: "text", text: "Retries use jitter so far. And then" },
      "hang",
    ]);
    for await (const event of answer({ ...(await depsOf()), chat }, toAsk("jitter?"), never)) {
      if (event.type === "text-delta") break;
    }
    await expect.poll(() => chat.aborted).toBe(1);
  });

  test("the deadline ends a run that has shown something as expired", async () => {
    const chat = createScriptedChat([{ type: "text", text: "Retries use jitter. And" }, "hang"]);
    const { end } = await ask({ ...(await depsOf()), chat }, "jitter?", { deadlineMs: 500 });
    expect(end).toMatchObject({ outcome: "expired", error: { code: "deadline_exceeded" } });
    expect(end.error?.stage).toBe("answer");
    expect(chat.aborted).toBe(1);
  });
});

describe("search alone", () => {
  test("gives passages and a ledger, and asks no model", async () => {
    const chat = createScriptedChat();
    const events: RunEvent[] = [];
    for await (const event of search({ ...(await depsOf()), chat }, toAsk("jitter?"), never)) {
      events.push(event);
    }
    expect(events.map(({ type }) => type)).toContain("retrieval-end");
    expect(events.at(-1)).toMatchObject({ type: "run-end", outcome: "finished", answerer: "none" });
  });
});

describe("a follow-up", () => {
  const history = [
    { role: "user", content: "What does a circuit breaker do?" },
    { role: "assistant", content: "It opens after repeated failures. [1]" },
  ] as const;

  test("is searched as it is and as a question that stands alone, and both sets of hits are fused", async () => {
    const chat = createScriptedChat(
      says("When does a circuit breaker let a probe through?"),
      says("It lets one probe through. [1]"),
    );
    const { end, events, text } = await ask({ ...(await depsOf()), chat }, "And then?", {
      history,
      instructions: "Be brief.",
    });
    expect(end).toMatchObject({ outcome: "finished", degraded: [], usage: { requests: 2 } });
    expect(text).toContain("one probe");
    expect(end.ledger).toHaveLength(8);
    const [found] = events.flatMap((event) =>
      event.type === "retrieval-end" ? event.passages : [],
    );
    expect(found?.documentId).toBe("breaker");
    const [rewriting, answering] = chat.requests;
    expect(rewriting?.messages.at(-1)?.content).toContain("And then?");
    const contents = answering?.messages.map(({ content }) => content) ?? [];
    expect(contents[0]).toContain("Be brief.");
    const [asked] = history;
    expect(contents.slice(1, 3)).toEqual([asked.content, "It opens after repeated failures."]);
    expect(contents.at(-1)).toMatch(/Question: And then\?$/);
  });

  test.each([
    ["that is late", ["hang"]],
    ["that fails", [new AppError("upstream_unavailable")]],
    ["that is empty", says(" ")],
    ["that is too long", says("x".repeat(5_000), 1_000)],
  ] as const)("a rewriting %s costs nothing but itself", async (_, script) => {
    const chat = createScriptedChat([...script], says("Retries use jitter. [1]"));
    const config = parseConfig({ REWRITE_TIMEOUT_MS: "30" });
    const deps = { ...(await depsOf()), chat, config };
    const { end } = await ask(deps, "Why do retries use jitter?", { history });
    expect(end).toMatchObject({ outcome: "finished", degraded: ["rewrite_skipped"] });
    expect(end.ledger).toHaveLength(4);
  });

  test("one that stands alone already is searched once", async () => {
    const question = "Why do retries use jitter?";
    const chat = createScriptedChat(says(question), says("Retries use jitter. [1]"));
    const { end } = await ask({ ...(await depsOf()), chat }, question, { history });
    expect(end).toMatchObject({ outcome: "finished", degraded: [] });
    expect(end.ledger).toHaveLength(4);
  });

  test("without a model it is searched as it is, and the run says so", async () => {
    const { end } = await ask(await depsOf(), "Why do retries use jitter?", { history });
    expect(end).toMatchObject({ answerer: "extractive", degraded: ["rewrite_skipped"] });
  });
});

async function depsOf(): Promise<AnswerDeps> {
  return {
    config: testConfig,
    clock: systemClock,
    log: silentLog,
    store: await createTestStore({ handbook, faq }),
    ...wordModels,
  };
}

interface Asked {
  readonly events: readonly RunEvent[];
  readonly end: RunEnd;
  readonly text: string;
}

async function ask(
  deps: AnswerDeps,
  question: string,
  changes: Parameters<typeof toAsk>[1] = {},
): Promise<Asked> {
  const events: RunEvent[] = [];
  for await (const event of answer(deps, toAsk(question, changes), never)) events.push(event);
  const end = events.at(-1);
  if (end?.type !== "run-end") throw new Error("the run has no end");
  const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  return { events, end, text };
}

/** The store with one collection's snapshot changed. */
function withSnapshot(
  store: ReadStore,
  name: string,
  change: (snapshot: Snapshot) => Snapshot,
): ReadStore {
  return {
    ...store,
    open: async (collection, signal) => {
      const snapshot = await store.open(collection, signal);
      return collection === name ? change(snapshot) : snapshot;
    },
  };
}
