/** The OpenAI-compatible routes, seen by clients that are not ours: the openai SDK and the AI SDK's provider. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../../src/domain/event.ts";
import type { Runner } from "../../../src/http/service.ts";
import {
  askWith,
  goodRun,
  listStore,
  makeApp,
  makeEnd,
  makeInfo,
  makeService,
  passage,
  play,
  retrievalEnd,
  runStart,
  serveTest,
  type TestOptions,
  type TestService,
} from "../../support/app.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const messages = [{ role: "user" as const, content: "What are timeouts?" }];

async function connect(options: TestOptions = {}, retries = 0) {
  const service = makeService(options);
  const server = await serveTest(service);
  const client = new OpenAI({
    apiKey: "none",
    baseURL: `${server.url}/v1`,
    maxRetries: retries,
  });
  return { service, server, client, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function post(body: object | string, service: TestService = makeService()) {
  return makeApp(service).request("/v1/chat/completions", askWith(body));
}

const usage = { inputTokens: 30, outputTokens: 12, requests: 1 };
const counted: readonly RunEvent[] = [...goodRun.slice(0, -1), makeEnd({ usage })];

describe("the openai SDK", () => {
  test("lists models and finds one of them", async () => {
    const store = listStore({ guide: makeInfo("guide"), agent: makeInfo("agent") });
    await using at = await connect({ store });
    const names = (await at.client.models.list()).data.map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining(["tributary", "tributary/guide"]));
    expect(names).toContain("tributary/direct/agent");
    expect(await at.client.models.retrieve("tributary/guide")).toMatchObject({ object: "model" });
    // What takes a question is there, also where it is too much for the list.
    for (const name of ["tributary/direct", "tributary/direct/guide", "tributary/direct/agent"]) {
      expect(await at.client.models.retrieve(name)).toMatchObject({ id: name });
    }
    for (const name of ["tributary/agent/guide", "tributary/direct/no", "tributary/agent"]) {
      await expect(at.client.models.retrieve(name)).rejects.toMatchObject({ status: 404 });
    }
    await expect(at.client.models.retrieve("gpt-4")).rejects.toMatchObject({ status: 404 });
  });

  test("gets a completion with its sources and everything else of the run", async () => {
    await using at = await connect({ answer: play(counted) });
    const completion = await at.client.chat.completions.create({ model: "tributary", messages });
    const [choice] = completion.choices;
    expect(choice).toMatchObject({
      finish_reason: "stop",
      message: { role: "assistant", content: "Timeouts are limits. [1]" },
    });
    expect(completion.usage).toEqual({
      prompt_tokens: 30,
      completion_tokens: 12,
      total_tokens: 42,
    });
    expect(choice?.message.annotations).toEqual([
      {
        type: "url_citation",
        url_citation: {
          start_index: 0,
          end_index: 20,
          title: "A",
          url: `${at.server.url}/v1/collections/guide/documents/a.md`,
        },
      },
    ]);
    expect(choice?.message).toMatchObject({
      tributary: { runId: "run-1", grounding: "grounded", passages: [{ label: 1 }], degraded: [] },
    });
  });

  test.each([
    ["https", "https:"],
    ["HTTPS, http", "https:"],
    ["http", "http:"],
    ["javascript", "http:"],
  ])("finds sources where it came in, at a proxy that says %s", async (said, protocol) => {
    const forwarded = askWith({ model: "tributary", messages }, { "X-Forwarded-Proto": said });
    const app = makeApp(makeService({ answer: play(counted) }));
    const body = await (await app.request("/v1/chat/completions", forwarded)).text();
    expect(body).toContain(`"url":"${protocol}//localhost/v1/collections/guide/documents/a.md"`);
  });

  test.each([true, false])("streams a completion, with usage: %s", async (include_usage) => {
    await using at = await connect({ answer: play(counted) });
    const stream = await at.client.chat.completions.create({
      model: "tributary",
      messages,
      stream: true,
      stream_options: { include_usage },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(text).toBe("Timeouts are limits. [1]");
    const reasons = chunks.flatMap(({ choices }) => choices.map((one) => one.finish_reason));
    expect(reasons.filter((reason) => reason !== null)).toEqual(["stop"]);
    const ends = chunks.filter((chunk) => "tributary" in chunk);
    expect(ends).toMatchObject([{ tributary: { runId: "run-1", citations: [{ label: 1 }] } }]);
    expect(chunks.at(-1)?.usage?.total_tokens).toBe(include_usage ? 42 : undefined);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
  });

  test("accumulates our stream to the same message", async () => {
    await using at = await connect({ answer: play(counted) });
    const stream = at.client.chat.completions.stream({ model: "tributary", messages });
    expect(await stream.finalContent()).toBe("Timeouts are limits. [1]");
  });

  test("goes on for many turns, though every answer comes back with all of its passages", async () => {
    const long = { ...passage, text: "Timeouts are limits. ".repeat(900) };
    const rich: readonly RunEvent[] = counted.map((event) =>
      event.type === "retrieval-end" ? { ...event, passages: [long] } : event,
    );
    await using at = await connect({ answer: play(rich) });
    const history: OpenAI.ChatCompletionMessageParam[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      history.push({ role: "user", content: "What are timeouts?" });
      const { choices } = await at.client.chat.completions.create({
        model: "tributary",
        messages: history,
      });
      const message = choices[0]?.message;
      expect(message?.content).toBe("Timeouts are limits. [1]");
      if (message !== undefined) history.push(message);
    }
    expect(JSON.stringify(history).length).toBeGreaterThan(100_000);
  });

  test("may send our refusal back, and settings that mean nothing here", async () => {
    await using at = await connect({ answer: play(counted) });
    const { choices } = await at.client.chat.completions.create({
      model: "tributary",
      prompt_cache_retention: "24h",
      messages: [
        ...messages,
        { role: "assistant", content: null, refusal: "There is no answer." },
        { role: "user", content: "And now?" },
        { role: "assistant", content: [{ type: "refusal", refusal: "Still none." }] },
        ...messages,
      ],
    });
    expect(choices[0]?.message.content).toBe("Timeouts are limits. [1]");
  });

  test("stops a run by leaving", async () => {
    const aborted = Promise.withResolvers<unknown>();
    const endless: Runner = async function* (_ask, signal) {
      yield runStart;
      yield retrievalEnd;
      yield { type: "text-delta", text: "Time" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      aborted.resolve(signal.reason);
      yield makeEnd({ outcome: "cancelled", error: { code: "cancelled", retryable: false } });
    };
    await using at = await connect({ answer: endless });
    const stream = await at.client.chat.completions.create({
      model: "tributary",
      messages,
      stream: true,
    });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content === "Time") stream.controller.abort();
    }
    expect(await aborted.promise).toMatchObject({ code: "cancelled" });
  });

  test("comes again after a 503, when it was told to", async () => {
    let attempts = 0;
    const error = { code: "overloaded" as const, retryable: true, retryAfterMs: 5 };
    const overloaded = play([runStart, makeEnd({ outcome: "failed", error })]);
    const answer: Runner = (ask, signal) => {
      attempts += 1;
      return attempts < 2 ? overloaded(ask, signal) : play(goodRun)(ask, signal);
    };
    await using at = await connect({ answer }, 2);
    const completion = await at.client.chat.completions.create({ model: "tributary", messages });
    expect(completion.choices[0]?.message.content).toContain("Timeouts");
    expect(attempts).toBe(2);
  });

  const failures = [
    { code: "collection_not_found", status: 404, type: "invalid_request_error" },
    { code: "overloaded", status: 503, type: "server_error" },
    { code: "deadline_exceeded", status: 504, type: "server_error" },
  ] as const;
  test.each(failures)("sees $code as its own error, streaming or not", async (one) => {
    const error = { code: one.code, retryable: false, detail: "our own words" };
    const outcome = one.code === "deadline_exceeded" ? "expired" : "failed";
    await using at = await connect({ answer: play([runStart, makeEnd({ outcome, error })]) });
    for (const stream of [true, false]) {
      const asking = at.client.chat.completions.create({ model: "tributary", messages, stream });
      const { status, type } = one;
      await expect(asking).rejects.toMatchObject({
        status,
        type,
        code: one.code,
        message: `${status} our own words`,
      });
    }
  });

  test("throws when a stream breaks off, and takes it for nothing finished", async () => {
    const end = makeEnd({
      outcome: "failed",
      error: { code: "upstream_truncated", retryable: true, detail: "it broke off" },
    });
    const answer = play([runStart, retrievalEnd, { type: "text-delta", text: "Time" }, end]);
    await using at = await connect({ answer });
    const stream = await at.client.chat.completions.create({
      model: "tributary",
      messages,
      stream: true,
    });
    const reasons: unknown[] = [];
    const reading = async (): Promise<void> => {
      for await (const { choices } of stream) reasons.push(choices[0]?.finish_reason);
    };
    await expect(reading()).rejects.toThrow("it broke off");
    expect(reasons.every((reason) => reason === null)).toBe(true);
  });
});

test("the AI SDK's provider streams an answer with its usage", async () => {
  await using at = await connect({ answer: play(counted) });
  const provider = createOpenAICompatible({
    name: "tributary",
    baseURL: `${at.server.url}/v1`,
    includeUsage: true,
  });
  const result = streamText({ model: provider("tributary/guide"), prompt: "What are timeouts?" });
  expect(await result.text).toBe("Timeouts are limits. [1]");
  expect(await result.finishReason).toBe("stop");
  expect(await result.totalUsage).toMatchObject({ inputTokens: 30, outputTokens: 12 });
  expect(at.service.asked[0]).toMatchObject({ collections: ["guide"] });
});

test("a refusal that passes says when to come again, in seconds and in milliseconds", async () => {
  const error = { code: "overloaded" as const, retryable: true, retryAfterMs: 250 };
  const service = makeService({ answer: play([runStart, makeEnd({ outcome: "failed", error })]) });
  const { status, headers } = await post({ model: "tributary", messages }, service);
  expect([status, headers.get("Retry-After"), headers.get("Retry-After-Ms")]).toEqual([
    503,
    "1",
    "250",
  ]);
});

test.each([
  { code: "output_invalid" as const, retryable: false, calls: 1 },
  { code: "overloaded" as const, retryable: true, calls: 2 },
])("the SDK tries again what may succeed then: $code", async ({ calls, ...error }) => {
  const failure = { ...error, retryAfterMs: 1 };
  const answer = play([runStart, makeEnd({ outcome: "failed", error: failure })]);
  await using at = await connect({ answer }, 1);
  const asking = at.client.chat.completions.create({ model: "tributary", messages });
  await expect(asking).rejects.toMatchObject({ code: error.code });
  expect(at.service.asked).toHaveLength(calls);
});

test("what else OpenAI has is refused in the same words, and the client is told where to go", async () => {
  await using at = await connect();
  const { client } = at;
  const missing = { status: 404, code: "not_found", type: "invalid_request_error" };
  for (const call of [
    () => client.responses.create({ model: "tributary", input: "What are timeouts?" }),
    () => client.completions.create({ model: "tributary", prompt: "What are timeouts?" }),
    () => client.embeddings.create({ model: "tributary", input: "timeouts" }),
  ]) {
    await expect(call()).rejects.toMatchObject({
      ...missing,
      message: expect.stringContaining("POST /v1/chat/completions"),
    });
  }
});

test("an answer can be kept for later, under our own addresses", async () => {
  const app = makeApp(makeService());
  const body = { model: "tributary", messages, stream: true };
  const response = await app.request(
    "/v1/chat/completions",
    askWith(body, { Prefer: "keep-run", "Idempotency-Key": "k" }),
  );
  expect(response.headers.get("Preference-Applied")).toBe("keep-run");
  const runId = response.headers.get("X-Run-Id") ?? "";
  await response.text();
  const record = await (await app.request(`/v1/runs/${runId}`)).json();
  expect(record).toMatchObject({ runId, answer: "Timeouts are limits. [1]" });
});

test("a stream that breaks off ends without [DONE], a whole one with it", async () => {
  const error = { code: "internal" as const, retryable: false };
  const broken = [...goodRun.slice(0, -1), makeEnd({ outcome: "failed", error })];
  for (const [events, isDone] of [
    [goodRun, true],
    [broken, false],
  ] as const) {
    const body = { model: "tributary", messages, stream: true };
    const text = await (await post(body, makeService({ answer: play(events) }))).text();
    expect(text.endsWith("data: [DONE]\n\n")).toBe(isDone);
    expect(text.includes('"error"')).toBe(!isDone);
  }
});

const ends = [
  [{ outcome: "exhausted" as const }, "length"],
  [{ truncated: true }, "length"],
  [{ grounding: "no-evidence" as const }, "stop"],
] as const;
test.each(ends)("an end %j is told as %s", async (change, reason) => {
  const answer = play([...goodRun.slice(0, -1), makeEnd(change)]);
  const response = await post({ model: "tributary", messages }, makeService({ answer }));
  expect(await response.json()).toMatchObject({ choices: [{ finish_reason: reason }] });
});

test("text that is withdrawn ends a stream in an error, because the format cannot take it back", async () => {
  const answer = play([
    runStart,
    retrievalEnd,
    { type: "text-delta", text: "Wrong." },
    { type: "text-reset" },
    { type: "text-delta", text: "Right." },
    makeEnd(),
  ]);
  const service = makeService({ answer });
  const streamed = await post({ model: "tributary", messages, stream: true }, service);
  const text = await streamed.text();
  expect(text).toContain("withdrawn");
  expect(text).not.toContain("Right.");
  expect(text).not.toContain("[DONE]");
  const whole = await post({ model: "tributary", messages }, service);
  expect(await whole.json()).toMatchObject({ choices: [{ message: { content: "Right." } }] });
});

test("the conversation becomes instructions, history and the question", async () => {
  const service = makeService({ clock: createFakeClock() }); // no time passes
  await post(
    {
      model: "tributary/guide",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "What is a deadline?" },
        { role: "assistant", content: "An instant.", annotations: [], refusal: null },
        { role: "developer", content: "Use lists." },
        {
          role: "user",
          content: [
            { type: "text", text: "And" },
            { type: "text", text: "then?" },
          ],
        },
      ],
      temperature: 0,
      max_tokens: null,
      tributary: { retrieval: { passagesMax: 3 }, deadlineMs: 900 },
    },
    service,
  );
  expect(service.asked).toMatchObject([
    {
      question: "And\nthen?",
      collections: ["guide"],
      deadlineMs: 900,
      retrieval: { passagesMax: 3 },
      instructions: "Be brief.\n\nUse lists.",
      history: [
        { role: "user", content: "What is a deadline?" },
        { role: "assistant", content: "An instant." },
      ],
    },
  ]);
});

test("what has no effect is named in the response", async () => {
  const response = await post({ model: "tributary", messages, temperature: 1, user: "u" });
  expect(await response.json()).toMatchObject({
    choices: [{ message: { tributary: { ignored: ["temperature", "user"] } } }],
  });
});

const bad: readonly (readonly [change: Record<string, unknown>, param: string, status?: number])[] =
  [
    [{ model: undefined }, "model"],
    [{ model: 5 }, "model"],
    [{ model: "gpt-4o" }, "model", 404],
    [{ model: "tributary/" }, "model", 404],
    [{ model: "tributary/a/b" }, "model", 404],
    [{ model: "tributary/__proto__" }, "collections[0]"],
    [{ messages: undefined }, "messages"],
    [{ messages: [] }, "messages"],
    [{ messages: "hello" }, "messages"],
    [{ messages: [null] }, "messages[0]"],
    [{ messages: [{ role: "user" }] }, "messages[0].content"],
    [{ messages: [{ role: "user", content: "" }] }, "messages[0].content"],
    [{ messages: [...messages, { role: "user", content: "a\ud800" }] }, "messages[1].content"],
    [{ messages: [{ role: "user", content: 1 }] }, "messages[0].content"],
    [{ messages: [{ role: "tool", content: "x", tool_call_id: "1" }] }, "messages"],
    [{ messages: [...messages, { role: "tool", content: "x", tool_call_id: "1" }] }, "messages"],
    [{ messages: [{ role: "constructor", content: "x" }] }, "messages[0].role"],
    [{ messages: [{ role: "system", content: "x" }] }, "messages"],
    [{ messages: [...messages, { role: "assistant", content: "x" }] }, "messages"],
    [
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }] },
      "messages[0].content[0]",
    ],
    [{ stream: "yes" }, "stream"],
    [{ stream_options: 1 }, "stream_options"],
    [{ tools: "f" }, "tools"],
    [{ tool_choice: "required" }, "tool_choice"],
    [{ tool_choice: { type: "function", function: { name: "f" } } }, "tool_choice"],
    [{ function_call: { name: "f" } }, "function_call"],
    [{ n: 2 }, "n"],
    [{ logprobs: true }, "logprobs"],
    [{ audio: { voice: "x" } }, "audio"],
    [{ modalities: ["text", "audio"] }, "modalities"],
    [{ stop: ["x"] }, "stop"],
    [{ response_format: { type: "json_array" } }, "response_format"],
    [{ response_format: { type: "json_object" } }, "output"],
    [{ question: "misplaced" }, "question"],
    [{ frobnicate: 1 }, "frobnicate"],
    [{ tributary: { nonsense: 1 } }, "nonsense"],
    [{ tributary: 1 }, "tributary"],
  ];
test.each(bad)("%j is refused in OpenAI's words, at %s", async (change, param, status = 400) => {
  const service = makeService();
  const response = await post({ model: "tributary", messages, ...(change as object) }, service);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({
    error: { message: expect.any(String), type: "invalid_request_error", param },
  });
  expect(service.asked).toEqual([]);
});

test.each(["{", "null", "[]", '"x"', ""])(
  "the body %j is refused in OpenAI's words",
  async (body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  },
);

test("harmless values of what is refused are taken", async () => {
  const body = { model: "tributary", messages, n: 1, tools: [], stop: null, tool_choice: "none" };
  expect((await post(body)).status).toBe(200);
});

test("another method is refused in OpenAI's words", async () => {
  const response = await makeApp(makeService()).request("/v1/chat/completions");
  expect(response.status).toBe(405);
  expect(await response.json()).toMatchObject({ error: { code: "method_not_allowed" } });
});
