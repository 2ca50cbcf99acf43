import { describe, expect, test } from "vitest";
import { type RunEvent, RunRecord } from "../../../src/domain/event.ts";
import type { AppError } from "../../../src/errors.ts";
import type { RunArchive } from "../../../src/http/runs/archive.ts";
import type { Runner } from "../../../src/http/service.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import {
  askWith,
  goodRun,
  makeApp,
  makeEnd,
  makeService,
  type Message,
  parseMessages,
  play,
  retrievalEnd,
  runStart,
  serveTest,
  type TestOptions,
  wantsEvents,
} from "../../support/app.ts";

const question = { question: "What are timeouts?" };
const later = { ...wantsEvents };

/** Runs with an id each; the events after retrieval wait for `gate`. */
function numbered(gate: Promise<unknown> = Promise.resolve()): Runner {
  let count = 0;
  return async function* (_ask, signal) {
    count += 1;
    const runId = `run-${count}`;
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    yield { ...runStart, runId } as RunEvent;
    yield retrievalEnd;
    await Promise.race([gate, aborted]);
    if (signal.aborted) {
      const { code, detail } = signal.reason as AppError;
      yield makeEnd({ runId, outcome: "cancelled", error: { code, detail, retryable: false } });
      return;
    }
    yield* goodRun.slice(2, -1);
    yield makeEnd({ runId });
  };
}

function start(options: TestOptions = {}) {
  const service = makeService(options);
  const app = makeApp(service);
  const ask = (headers: Record<string, string> = {}, body: unknown = question) =>
    app.request("/v1/ask", askWith(body, headers));
  return { service, app, ask };
}

/** What a client knows after these messages, whichever deltas travelled together. */
function toTold(messages: readonly Message[]) {
  const isText = ({ data }: Message): boolean => data.type === "text-delta";
  const text = messages.map(({ data }) => (data.type === "text-delta" ? data.text : "")).join("");
  return { text, others: messages.filter((message) => !isText(message)) };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Keeps nothing, and says so as none should. */
const brokenArchive: RunArchive = {
  put: () => Promise.reject(new Error("a bug")),
  find: () => Promise.resolve({ status: "unknown" }),
  findByKey: () => Promise.resolve(undefined),
};

test("a run that cannot be kept, whatever the reason, is not held in the process for that", async () => {
  const { service, app, ask } = start({ answer: numbered(), archive: brokenArchive });
  expect((await ask({ "Idempotency-Key": "k" })).status).toBe(200);
  await settled();
  expect((await app.request("/v1/runs/run-1")).status).toBe(404);
  expect((await ask({ "Idempotency-Key": "k" })).headers.get("X-Run-Id")).toBe("run-2");
  expect(service.log.lines.join("\n")).toContain("run-not-recorded");
  expect(service.gate.running).toBe(0);
});

describe("a run that was started without waiting", () => {
  test("is announced with its address, runs on, and ends as a whole record", async () => {
    const gate = Promise.withResolvers<void>();
    const { app, ask } = start({ answer: numbered(gate.promise) });
    const response = await ask({ Prefer: "respond-async" });
    expect(response.status).toBe(202);
    expect(response.headers.get("Location")).toBe("/v1/runs/run-1");
    expect(response.headers.get("Preference-Applied")).toBe("respond-async");
    expect(await response.json()).toMatchObject({ runId: "run-1", status: "running" });
    const running = await (await app.request("/v1/runs/run-1")).json();
    expect(running).toMatchObject({
      status: "running",
      question: "What are timeouts?",
      passages: [{ text: "Timeouts are limits." }],
      answer: "",
    });
    gate.resolve();
    await settled();
    const over = (await (await app.request("/v1/runs/run-1")).json()) as { status: string };
    expect(over).toMatchObject({ status: "ended", answer: "Timeouts are limits. [1]" });
    expect(RunRecord.parse(over).outcome).toBe("finished");
  });

  test("is cancelled by DELETE, once", async () => {
    const { app, ask, service } = start({ answer: numbered(new Promise(() => undefined)) });
    await ask({ Prefer: "respond-async" });
    for (let times = 0; times < 2; times += 1) {
      const response = await app.request("/v1/runs/run-1", { method: "DELETE" });
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ status: "ended", outcome: "cancelled" });
    }
    expect(service.gate.running).toBe(0);
  });
});

describe("a client that leaves", () => {
  const cases = [
    { prefer: "keep-run", outcome: "finished" },
    { prefer: "", outcome: "cancelled" },
  ];
  test.each(cases)("with Prefer: $prefer leaves a run that is $outcome", async (one) => {
    const gate = Promise.withResolvers<void>();
    const { app, service } = start({ answer: numbered(gate.promise) });
    const client = new AbortController();
    const init = askWith(question, { ...later, Prefer: one.prefer });
    const response = await app.request("/v1/ask", { ...init, signal: client.signal });
    await response.body!.getReader().read();
    client.abort();
    await settled();
    gate.resolve();
    await settled();
    expect(await (await app.request("/v1/runs/run-1")).json()).toMatchObject(
      one.prefer === "" ? { outcome: "cancelled" } : { outcome: "finished" },
    );
    expect(service.gate.running).toBe(0);
  });
});

describe("a client that leaves before it has heard of its run", () => {
  const cases = [
    { name: "ends it, having no way back", headers: {}, outcome: "cancelled" },
    { name: "finds it by its key", headers: { "Idempotency-Key": "k-1" }, outcome: "finished" },
  ];
  test.each(cases)("$name", async ({ headers, outcome }) => {
    const gate = Promise.withResolvers<void>();
    const slow: Runner = async function* (ask, signal) {
      const events: RunEvent[] = [];
      for await (const event of numbered(gate.promise)(ask, signal)) events.push(event);
      yield* events;
    };
    const { app, service } = start({ answer: slow });
    const client = new AbortController();
    const init = askWith(question, { ...later, ...headers, Prefer: "keep-run" });
    const response = app.request("/v1/ask", { ...init, signal: client.signal });
    // The key is hashed in a thread of its own.
    while (service.asked.length === 0) await settled();
    client.abort();
    expect((await response).status).toBe(499);
    gate.resolve();
    await settled();
    expect(await (await app.request("/v1/runs/run-1")).json()).toMatchObject({ outcome });
    expect(service.gate.running).toBe(0);
  });
});

describe("the events of a run", () => {
  test("come again from any place, without gap or repeat, with the ids of the first time", async () => {
    const { app, ask } = start({ answer: numbered() });
    const first = parseMessages(await (await ask(later)).text());
    const readAfter = (id: string) =>
      app.request("/v1/runs/run-1/events", { headers: { "Last-Event-ID": id } });
    for (const [index, { id = "" }] of first.slice(0, -1).entries()) {
      const rest = parseMessages(await (await readAfter(id)).text());
      expect(toTold([...first.slice(0, index + 1), ...rest])).toEqual(toTold(first));
    }
    expect((await readAfter(first.at(-1)?.id ?? "")).status).toBe(204);
    const all = parseMessages(await (await app.request("/v1/runs/run-1/events")).text());
    expect(toTold(all)).toEqual(toTold(first));
  });

  test("reach two clients at once while the run goes on", async () => {
    const gate = Promise.withResolvers<void>();
    const { app, ask } = start({ answer: numbered(gate.promise) });
    await ask({ Prefer: "respond-async" });
    const read = async (headers: Record<string, string>): Promise<string> =>
      (await app.request("/v1/runs/run-1/events", { headers })).text();
    const early = read({});
    const late = read({ "Last-Event-ID": "2" });
    await settled();
    gate.resolve();
    const whole = parseMessages(await early);
    expect(whole.map(({ event }) => event).at(0)).toBe("run-start");
    expect(whole.at(-1)?.event).toBe("run-end");
    expect(toTold([...whole.slice(0, 2), ...parseMessages(await late)])).toEqual(toTold(whole));
  });

  const wrong = ["-1", "8", "99999999999999999999", "1e3", "run-2:1", "", "0x1", " "];
  test.each(wrong)("are refused from the place %j", async (id) => {
    const { app, ask } = start({ answer: numbered() });
    await (await ask()).text();
    const response = await app.request("/v1/runs/run-1/events", {
      headers: { "Last-Event-ID": id },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ issues: [{ path: "Last-Event-ID" }] });
  });
});

describe("an idempotency key", () => {
  const keyed = { "Idempotency-Key": "k-1" };

  test("gives the same run to the same request, however it is written, while it runs and after", async () => {
    const gate = Promise.withResolvers<void>();
    const { ask, service } = start({ answer: numbered(gate.promise) });
    const body = { collections: ["guide"], ...question };
    const [a, b] = [
      ask(keyed, body),
      ask({ ...keyed, ...later }, { ...question, collections: ["guide"] }),
    ];
    await settled();
    gate.resolve();
    expect(await (await a).json()).toMatchObject({ runId: "run-1" });
    expect(parseMessages(await (await b).text()).at(-1)?.data).toMatchObject({ runId: "run-1" });
    await settled();
    expect(await (await ask(keyed, body)).json()).toMatchObject({ runId: "run-1" });
    expect(service.asked).toHaveLength(1);
  });

  test("starts one run for many requests at once", async () => {
    const { ask, service } = start({ answer: numbered() });
    const responses = await Promise.all(Array.from({ length: 8 }, async () => ask(keyed)));
    for (const response of responses)
      expect(await response.json()).toMatchObject({ runId: "run-1" });
    expect(service.asked).toHaveLength(1);
  });

  test("stays with the run that took it over from one that was cancelled, however late that one ends", async () => {
    const [gate, cleanedUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const answer = numbered(gate.promise);
    const { app, ask, service } = start({
      async *answer(...given) {
        for await (const event of answer(...given)) {
          if (event.type === "run-end" && event.outcome === "cancelled") await cleanedUp.promise;
          yield event;
        }
      },
    });
    const first = ask(keyed);
    await settled();
    const deleted = app.request("/v1/runs/run-1", { method: "DELETE" });
    await settled();
    gate.resolve();
    const second = await (await ask(keyed)).json();
    expect(second).toMatchObject({ outcome: "finished" });
    cleanedUp.resolve();
    await Promise.all([first, deleted]);
    await settled();
    expect(await (await ask(keyed)).json()).toEqual(second);
    expect(service.asked).toHaveLength(2);
  });

  test.each(["keep-run", "respond-async"])(
    "keeps its run for who asks for that later: %s",
    async (prefer) => {
      const gate = Promise.withResolvers<void>();
      const { service, app } = start({ answer: numbered(gate.promise) });
      const [first, second] = [new AbortController(), new AbortController()];
      const headers = { ...keyed, ...later };
      const askAs = (client: AbortController, more = {}) =>
        app.request("/v1/ask", {
          ...askWith(question, { ...headers, ...more }),
          signal: client.signal,
        });
      await askAs(first);
      const response = await askAs(second, { Prefer: prefer });
      expect(response.headers.get("Preference-Applied")).toBe(prefer);
      for (const client of [first, second]) client.abort();
      await settled();
      gate.resolve();
      await settled();
      const record = await (await app.request("/v1/runs/run-1")).json();
      expect(record).toMatchObject({ status: "ended", outcome: "finished" });
      expect(service.asked).toHaveLength(1);
    },
  );

  test("is refused with another request, while its run runs and after", async () => {
    const gate = Promise.withResolvers<void>();
    const { ask } = start({ answer: numbered(gate.promise) });
    await ask({ ...keyed, Prefer: "respond-async" });
    for (const when of ["running", "over"]) {
      const response = await ask(keyed, { question: "Another?" });
      expect([when, response.status]).toEqual([when, 409]);
      expect(await response.json()).toMatchObject({ code: "idempotency_conflict" });
      gate.resolve();
      await settled();
    }
  });

  test("is free again when its run was cancelled or failed in passing", async () => {
    const failed = makeEnd({
      outcome: "failed",
      error: { code: "store_unavailable", retryable: true },
    });
    const { ask, service } = start({ answer: play([runStart, failed]) });
    expect((await ask(keyed)).status).toBe(503);
    expect((await ask(keyed)).status).toBe(503);
    expect(service.asked).toHaveLength(2);
  });

  test("is free again a minute after its run should have been over", async () => {
    const clock = createFakeClock();
    const { ask, service } = start({ answer: numbered(new Promise(() => undefined)), clock });
    const askLater = async (): Promise<number> => {
      await ask({ ...keyed, Prefer: "respond-async" });
      return service.asked.length;
    };
    expect(await askLater()).toBe(1);
    await clock.advance(120_000);
    expect(await askLater()).toBe(1);
    await clock.advance(1);
    expect(await askLater()).toBe(2);
  });

  test.each(["", " ", "a b", "x".repeat(256), "é"])("is refused when it is %j", async (key) => {
    const response = await start().ask({ "Idempotency-Key": key });
    expect(response.status).toBe(400);
  });
});

describe("a record", () => {
  test("expires by age, with a clear code", async () => {
    const clock = createFakeClock();
    const { app, ask } = start({
      answer: numbered(),
      clock,
      env: { RUN_JOURNAL_AGE_MS_MAX: "1000" },
    });
    await (await ask()).text();
    await clock.advance(999);
    expect((await app.request("/v1/runs/run-1")).status).toBe(200);
    await clock.advance(2);
    for (const path of ["/v1/runs/run-1", "/v1/runs/run-1/events"]) {
      const response = await app.request(path);
      expect(response.status).toBe(410);
      expect(await response.json()).toMatchObject({ code: "run_expired" });
    }
  });

  test("gives room to newer ones", async () => {
    const { app, ask } = start({ answer: numbered(), env: { RUN_JOURNAL_RUNS_MAX: "2" } });
    for (let times = 0; times < 3; times += 1) await (await ask()).text();
    await settled();
    const statuses = ["run-1", "run-2", "run-3", "run-4"].map(
      async (id) => (await app.request(`/v1/runs/${id}`)).status,
    );
    expect(await Promise.all(statuses)).toEqual([410, 200, 200, 404]);
  });

  test("of a search is not kept", async () => {
    const { app } = start();
    await (await app.request("/v1/search", askWith(question))).text();
    expect((await app.request("/v1/runs/run-1")).status).toBe(404);
  });

  test("of another caller does not exist", async () => {
    const { service, ask } = start({ answer: numbered() });
    await (await ask()).text();
    await settled();
    const other = { id: "other", scopes: new Set(["ask"] as const) };
    await expect(service.journal.find("run-1", other)).rejects.toMatchObject({ code: "not_found" });
    const own = await service.journal.find("run-1", service.asked[0]!.caller);
    expect(own.ended).toBe(true);
  });
});

test("a client whose connection breaks again and again has the whole run in the end", async () => {
  const slow: Runner = async function* () {
    yield runStart;
    yield retrievalEnd;
    for (let count = 0; count < 60; count += 1) {
      await new Promise((resolve) => setTimeout(resolve, count % 3));
      yield { type: "text-delta", text: `${count} ` };
    }
    yield makeEnd();
  };
  await using server = await serveTest(makeService({ answer: slow }));
  const messages: Message[] = [];
  /** Reads until the run has ended or the connection is broken after `bytesMax`. */
  const readOn = async (url: string, init: RequestInit, bytesMax: number): Promise<void> => {
    const client = new AbortController();
    const response = await fetch(url, { ...init, signal: client.signal });
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body!) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length >= bytesMax) break;
    }
    client.abort();
    messages.push(...parseMessages(text));
  };
  const init = askWith(question, { ...wantsEvents, Prefer: "keep-run" });
  await readOn(`${server.url}/v1/ask`, init, 800);
  for (let size = 50; messages.at(-1)?.event !== "run-end"; size += 37) {
    const headers = { "Last-Event-ID": messages.at(-1)?.id ?? "0" };
    await readOn(`${server.url}/v1/runs/run-1/events`, { headers }, size % 300);
  }
  const whole = parseMessages(await (await fetch(`${server.url}/v1/runs/run-1/events`)).text());
  expect(toTold(messages)).toEqual(toTold(whole));
  expect(toTold(whole).text).toBe(Array.from({ length: 60 }, (_, count) => `${count} `).join(""));
});

test("a run that says more than is kept of one is ended", async () => {
  const flood: Runner = async function* (_ask, signal) {
    yield runStart;
    while (!signal.aborted) yield { type: "text-delta", text: "x".repeat(1000) };
    yield makeEnd({ outcome: "failed", error: { code: "internal", retryable: false } });
  };
  const { app, ask } = start({ answer: flood, env: { RUN_BYTES_MAX: "10000" } });
  expect((await ask()).status).toBe(500);
  const record = (await (await app.request("/v1/runs/run-1")).json()) as { answer: string };
  expect(record.answer.length).toBeLessThan(10_000);
});

test("of a run that is ended for its length the record counts what it used, as its end does", async () => {
  const used = { inputTokens: 7, outputTokens: 5, requests: 1 };
  const flood: Runner = async function* (_ask, signal) {
    yield runStart;
    while (!signal.aborted) yield { type: "text-delta", text: "x".repeat(1000) };
    yield { type: "usage", ...used };
    yield { type: "degraded", code: "said_too_late" };
    const error = { code: "upstream_bad_response" as const, retryable: true };
    yield makeEnd({ outcome: "failed", usage: used, error });
  };
  const { app, ask } = start({ answer: flood, env: { RUN_BYTES_MAX: "10000" } });
  await ask();
  const messages = parseMessages(await (await app.request("/v1/runs/run-1/events")).text());
  const told = messages.map(({ data }) => data).filter(({ type }) => type !== "text-delta");
  expect(told).toMatchObject([{ type: "run-start" }, { type: "usage", ...used }, { usage: used }]);
});

test("HEAD of the events of a run does not count as a reader", async () => {
  const left = Promise.withResolvers<unknown>();
  const endless: Runner = async function* (_ask, signal) {
    yield runStart;
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    left.resolve(signal.reason);
    yield makeEnd({ outcome: "cancelled", error: { code: "cancelled", retryable: false } });
  };
  const { app } = start({ answer: endless });
  const client = new AbortController();
  const asked = await app.request("/v1/ask", {
    ...askWith(question, wantsEvents),
    signal: client.signal,
  });
  await settled();
  const head = await app.request("/v1/runs/run-1/events", { method: "HEAD" });
  expect([head.status, head.headers.get("Content-Type")]).toEqual([200, "text/event-stream"]);
  await asked.body?.cancel();
  client.abort();
  expect(await left.promise).toMatchObject({ code: "cancelled" });
});
