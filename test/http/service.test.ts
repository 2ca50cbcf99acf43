import { describe, expect, test } from "vitest";
import { type AppDeps, createApp } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { RunRecord } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import { noTelemetry } from "../../src/http/telemetry.ts";
import { toPlainChunk } from "../../scripts/plain-chunk.ts";
import type { ChatModel, Embedder } from "../../src/models/model.ts";
import { createServer, listen } from "../../src/node/server/create-server.ts";
import { createLexicalReranker } from "../../src/retrieval/lexical-rerank.ts";
import type { ReadStore } from "../../src/stores/store.ts";
import { silentMeter } from "../../src/telemetry/meter.ts";
import { estimateTokens } from "../../src/text/tokens.ts";
import { askWith, parseMessages, recordLog, wantsEvents } from "../support/app.ts";
import { createTestStore, toDocuments, wordEmbedder, wordModels } from "../support/collections.ts";

const handbook = {
  retries: "Retries use jitter so that clients do not come back at the same moment.",
  queue: "A bounded queue rejects work when it is full.",
};
const faq = { port: "The service listens on port 8787 unless PORT says otherwise." };
const question = { question: "Why do retries use jitter?" };

async function makeDeps(change: Partial<AppDeps> = {}): Promise<AppDeps> {
  return {
    config: parseConfig({ SEARCH_TIMEOUT_MS: "150" }),
    clock: systemClock,
    log: recordLog(),
    store: await createTestStore({ handbook, faq }),
    ...wordModels,
    gate: createRunGate(),
    ...change,
  };
}

/** The store, with some collections that answer otherwise. */
async function failing(names: readonly string[], open: ReadStore["open"]): Promise<ReadStore> {
  const store = await createTestStore({ handbook, faq });
  return {
    kind: store.kind,
    list: (signal) => store.list(signal),
    open: (name, signal) => (names.includes(name) ? open(name, signal) : store.open(name, signal)),
  };
}

const refuse: ReadStore["open"] = (name) =>
  Promise.reject(new AppError("collection_unavailable", { detail: `${name} is damaged` }));
const hang: ReadStore["open"] = (_name, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });

async function ask(deps: AppDeps, body: object = question): Promise<Response> {
  return createApp(deps).request("/v1/ask", askWith(body));
}

test("a question is answered with a citation, and JSON and events say the same", async () => {
  const deps = await makeDeps();
  const record = RunRecord.parse(await (await ask(deps)).json());
  expect(record.answer).toContain("Retries use jitter");
  expect(record.citations[0]?.evidence.documentId).toBe("retries");
  const streamed = await createApp(deps).request("/v1/ask", askWith(question, wantsEvents));
  const events = parseMessages(await streamed.text()).map(({ data }) => data);
  const text = events
    .flatMap((event) => (event.type === "text-delta" ? [event.text] : []))
    .join("");
  expect(text).toBe(record.answer);
  expect(events.filter(({ type }) => type === "citation")).toHaveLength(record.citations.length);
});

test("a search finds the same passages as the answer was made from", async () => {
  const deps = await makeDeps();
  const answered = (await (await ask(deps)).json()) as RunRecord;
  const response = await createApp(deps).request("/v1/search", askWith(question));
  const found = (await response.json()) as RunRecord;
  expect(found.passages).toEqual(answered.passages);
  expect(found.ledger).toHaveLength(4);
});

test("an unknown collection is refused by name, with those that exist", async () => {
  const response = await ask(await makeDeps(), { ...question, collections: ["faq", "nope"] });
  expect(response.status).toBe(404);
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  expect(code).toBe("collection_not_found");
  for (const word of ["nope", "faq", "handbook"]) expect(detail).toContain(word);
});

describe("one collection", () => {
  test("that fails is reported and the rest is answered", async () => {
    const response = await ask(await makeDeps({ store: await failing(["faq"], refuse) }));
    expect(response.status).toBe(200);
    expect(response.headers.get("X-Degraded")).toContain("faq");
    const record = RunRecord.parse(await response.json());
    expect(record.answer).toContain("jitter");
    const legs = record.ledger.filter(({ collection }) => collection === "faq");
    expect(legs.map(({ status }) => status)).toEqual(["failed", "failed"]);
    expect(legs[0]?.code).toBe("collection_unavailable");
  });

  test("that hangs costs its legs and not the answer", async () => {
    const response = await ask(await makeDeps({ store: await failing(["faq"], hang) }));
    expect(response.status).toBe(200);
    const record = RunRecord.parse(await response.json());
    expect(record.answer).toContain("jitter");
    const legs = record.ledger.filter(({ collection }) => collection === "faq");
    expect(legs.map(({ status }) => status)).toEqual(["timed-out", "timed-out"]);
  });
});

test("when every collection fails there is no answer but a 503", async () => {
  const response = await ask(await makeDeps({ store: await failing(["faq", "handbook"], refuse) }));
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "store_unavailable", retryable: true });
});

test.each([
  ["the soonest that one of them names", [40_000, undefined, 7_200], "8"],
  ["a moment where none names a time", [undefined, undefined, undefined], "2"],
])(
  "a store that nothing can be read from is a 503 with a time to wait: %s",
  async (_, waits, told) => {
    const names = ["a", "b", "c"];
    const store: ReadStore = {
      kind: "memory",
      list: () => Promise.resolve(names),
      open: (name) => {
        const retryAfterMs = waits[names.indexOf(name)];
        const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
        return Promise.reject(new AppError("store_unavailable", wait));
      },
    };
    const response = await ask(await makeDeps({ store }));
    expect([response.status, response.headers.get("Retry-After")]).toEqual([503, told]);
  },
);

test("a deadline that passes during retrieval is a 504", async () => {
  const config = parseConfig({});
  const store = await failing(["faq", "handbook"], hang);
  const response = await ask(await makeDeps({ config, store }), { ...question, deadlineMs: 30 });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
});

test("when every leg is late there is no answer but a 504 that names the search", async () => {
  const late: ReadStore["open"] = async (name, signal) => {
    const store = await createTestStore({ [name]: handbook });
    const search = (_query: unknown, own: AbortSignal) => hang(name, own) as Promise<never>;
    return { ...(await store.open(name, signal)), search };
  };
  const response = await ask(await makeDeps({ store: await failing(["faq", "handbook"], late) }));
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({ code: "deadline_exceeded", stage: "search" });
});

test("a limit of the model that nothing can stand in for is a 503 with the time to wait", async () => {
  const chat: ChatModel = {
    id: "m",
    stream: () => {
      throw new AppError("upstream_rate_limited", { retryAfterMs: 119_500 });
    },
  };
  const output = { schema: { type: "object", properties: { why: { type: "string" } } } };
  const response = await ask(await makeDeps({ chat }), { ...question, output });
  expect([response.status, response.headers.get("Retry-After")]).toEqual([503, "120"]);
  expect(await response.json()).toMatchObject({
    code: "upstream_rate_limited",
    retryAfterMs: 119_500,
  });
});

test("a client that leaves aborts the call to the embedder", async () => {
  const asked = Promise.withResolvers<AbortSignal>();
  const stuck: Embedder = {
    ...wordEmbedder,
    embed(_texts, _kind, signal) {
      asked.resolve(signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      });
    },
  };
  const deps = await makeDeps({ embedders: new Map([[stuck.id, stuck]]) });
  const server = createServer(createApp(deps).fetch, deps.config);
  const port = await listen(server, "127.0.0.1", 0);
  const client = new AbortController();
  const init = { ...askWith(question, wantsEvents), signal: client.signal };
  const asking = fetch(`http://127.0.0.1:${port}/v1/ask`, init);
  const signal = await asked.promise;
  expect(signal.aborted).toBe(false);
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  client.abort();
  await expect(asking).rejects.toThrow("abort");
  await aborted;
  await deps.gate.idle();
  server.close();
});

describe("under pressure", () => {
  const many = Object.fromEntries(
    Array.from({ length: 8 }, (_, n) => [`d${n}`, `Retries use jitter, says document ${n}.`]),
  );
  const askUnder = async (level: number, retrieval: object = { passagesMax: 6 }) => {
    const counted: string[] = [];
    const deps = await makeDeps({
      store: await createTestStore({ handbook: many }),
      rerankers: { lexical: createLexicalReranker() },
      pressure: { level },
      telemetry: {
        ...noTelemetry,
        meter: {
          ...silentMeter,
          count: (name, labels) => {
            if (name === "tributary_degraded_total") counted.push(`${name} ${labels?.["code"]}`);
          },
        },
      },
    });
    const response = await ask(deps, { ...question, retrieval });
    return { response, counted, record: RunRecord.parse(await response.json()) };
  };

  test("nothing is left out when there is none", async () => {
    const { response, counted, record } = await askUnder(0);
    expect([record.degraded, counted, record.passages.length]).toEqual([[], [], 6]);
    expect(response.headers.get("X-Degraded")).toBeNull();
  });

  test("nothing is reranked, and the answer, a header and a counter say so", async () => {
    const { response, counted, record } = await askUnder(1);
    expect(record.degraded).toEqual(["rerank_skipped"]);
    expect(response.headers.get("X-Degraded")).toBe("rerank_skipped");
    expect(counted).toEqual(["tributary_degraded_total rerank_skipped"]);
    expect(record.passages).toHaveLength(6);
  });

  test("under more of it the context is smaller too", async () => {
    const { record } = await askUnder(2);
    expect(record.degraded).toEqual(["rerank_skipped", "context_reduced"]);
    expect(record.passages).toHaveLength(3);
    expect(record.answer).toContain("jitter");
  });

  test("its tokens are half as many, too", async () => {
    const tokens = estimateTokens(many["d0"] ?? "");
    const retrieval = { passagesMax: 8, contextTokensMax: 6 * tokens };
    const passagesUnder = async (level: number) =>
      (await askUnder(level, retrieval)).record.passages.length;
    expect([await passagesUnder(1), await passagesUnder(2)]).toEqual([6, 3]);
  });
});

test.each([
  ["0.25", 1],
  ["0.5", 2],
  ["1", 3],
])(
  "with DOCUMENT_SHARE_MAX=%s one document has its share of four passages",
  async (share, most) => {
    const texts = ["jitter", "a backoff", "a budget"].map((what) => `Retries use ${what}.`);
    const others = { a: "Retries are named here.", b: "And retries here.", c: "Retries too." };
    const store = await createTestStore({ handbook: others });
    const { signal } = new AbortController();
    const writer = await store.openWriter("handbook", signal);
    const parts = texts.map((text, at) => toPlainChunk("retries", text, at));
    const [one, ...more] = await toDocuments(parts, wordEmbedder, signal);
    if (one === undefined) throw new Error("no document was made");
    const chunks = [one, ...more].flatMap((part) => part.chunks);
    await writer.commit({ put: [{ ...one, chunks }], remove: [] }, signal);
    await writer.index(signal);
    await writer.close();
    const deps = await makeDeps({ config: parseConfig({ DOCUMENT_SHARE_MAX: share }), store });
    const retrieval = { passagesMax: 4 };
    const { passages } = RunRecord.parse(
      await (await ask(deps, { ...question, retrieval })).json(),
    );
    expect(passages).toHaveLength(4);
    expect(passages.filter(({ documentId }) => documentId === "retries")).toHaveLength(most);
  },
);

describe("what the caller insists on", () => {
  const cases: readonly {
    readonly name: string;
    readonly fails: readonly string[];
    readonly retrieval: object;
    readonly status: number;
    readonly code?: string;
  }[] = [
    {
      name: "a required collection that answers",
      fails: ["faq"],
      retrieval: { require: ["handbook"] },
      status: 200,
    },
    {
      name: "a required collection that fails",
      fails: ["faq"],
      retrieval: { require: ["faq"] },
      status: 503,
      code: "collection_unavailable",
    },
    { name: "as many legs as answer", fails: ["faq"], retrieval: { legsMin: 2 }, status: 200 },
    {
      name: "more legs than answer",
      fails: ["faq"],
      retrieval: { legsMin: 3 },
      status: 503,
      code: "store_unavailable",
    },
    {
      name: "more legs than there are, which no repetition mends,",
      fails: [],
      retrieval: { legsMin: 5 },
      status: 400,
      code: "invalid_request",
    },
  ];
  test.each(cases)("$name is a $status", async ({ fails, retrieval, status, code }) => {
    const deps = await makeDeps({ store: await failing(fails, refuse) });
    const response = await ask(deps, { ...question, retrieval });
    expect(response.status).toBe(status);
    expect(((await response.json()) as { code?: string }).code).toBe(code);
  });
});
