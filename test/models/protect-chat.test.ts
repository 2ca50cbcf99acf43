import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hang, refusal, type Reply, stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { startDeadline } from "../../src/async/deadline.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import { protectChat } from "../../src/models/protect.ts";
import { createFakeClock } from "../support/fake-clock.ts";

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(() => server[Symbol.asyncDispose]());

const FIRST_DELTA_MS = 20_000;
const hi = chunk({ content: "hi" });
const stop = chunk({}, "stop");
const inBand = stream([{ error: { code: 503, message: "overloaded" } }]);

/** A first model and one or more fallbacks at the same endpoint; each replies as told by its name. */
function setUp(
  replies: Readonly<Record<string, Reply>>,
  env: Readonly<Record<string, string>> = {},
) {
  server.script((response, request) => replies[String(request.body["model"])]?.(response, request));
  const [first = "", ...others] = Object.keys(replies);
  const clock = createFakeClock();
  const upstreams = createUpstreamRegistry();
  const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
  const toChat = (model: string) => createOpenAiChat({ client, model, clock });
  const chat = protectChat(toChat(first), others.map(toChat), {
    config: parseConfig({ CHAT_CONCURRENCY_MAX: "1", ...env }),
    clock,
    upstreams,
    random: () => 0,
  });
  const before = server.requests.length;
  const asked = (): readonly unknown[] =>
    server.requests.slice(before).map(({ body }) => body["model"]);
  return { chat, clock, upstreams, asked };
}

/** Asks and waits for the end; time stands still but for what the test lets pass. */
async function ask(
  { chat, clock }: ReturnType<typeof setUp>,
  signal: AbortSignal = new AbortController().signal,
) {
  const seen = { text: "", writer: chat.id, code: undefined as string | undefined, ms: 0 };
  const request = {
    messages: [],
    outputTokensMax: 10,
    temperature: 0,
    onFallback: (id: string) => (seen.writer = id),
  };
  const startMs = clock.now();
  const given = clock.pending;
  const asking = async (): Promise<void> => {
    try {
      for await (const delta of chat.stream(request, signal)) {
        if (delta.type === "text") seen.text += delta.text;
      }
    } catch (thrown) {
      seen.code = toAppError(thrown).code;
    }
  };
  const state = { ended: false };
  void asking().then(() => (state.ended = true));
  while (!state.ended) await clock.advance(0);
  seen.ms = clock.now() - startMs;
  expect(clock.pending).toBeLessThanOrEqual(given); // of its own it leaves none
  return seen;
}

describe("a chat model with fallbacks, over a socket", () => {
  test("an error within a stream before its text is the next model's turn; four attempts in all", async () => {
    const call = setUp({ a: inBand, b: stream([hi, stop]) });
    expect(await ask(call)).toMatchObject({ text: "hi", writer: "openai:b", code: undefined });
    expect(call.asked()).toEqual(["a", "a", "a", "b"]);
    const [first, second] = call.upstreams.read();
    expect(first).toMatchObject({ upstream: "chat openai:a", breaker: "closed" });
    expect(first?.counts).toMatchObject({ attempts: 3, failures: 3, retries: 2, fallbacks: 1 });
    expect(second?.counts).toMatchObject({ attempts: 1, failures: 0 });
  });

  test.each<[string, Reply, readonly string[]]>([
    ["a wrong key", refusal(401), ["a", "b"]],
    ["no credit", refusal(429, { code: "insufficient_quota" }), ["a", "b"]],
    ["an outage", refusal(503), ["a", "a", "a", "b"]],
    [
      "a stream without a finish",
      stream([chunk({ role: "assistant" })], "clean"),
      ["a", "a", "a", "b"],
    ],
  ])("%s", async (_, reply, asked) => {
    const call = setUp({ a: reply, b: stream([hi, stop]) });
    expect(await ask(call)).toMatchObject({ text: "hi", writer: "openai:b" });
    expect(call.asked()).toEqual(asked);
  });

  test("a model that says nothing costs its limit once, and no more", async () => {
    const call = setUp({ a: hang, b: stream([hi, stop]) });
    const asking = ask(call);
    while (call.asked().length === 0) await call.clock.advance(0);
    await call.clock.advance(FIRST_DELTA_MS);
    expect(await asking).toMatchObject({ text: "hi", writer: "openai:b", ms: FIRST_DELTA_MS });
    expect(call.asked()).toEqual(["a", "b"]);
  });

  test("one that hangs is not waited for by the hasty for long, and asked by the patient still", async () => {
    const call = setUp({ a: hang, b: stream([hi, stop]) });
    const { clock } = call;
    const askFor = async (budgetMs: number, isMoved: boolean) => {
      using deadline = startDeadline({ clock, budgetMs });
      const before = call.asked().length;
      const asking = ask(call, deadline.signal);
      while (call.asked().length === before) await clock.advance(0);
      if (isMoved) await clock.advance(Math.min(budgetMs, FIRST_DELTA_MS));
      return { ...(await asking), asked: call.asked().slice(before) };
    };
    for (let count = 0; count < 5; count += 1) {
      expect(await askFor(3_000, true)).toMatchObject({ code: "deadline_exceeded", asked: ["a"] });
    }
    const [state] = call.upstreams.read();
    expect(state).toMatchObject({ breaker: "half-open", counts: { attempts: 5, retries: 0 } });
    expect(await askFor(3_000, false)).toMatchObject({ writer: "openai:b", ms: 0, asked: ["b"] });
    expect(await askFor(60_000, true)).toMatchObject({ writer: "openai:b", asked: ["a", "b"] });
  });

  test("the same model at another endpoint is an upstream of its own, and has a name of its own", () => {
    const upstreams = createUpstreamRegistry();
    const toChat = (baseUrl: string) =>
      createOpenAiChat({ client: createOpenAiClient({ apiKey: "k", baseUrl }), model: "m" });
    const config = parseConfig({});
    protectChat(toChat("http://a.test/v1"), [toChat("http://b.test/v1")], {
      config,
      clock: createFakeClock(),
      upstreams,
    });
    const names = upstreams.read().map(({ upstream }) => upstream);
    expect(names).toEqual(["chat openai:m", "chat openai:m (2)"]);
  });

  test("a content filter is not got around, and a shown text not replaced", async () => {
    const filtered = setUp({ a: stream([chunk({}, "content_filter")]), b: stream([hi, stop]) });
    expect(await ask(filtered)).toMatchObject({ text: "", code: "content_filtered" });
    const broken = setUp({ a: stream([hi], "clean"), b: stream([hi, stop]) });
    expect(await ask(broken)).toMatchObject({ text: "hi", code: "upstream_truncated" });
    expect(filtered.asked().concat(broken.asked())).not.toContain("b");
  });

  test("a consumer who leaves closes the connection, frees the slot and speaks against nobody", async () => {
    const call = setUp({ a: stream([hi], "hang"), b: stream([hi, stop]) });
    const request = { messages: [], outputTokensMax: 10, temperature: 0 };
    for (let count = 0; count < 12; count += 1) {
      for await (const _ of call.chat.stream(request, new AbortController().signal)) break;
    }
    expect(await Promise.all(server.requests.slice(-12).map(({ left }) => left))).toEqual(
      Array.from({ length: 12 }, () => true),
    );
    expect(call.asked()).toEqual(Array.from({ length: 12 }, () => "a"));
    expect(call.upstreams.read()[0]?.counts).toMatchObject({ attempts: 12, failures: 0 });
    expect(call.clock.pending).toBe(0);
  });

  test("while the first model's breaker is open the next one is asked at once", async () => {
    const call = setUp({ a: refusal(503), b: stream([hi, stop]) });
    for (let count = 0; count < 3; count += 1) await ask(call);
    expect(call.upstreams.read()[0]?.breaker).toBe("open");
    const before = call.asked().length;
    expect(await ask(call)).toMatchObject({ text: "hi", writer: "openai:b" });
    expect(call.asked().slice(before)).toEqual(["b"]);
  });
});

describe("a hedged chat model, over a socket", () => {
  const env = { CHAT_HEDGE_SHARE_MAX: "1", CHAT_CONCURRENCY_MAX: "2" };

  /** Twenty answers at once, then one that hangs, then what follows. */
  async function warmUp(...later: readonly Reply[]) {
    const replies = [...Array.from({ length: 20 }, () => stream([hi, stop])), ...later];
    let count = 0;
    const call = setUp({ a: (response, request) => replies[count++]?.(response, request) }, env);
    for (let count = 0; count < 20; count += 1) await ask(call);
    const late = ask(call);
    while (call.asked().length < 21) await call.clock.advance(0);
    await call.clock.advance(10);
    return { call, late };
  }

  test("the copy that begins first writes, the other one's connection is closed", async () => {
    const { call, late } = await warmUp(hang, stream([hi, stop]));
    expect(await late).toMatchObject({ text: "hi", code: undefined });
    expect(await Promise.all(server.requests.slice(-2).map(({ left }) => left))).toEqual([
      true,
      false,
    ]);
    expect(call.upstreams.read()[0]?.counts).toMatchObject({ hedges: 1, hedgeWins: 1 });
  });

  test("a caller who leaves in the middle closes the one that writes", async () => {
    const controller = new AbortController();
    const { chat, clock } = setUp({ a: stream([hi], "hang") }, env);
    const request = { messages: [], outputTokensMax: 10, temperature: 0 };
    const read = async (): Promise<void> => {
      for await (const _ of chat.stream(request, controller.signal)) {
        controller.abort(new AppError("cancelled"));
      }
    };
    await expect(read()).rejects.toMatchObject({ code: "cancelled" });
    expect(await server.requests.at(-1)?.left).toBe(true);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(clock.pending).toBe(0);
  });
});
