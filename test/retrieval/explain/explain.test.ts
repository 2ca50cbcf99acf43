/** How far a document came: every stage it can fall out at, told from a real search over a store in memory. */
import { describe, expect, test } from "vitest";
import { type AnswerDeps, explain } from "../../../src/answer.ts";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import type { RunEnd, RunEvent } from "../../../src/domain/event.ts";
import { Explanation, type ExplainTarget } from "../../../src/domain/explanation.ts";
import { AppError } from "../../../src/errors.ts";
import type { ReadStore, Snapshot } from "../../../src/stores/store.ts";
import { silentLog } from "../../../src/telemetry/log.ts";
import { createTestStore, type Texts, wordEmbedder } from "../../support/collections.ts";
import { toAsk } from "../../support/run.ts";

const QUESTION = "Why do retries use jitter?";
const handbook = {
  best: "Retries use jitter so that clients do not come back at the same moment.",
  same: "Retries use jitter so that clients do not come back at the same moment.",
  near: "Retries need a budget, and jitter in the wait between them.",
  far: "Jitter is also a word for an uneven clock in audio equipment of any kind.",
  other: "A bounded queue rejects work when it is full.",
};
const faq = { port: "The service listens on port 8787.", shared: "Jitter spreads retries." };

const NEVER = new AbortController().signal;
type Changes = Parameters<typeof toAsk>[1];

interface Given {
  readonly collections?: Readonly<Record<string, Texts>>;
  readonly changes?: Changes;
  readonly env?: Record<string, string>;
  readonly wrap?: (store: ReadStore) => ReadStore;
  readonly rerankers?: AnswerDeps["rerankers"];
}

async function ask(documentId: string | ExplainTarget, given: Given = {}) {
  const target = typeof documentId === "string" ? { documentId } : documentId;
  const store = await createTestStore(given.collections ?? { handbook, faq });
  const deps: AnswerDeps = {
    config: parseConfig(given.env ?? {}),
    clock: systemClock,
    log: silentLog,
    store: given.wrap?.(store) ?? store,
    embedders: new Map([[wordEmbedder.id, wordEmbedder]]),
    sentenceEmbedder: wordEmbedder,
    rerankers: given.rerankers ?? {},
  };
  let explanation: Explanation | undefined;
  const events: RunEvent[] = [];
  const request = { target, onExplained: (found: Explanation) => void (explanation = found) };
  for await (const event of explain(deps, toAsk(QUESTION, given.changes), NEVER, request)) {
    events.push(event);
  }
  const end = events.at(-1) as RunEnd;
  return { explanation, end, events };
}

/** The explanation of a run that came to its end, in the published form. */
async function explained(documentId: string | ExplainTarget, given?: Given) {
  const { explanation, end } = await ask(documentId, given);
  expect(end.error).toBeUndefined();
  expect(Explanation.parse(explanation)).toEqual(explanation);
  return explanation as Explanation;
}

interface Case {
  readonly name: string;
  readonly document: string | ExplainTarget;
  readonly given?: Given;
  readonly stage: Explanation["stage"];
  readonly why: RegExp;
  readonly advice: RegExp;
}

const last: NonNullable<AnswerDeps["rerankers"]["remote"]> = {
  id: "upside-down",
  score: async (_question, texts) => texts.map((text) => (text.includes("uneven clock") ? 1 : 0)),
};

const cases: readonly Case[] = [
  {
    name: "one that is in the context",
    document: "best",
    stage: "used",
    why: /in the context, as \[1\]/,
    advice: /^$/,
  },
  {
    name: "one of a collection that was not asked",
    document: "port",
    given: { changes: { collections: ["handbook"] } },
    stage: "collection",
    why: /collection, faq, was not asked/,
    advice: /add faq to collections/,
  },
  {
    name: "one that the filter leaves out",
    document: "best",
    given: { changes: { filter: { field: "documentId", op: "ne", value: "best" } } },
    stage: "filter",
    why: /at the filter\. The filter leaves it out/,
    advice: /loosen filter/,
  },
  {
    name: "one beyond the depth of every leg, with its true rank",
    document: "far",
    given: { changes: { retrieval: { legHitsMax: 1 } } },
    stage: "search",
    why: /on rank \d with [\d.]+, and it brought 1, down to/,
    advice: /legHitsMax to \d or more; ask in words/,
  },
  {
    name: "one that shares no word, where only words are searched",
    document: "other",
    given: { changes: { retrieval: { retrievers: ["keyword"] } } },
    stage: "search",
    why: /keyword leg it has no word of the question/,
    advice: /add vector to retrieval\.retrievers/,
  },
  {
    name: "one below the cut of the fused list",
    document: "far",
    given: {
      env: { CANDIDATES_MAX: "1", PASSAGES_MAX: "1" },
      changes: { retrieval: { passagesMax: 1 } },
    },
    stage: "fuse",
    why: /on place \d, with a score of [\d.]+; the first 1 go on/,
    advice: /ask in words/,
  },
  {
    name: "one that says the same as a better one",
    document: "same",
    given: { collections: { handbook: { ...handbook, "same-first": handbook.best } } },
    stage: "collapse",
    why: /best#0 in handbook says the same/,
    advice: /nothing is lost/,
  },
  {
    name: "one that the reranker moved out",
    document: "best",
    given: {
      rerankers: { remote: last },
      changes: { collections: ["handbook"], retrieval: { rerank: "remote", passagesMax: 1 } },
    },
    stage: "rerank",
    why: /reranker \(remote\) moved it from place 1 to place [2-9]/,
    advice: /rerank to "none"; set retrieval\.passagesMax to [2-9] or more/,
  },
  {
    name: "one behind the last place",
    document: "near",
    given: { changes: { retrieval: { passagesMax: 1 } } },
    stage: "pack",
    why: /on place \d, and the context takes 1/,
    advice: /passagesMax to [2-9] or more/,
  },
  {
    name: "one that does not fit the budget",
    document: "best",
    given: { changes: { retrieval: { contextTokensMax: 5 } } },
    stage: "pack",
    why: /about \d+ tokens, and 5 of the context's 5 were left/,
    advice: /contextTokensMax/,
  },
];

describe("tells at which stage a document fell out", () => {
  test.each(cases)("$name", async ({ document, given, stage, why, advice }) => {
    const explanation = await explained(document, given);
    expect(explanation.stage).toBe(stage);
    expect(explanation.why).toMatch(why);
    expect(explanation.advice.join("; ")).toMatch(advice);
  });
});

test("the advice on the fused list holds: with that weight the document comes through", async () => {
  const retrieval = { vectorWeight: 1, passagesMax: 1 };
  const env = { CANDIDATES_MAX: "2", PASSAGES_MAX: "2" };
  const texts = {
    // By its first six letters a word has its direction: near, and yet without a word of the question.
    a: "jitterbug retrieval",
    b: "jitterbug jitterbugs retrieving",
    c: "jitter with many words around it that pull its direction somewhere else entirely today",
  };
  const given = (vectorWeight: number): Given => ({
    collections: { handbook: texts },
    env,
    changes: { retrieval: { ...retrieval, vectorWeight } },
  });
  const explanation = await explained("c", given(1));
  expect(explanation.stage).toBe("fuse");
  const weight = /vectorWeight to ([\d.]+)/.exec(explanation.advice.join())?.[1];
  expect(weight).toBeDefined();
  expect((await explained("c", given(Number(weight)))).stage).not.toBe("fuse");
});

test("the trace of a chunk agrees with the run: ranks, scores, label", async () => {
  const { explanation, events } = await ask("near");
  const passages = events.flatMap((event) =>
    event.type === "retrieval-end" ? event.passages : [],
  );
  const passage = passages.find(({ documentId }) => documentId === "near");
  const [chunk] = explanation?.chunks ?? [];
  expect(chunk?.label).toBe(passage?.label);
  expect(chunk?.fused?.rank).toBe(passage?.trail["fused"]);
  for (const { retriever, rank, brought } of chunk?.legs ?? []) {
    expect(brought).toBe(true);
    expect(rank).toBe(passage?.trail[`handbook/${retriever}`]);
  }
});

test("looking again leaves no trace in the run: each leg is reported once, and the timeline has each stage once", async () => {
  const { events, end } = await ask("far", { changes: { retrieval: { legHitsMax: 1 } } });
  expect(events.filter(({ type }) => type === "leg-end")).toHaveLength(4);
  expect(end.ledger).toHaveLength(4);
  const stages = end.timeline.map(({ stage }) => stage);
  expect(stages).toContain("explain");
  expect(new Set(stages).size).toBe(stages.length);
});

describe("a document that cannot be meant", () => {
  test("an id that no collection has is not found, and the collections are named", async () => {
    const { end } = await ask("nowhere");
    expect(end.error).toMatchObject({ code: "not_found" });
    expect(end.error?.detail).toContain("faq, handbook");
    expect(end.error?.detail).not.toContain("nowhere");
  });

  test("an id that several have needs its collection", async () => {
    const collections = { one: { shared: "Jitter." }, two: { shared: "Retries." } };
    const { end } = await ask("shared", { collections });
    expect(end.error).toMatchObject({ code: "invalid_request" });
    expect(end.error?.detail).toContain("one, two");
    const target = { documentId: "shared", collection: "two" };
    expect((await explained(target, { collections })).document.collection).toBe("two");
  });

  test("a collection that does not exist is named with those that do", async () => {
    const { end } = await ask({ documentId: "best", collection: "none" });
    expect(end.error).toMatchObject({ code: "collection_not_found" });
  });

  test("one in a collection that cannot be read now is not called missing", async () => {
    const wrap = (store: ReadStore): ReadStore => ({
      ...store,
      open: (name, signal) =>
        name === "faq"
          ? Promise.reject(new AppError("collection_unavailable"))
          : store.open(name, signal),
    });
    for (const target of [{ documentId: "port" }, { documentId: "port", collection: "faq" }]) {
      const { end } = await ask(target, { wrap });
      expect(end.error).toMatchObject({ code: "collection_unavailable" });
      expect(end.error?.detail).toContain("faq");
    }
  });
});

test("a dead leg is told as that, and its scores are not made up", async () => {
  const wrap = (store: ReadStore): ReadStore => ({
    ...store,
    async open(name, signal): Promise<Snapshot> {
      const snapshot = await store.open(name, signal);
      return {
        ...snapshot,
        search: (query, searching) =>
          query.type === "vector"
            ? Promise.reject(new AppError("store_unavailable"))
            : snapshot.search(query, searching),
      };
    },
  });
  const explanation = await explained("other", { wrap });
  expect(explanation.stage).toBe("search");
  expect(explanation.why).toContain("the vector leg failed (store_unavailable)");
  expect(explanation.advice[0]).toContain("ask again");
  const vector = explanation.chunks[0]?.legs.find(({ retriever }) => retriever === "vector");
  expect(vector).toEqual({
    retriever: "vector",
    status: "failed",
    code: "store_unavailable",
    brought: false,
    hits: 0,
  });
});
