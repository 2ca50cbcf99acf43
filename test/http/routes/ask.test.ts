import { expect, test } from "vitest";
import { type RunEvent, RunEvent as RunEventSchema, RunRecord } from "../../../src/domain/event.ts";
import {
  askWith,
  goodRun,
  makeApp,
  makeEnd,
  makeService,
  parseMessages,
  play,
  retrievalEnd,
  runStart,
  wantsEvents,
} from "../../support/app.ts";

const question = { question: "What are timeouts?" };

test("a question is answered as one JSON record", async () => {
  const response = await makeApp(makeService()).request("/v1/ask", askWith(question));
  expect(response.status).toBe(200);
  expect(response.headers.get("Content-Type")).toContain("application/json");
  expect(response.headers.get("X-Run-Id")).toBe("run-1");
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  const record = RunRecord.parse(await response.json());
  expect(record.answer).toBe("Timeouts are limits. [1]");
  expect(record.passages).toHaveLength(1);
  expect(record.citations[0]?.label).toBe(1);
  expect(record.checks[0]?.verdict).toBe("supported");
});

test("the same run is streamed as events, with ids that count up and one end", async () => {
  const response = await makeApp(makeService()).request("/v1/ask", askWith(question, wantsEvents));
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "x-run-id": "run-1",
  });
  const messages = parseMessages(await response.text());
  const ids = messages.map(({ id }) => Number(id));
  expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  expect(ids.at(-1)).toBe(goodRun.length);
  for (const { event, data } of messages) {
    expect(event).toBe(data.type);
    RunEventSchema.parse(data);
  }
  expect(messages.filter(({ event }) => event === "run-end")).toHaveLength(1);
  expect(messages.at(-1)?.event).toBe("run-end");
});

test("JSON and events tell the same run", async () => {
  const app = makeApp(makeService());
  const record = await (await app.request("/v1/ask", askWith(question))).json();
  const streamed = await (await app.request("/v1/ask", askWith(question, wantsEvents))).text();
  const events = parseMessages(streamed).map(({ data }) => data);
  const text = events
    .flatMap((event) => (event.type === "text-delta" ? [event.text] : []))
    .join("");
  const { type: _type, ...end } = events.at(-1) as Extract<RunEvent, { type: "run-end" }>;
  expect(record).toMatchObject({ ...end, answer: text });
});

const choices: readonly (readonly [accept: string | undefined, status: number, type: string])[] = [
  [undefined, 200, "application/json"],
  ["*/*", 200, "application/json"],
  ["application/json", 200, "application/json"],
  ["text/event-stream", 200, "text/event-stream"],
  ["application/json, text/event-stream", 200, "application/json"],
  ["text/event-stream, */*", 200, "text/event-stream"],
  ["text/event-stream;q=0.5, application/json", 200, "application/json"],
  ["text/event-stream, application/json;q=0.9", 200, "text/event-stream"],
  ["text/*", 200, "text/event-stream"],
  ["application/*", 200, "application/json"],
  ["text/html", 406, "application/problem+json"],
  ["application/json;q=0", 406, "application/problem+json"],
];
test.each(choices)("Accept %s is answered %i %s", async (accept, status, type) => {
  const headers: Record<string, string> = accept === undefined ? {} : { Accept: accept };
  const response = await makeApp(makeService()).request("/v1/ask", askWith(question, headers));
  expect(response.status).toBe(status);
  expect(response.headers.get("Content-Type")).toContain(type);
  await response.text();
});

const failures = [
  { code: "collection_not_found", status: 404, retryAfter: null },
  { code: "store_unavailable", status: 503, retryAfter: "2" },
  { code: "upstream_unavailable", status: 503, retryAfter: "2" },
  { code: "upstream_rate_limited", status: 503, retryAfter: "2" },
  { code: "misconfigured", status: 503, retryAfter: null },
  { code: "overloaded", status: 503, retryAfter: "1" },
  { code: "deadline_exceeded", status: 504, retryAfter: null },
  { code: "upstream_bad_response", status: 502, retryAfter: null },
  { code: "internal", status: 500, retryAfter: null },
] as const;
test.each(failures)(
  "a run that fails with $code before the stream is a $status",
  async ({ code, status, retryAfter }) => {
    const outcome = code === "deadline_exceeded" ? "expired" : "failed";
    const error = { code, retryable: true, stage: "search", detail: "our own words" };
    const answer = play([runStart, makeEnd({ outcome, error })]);
    for (const headers of [wantsEvents, {}] as Record<string, string>[]) {
      const response = await makeApp(makeService({ answer })).request(
        "/v1/ask",
        askWith(question, headers),
      );
      expect(response.status).toBe(status);
      expect(response.headers.get("Content-Type")).toBe("application/problem+json");
      expect(response.headers.get("Retry-After")).toBe(retryAfter);
      expect(await response.json()).toMatchObject({
        code,
        status,
        stage: "search",
        detail: "our own words",
      });
    }
  },
);

test("a failure after the stream opened is its last event", async () => {
  const error = { code: "upstream_truncated" as const, retryable: true };
  const answer = play([
    runStart,
    retrievalEnd,
    { type: "text-delta", text: "Time" },
    new Promise((resolve) => setTimeout(resolve, 20)),
    makeEnd({ outcome: "failed", error }),
  ]);
  const response = await makeApp(makeService({ answer })).request(
    "/v1/ask",
    askWith(question, wantsEvents),
  );
  expect(response.status).toBe(200);
  const last = parseMessages(await response.text()).at(-1)?.data;
  expect(last).toMatchObject({ type: "run-end", outcome: "failed", error });
});

test("the response is held back until retrieval is over, and opens after the wait", async () => {
  const retrieval = Promise.withResolvers<void>();
  const answer = play([runStart, retrieval.promise, ...goodRun.slice(1)]);
  const service = makeService({ answer, env: { HOLD_BACK_MS: "40" } });
  const response = await makeApp(service).request("/v1/ask", askWith(question, wantsEvents));
  expect(response.status).toBe(200);
  const reader = response.body!.getReader();
  const first = new TextDecoder().decode((await reader.read()).value);
  expect(parseMessages(first).map(({ event }) => event)).toEqual(["run-start"]);
  retrieval.resolve();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    rest += new TextDecoder().decode(value);
  }
  expect(parseMessages(rest).at(-1)?.event).toBe("run-end");
});

test("what is missing when the response begins is in a header", async () => {
  const degraded: RunEvent = { type: "degraded", code: "collection_unavailable:faq" };
  const end = makeEnd({ degraded: ["collection_unavailable:faq"] });
  const answer = play([runStart, degraded, retrievalEnd, end]);
  for (const headers of [wantsEvents, {}] as Record<string, string>[]) {
    const response = await makeApp(makeService({ answer })).request(
      "/v1/ask",
      askWith(question, headers),
    );
    expect(response.headers.get("X-Degraded")).toBe("collection_unavailable:faq");
    await response.text();
  }
});

test("a run that breaks off still ends with one last event, and the log knows why", async () => {
  const answer = async function* (): AsyncGenerator<RunEvent> {
    yield runStart;
    yield retrievalEnd;
    throw new Error("a bug with /secret/path");
  };
  const service = makeService({ answer });
  const response = await makeApp(service).request("/v1/ask", askWith(question, wantsEvents));
  const text = await response.text();
  expect(text).not.toContain("secret");
  expect(parseMessages(text).at(-1)?.data).toMatchObject({
    outcome: "failed",
    error: { code: "internal" },
  });
  expect(service.log.lines.join("\n")).toContain("run-broke-off");
});

test("no-evidence is an answer, not an error", async () => {
  const answer = play([
    runStart,
    { type: "retrieval-end", passages: [] },
    { type: "text-delta", text: "Nothing." },
    makeEnd({ grounding: "no-evidence" }),
  ]);
  const response = await makeApp(makeService({ answer })).request("/v1/ask", askWith(question));
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ grounding: "no-evidence", outcome: "finished" });
});

test("a withdrawn text is not in the record", async () => {
  const answer = play([
    runStart,
    retrievalEnd,
    { type: "text-delta", text: "Wrong." },
    { type: "text-reset" },
    { type: "text-delta", text: "Right." },
    makeEnd(),
  ]);
  const response = await makeApp(makeService({ answer })).request("/v1/ask", askWith(question));
  expect(await response.json()).toMatchObject({ answer: "Right." });
});

test("of a conversation longer than what counts the latest turns are taken, in every format", async () => {
  const turns = ["one", "two", "three"].map((content) => ({ role: "user", content }));
  const asked = { question: "And then?", history: turns };
  const said = [...turns, { role: "user", content: "And then?" }];
  const parts = said.map(({ role, content }) => ({
    role,
    parts: [{ type: "text", text: content }],
  }));
  for (const [path, body] of [
    ["/v1/ask", asked],
    ["/v1/search", asked],
    ["/v1/chat/completions", { model: "tributary", messages: said }],
    ["/v1/chat", { messages: parts }],
  ] as const) {
    const service = makeService({ env: { HISTORY_TURNS_MAX: "2" } });
    const response = await makeApp(service).request(path, askWith(body));
    expect([path, response.status]).toEqual([path, 200]);
    await response.text();
    expect(service.asked[0]?.history).toEqual(turns.slice(1));
  }
});

test("a search returns passages and no answer", async () => {
  const response = await makeApp(makeService()).request("/v1/search", askWith(question));
  expect(response.status).toBe(200);
  const body = (await response.json()) as object;
  expect(Object.keys(body).toSorted()).toEqual(
    ["degraded", "ledger", "outcome", "passages", "runId", "timeline", "versions"].toSorted(),
  );
});

test("each run leaves one line in the log, without its question", async () => {
  const service = makeService();
  await (await makeApp(service).request("/v1/ask", askWith(question))).text();
  expect(service.log.lines).toHaveLength(1);
  expect(service.log.lines[0]).toContain('"outcome":"finished"');
  expect(service.log.lines[0]).not.toContain("timeouts");
  expect(service.gate.running).toBe(0);
});
