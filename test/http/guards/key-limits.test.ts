/** Limits of keys over sockets, as clients that others wrote see them, and fairness between keys. */
import OpenAI, { AuthenticationError, RateLimitError } from "openai";
import { expect, test } from "vitest";
import type { KeyLimits } from "../../../src/access/key-limits.ts";
import { withKeyLimits } from "../../../src/http/admission/with-key-limits.ts";
import { createRunGate } from "../../../src/http/admission/run-gate.ts";
import type { Runner } from "../../../src/http/service.ts";
import { sleep, systemClock } from "../../../src/async/clock.ts";
import { askWith, goodRun, makeApp, makeService, play, serveTest } from "../../support/app.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { toAsk } from "../../support/run.ts";
import { bearer, makeAccess, makeKey } from "../../support/keys.ts";

const question = { question: "What are timeouts?" };
const messages = [{ role: "user" as const, content: "What are timeouts?" }];

test("requests beyond those of a minute are refused with the time to wait, and pass in the next", async () => {
  const clock = createFakeClock();
  const { key, entry } = await makeKey({ requestsPerMinuteMax: 2 });
  await using server = await serveTest(makeService({ access: makeAccess([entry], clock).access }));
  const get = () => fetch(`${server.url}/v1/collections`, { headers: bearer(key) });
  const first = await get();
  expect(first.headers.get("RateLimit-Policy")).toBe('"minute";q=2;w=60');
  expect(first.headers.get("RateLimit")).toBe('"minute";r=1;t=60');
  await get();
  await clock.advance(15_000.4);
  const refused = await get();
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "45"]);
  expect(refused.headers.get("RateLimit")).toBe('"minute";r=0;t=45');
  expect(await refused.json()).toMatchObject({
    code: "rate_limited",
    retryable: true,
    retryAfterMs: 45_000,
  });
  await clock.advance(45_000);
  expect((await get()).status).toBe(200);
});

test("each call of an MCP batch is a request", async () => {
  const clock = createFakeClock();
  const { key, entry } = await makeKey({ requestsPerMinuteMax: 2 });
  const service = makeService({ access: makeAccess([entry], clock).access });
  const batch = ["one?", "two?", "three?", "four?"].map((text, id) => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name: "ask", arguments: { question: text } },
  }));
  const accept = "application/json, text/event-stream";
  const response = await makeApp(service).request(
    "/mcp",
    askWith(batch, { ...bearer(key), accept }),
  );
  const answers = (await response.text()).match(/(?<="text":")rate_limited: [^"]*/g);
  expect(answers).toEqual(Array(2).fill("rate_limited: this key may send 2 requests a minute"));
  expect(service.asked).toHaveLength(2);
});

test("the time it takes to count the runs of a key, elsewhere, is the caller's too", async () => {
  const clock = createFakeClock();
  const { signal } = new AbortController();
  const limits: KeyLimits = {
    countRequest: async () => undefined,
    addTokens() {},
    async beginRun() {
      await sleep(clock, 200, signal);
      return () => {};
    },
  };
  const service = makeService({ clock, gate: withKeyLimits(createRunGate(), limits) });
  const ask = toAsk("What are timeouts?", { deadlineMs: 1_000 });
  const request = { ask, run: service.answer, client: signal, requestId: "r" };
  const listening = service.sharing.listen(request);
  await clock.advance(200);
  await listening;
  expect(service.asked.map(({ deadlineMs }) => deadlineMs)).toEqual([800]);
});

test("a key has so many runs at once, in whatever format they are asked for", async () => {
  const gate = Promise.withResolvers<void>();
  const { key, entry } = await makeKey({ runsMax: 1 });
  const answer = play([gate.promise, ...goodRun]);
  const service = makeService({ access: makeAccess([entry]).access, answer });
  await using server = await serveTest(service);
  const ask = (text: string) =>
    fetch(`${server.url}/v1/ask`, askWith({ question: text }, bearer(key)));
  const running = ask("first?");
  await expect.poll(() => service.asked.length).toBe(1);
  expect((await ask("second?")).status).toBe(429);
  const client = new OpenAI({ apiKey: key, baseURL: `${server.url}/v1`, maxRetries: 0 });
  const completion = client.chat.completions.create({ model: "tributary", messages });
  await expect(completion).rejects.toBeInstanceOf(RateLimitError);
  gate.resolve();
  expect((await running).status).toBe(200);
  expect((await ask("third?")).status).toBe(200);
});

test("a question that waited in vain for its place does not count against its key any more", async () => {
  const [holder, waiter] = await Promise.all([makeKey(), makeKey({ runsMax: 1 })]);
  const first = Promise.withResolvers<void>();
  const limits = { runsMax: 1, queueMax: 1, queueTimeoutMs: 5, callerRunsMax: 9 };
  const service = makeService({
    access: makeAccess([holder.entry, waiter.entry]).access,
    gate: createRunGate({ clock: systemClock, ...limits }),
    answer: play([first.promise, ...goodRun]),
  });
  const app = makeApp(service);
  const ask = (key: string) => app.request("/v1/ask", askWith(question, bearer(key)));
  const running = ask(holder.key);
  await expect.poll(() => service.gate.running).toBe(1);
  expect((await ask(waiter.key)).status).toBe(503);
  expect((await ask(waiter.key)).status).toBe(503);
  first.resolve();
  expect((await running).status).toBe(200);
  expect((await ask(waiter.key)).status).toBe(200);
});

test("the openai SDK knows a wrong key, and asks again after the time it is told", async () => {
  let calls = 0;
  const first = Promise.withResolvers<void>();
  const { key, entry } = await makeKey({ runsMax: 1 });
  const answer: Runner = (ask, signal) => {
    calls += 1;
    return play(calls === 1 ? [first.promise, ...goodRun] : goodRun)(ask, signal);
  };
  await using server = await serveTest(makeService({ access: makeAccess([entry]).access, answer }));
  const baseURL = `${server.url}/v1`;
  const stranger = new OpenAI({ apiKey: "wrong", baseURL, maxRetries: 2 });
  const refused: unknown = await stranger.models.list().catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(AuthenticationError);
  expect(refused).toMatchObject({ code: "invalid_api_key" });

  const running = fetch(`${baseURL}/ask`, askWith({ question: "Another?" }, bearer(key)));
  await expect.poll(() => calls).toBe(1);
  const statuses: number[] = [];
  const client = new OpenAI({
    apiKey: key,
    baseURL,
    maxRetries: 3,
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      statuses.push(response.status);
      first.resolve();
      return response;
    },
  });
  const { choices } = await client.chat.completions.create({ model: "tributary", messages });
  expect(choices[0]?.message.content).toContain("Timeouts");
  expect(statuses).toEqual([429, 200]);
  await running;
});

test("a key with 200 questions does not hold up another's", async () => {
  const [greedy, modest] = await Promise.all([makeKey(), makeKey()]);
  const allHere = Promise.withResolvers<void>();
  const answer: Runner = async function* () {
    await allHere.promise;
    yield* goodRun;
  };
  const gate = createRunGate({
    clock: systemClock,
    runsMax: 2,
    queueMax: 500,
    queueTimeoutMs: 60_000,
    callerRunsMax: 300,
  });
  const { access } = makeAccess([greedy.entry, modest.entry]);
  const service = makeService({ access, gate, answer, env: { SHARE_RUNS: "false" } });
  await using server = await serveTest(service);
  const answered: string[] = [];
  const ask = async (key: string): Promise<void> => {
    const response = await fetch(`${server.url}/v1/ask`, askWith(question, bearer(key)));
    await response.text();
    expect(response.status).toBe(200);
    answered.push(key);
  };
  const many = Array.from({ length: 200 }, () => ask(greedy.key));
  await expect.poll(() => service.gate.waiting).toBe(198);
  const one = ask(modest.key);
  await expect.poll(() => service.gate.waiting).toBe(199);
  allHere.resolve();
  await Promise.all([...many, one]);
  // Two were running; then the callers take turns. Answers that are ready together come in any order.
  expect(answered.indexOf(modest.key)).toBeLessThan(answered.length / 4);
});
