import { getEventListeners } from "node:events";
import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { body, hang, refusal, type Reply, reset, stream } from "../../scripts/chaos/reply.ts";
import { chunk } from "../../scripts/chaos/stream-shapes.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import { createOpenAiChat } from "../../src/models/openai-chat.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import type { ChatDelta, ChatModel } from "../../src/models/model.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";

let server: Upstream;
let mock: LLMock;
beforeAll(async () => {
  server = await startUpstream();
  mock = await LLMock.create({ port: 0 });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await mock.stop();
});

function createChat(baseUrl = server.url): ChatModel {
  return createOpenAiChat({ client: createOpenAiClient({ apiKey: "k", baseUrl }), model: "m" });
}

interface Answer {
  text: string;
  deltas: ChatDelta[];
  error: AppError | undefined;
}

/** Asks and collects whatever comes before the end or the error. */
async function ask(
  chat: ChatModel,
  signal = new AbortController().signal,
  onText: (text: string) => void = () => {},
): Promise<Answer> {
  const answer: Answer = { text: "", deltas: [], error: undefined };
  const messages = [{ role: "user", content: "hello, private question" }] as const;
  try {
    for await (const delta of chat.stream(
      { messages, outputTokensMax: 50, temperature: 0.2 },
      signal,
    )) {
      answer.deltas.push(delta);
      if (delta.type === "text") onText((answer.text += delta.text));
    }
  } catch (thrown) {
    answer.error = toAppError(thrown);
  }
  expect(answer.error?.detail ?? "").not.toMatch(/gpu-17|sk-live|private|127\.0\.0\.1/);
  return answer;
}

const hi = chunk({ role: "assistant", content: "hi" });
const stop = chunk({}, "stop");
const usage = { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 };
const thought = { type: "reasoning" };
const finished = { type: "finish", reason: "stop" };

describe("against a mock of OpenAI that others wrote", () => {
  test("streams text, then usage, then the finish", async () => {
    mock.onMessage(
      /hello/,
      { content: "one two three", usage: { prompt_tokens: 9, completion_tokens: 3 } },
      { chunkSize: 4, latency: 10 }, // in packets of their own: what comes together is one delta
    );
    const { text, deltas, error } = await ask(createChat(`${mock.url}/v1`));
    expect(error).toBeUndefined();
    expect(text).toBe("one two three");
    expect(deltas.filter(({ type }) => type === "text").length).toBeGreaterThan(2);
    expect(deltas.slice(-2)).toEqual([
      { type: "usage", inputTokens: 9, outputTokens: 3 },
      finished,
    ]);
    expect(mock.getLastRequest()?.body).toMatchObject({
      stream: true,
      max_tokens: 50,
      temperature: 0.2,
    });
  });

  test("takes a stream that stops early for one that broke off", async () => {
    mock.clearFixtures();
    mock.onMessage(
      /hello/,
      { content: "one two three four" },
      { chunkSize: 3, truncateAfterChunks: 3, latency: 10 },
    );
    const { text, error } = await ask(createChat(`${mock.url}/v1`));
    expect(text).not.toBe("");
    expect(error).toMatchObject({ code: "upstream_truncated" });
  });

  test("takes a disconnect for a stream that broke off", async () => {
    mock.clearFixtures();
    mock.onMessage(
      /hello/,
      { content: "one two three four five" },
      { chunkSize: 2, latency: 20, disconnectAfterMs: 70 },
    );
    expect((await ask(createChat(`${mock.url}/v1`))).error?.code).toBe("upstream_truncated");
  });

  test.each([
    [429, "upstream_rate_limited"],
    [503, "upstream_unavailable"],
    [401, "upstream_config"],
  ])("gives HTTP %d its code", async (status, code) => {
    mock.nextRequestError(status, { message: "private words" });
    expect((await ask(createChat(`${mock.url}/v1`))).error?.code).toBe(code);
  });
});

describe("reads what complete streams look like", () => {
  const shapes: readonly (readonly [string, Reply, readonly object[]])[] = [
    ["a plain one", stream([hi, stop]), [finished]],
    [
      "usage in a chunk of its own",
      stream([hi, stop, { ...chunk({}), choices: [], usage }]),
      [{ type: "usage", inputTokens: 12, outputTokens: 3 }, finished],
    ],
    [
      "usage in the last chunk",
      stream([hi, chunk({}, "stop", { usage })]),
      [{ type: "usage", inputTokens: 12, outputTokens: 3 }, finished],
    ],
    [
      "usage in every chunk: the last counts",
      stream([
        chunk({ content: "hi" }, null, { usage: { prompt_tokens: 12, completion_tokens: 1 } }),
        chunk({}, "stop", { usage }),
      ]),
      [{ type: "usage", inputTokens: 12, outputTokens: 3 }, finished],
    ],
    [
      "usage null and a null delta",
      stream([
        chunk({ content: "hi" }, null, { usage: null }),
        { choices: [{ delta: null, finish_reason: "stop" }] },
      ]),
      [finished],
    ],
    [
      "the empty first chunk of Azure",
      stream([{ id: "", object: "", choices: [], prompt_filter_results: [] }, hi, stop]),
      [finished],
    ],
    ["comments in between", stream([": ping\n\n", hi, ": ping\n\n", stop]), [finished]],
    ["no [DONE]", stream([hi, stop], "clean"), [finished]],
    [
      "no blank line at the end",
      stream([hi, `data: ${JSON.stringify(stop)}`], "clean"),
      [finished],
    ],
    [
      "carriage returns",
      stream([`data: ${JSON.stringify(hi)}\r\n\r\n`, `data: ${JSON.stringify(stop)}\r\n\r\n`]),
      [finished],
    ],
    [
      "reasoning, which is not text",
      stream([chunk({ reasoning_content: "hmm" }), chunk({ reasoning: "hm" }), hi, stop]),
      [thought, finished],
    ],
    [
      "content in parts",
      stream([
        chunk({
          content: [
            { type: "thinking", thinking: [] },
            { type: "text", text: "hi" },
          ],
        }),
        stop,
      ]),
      [thought, finished],
    ],
    ["content null", stream([chunk({ role: "assistant", content: null }), hi, stop]), [finished]],
    ["a finish reason with the text", stream([chunk({ content: "hi" }, "stop")]), [finished]],
    [
      "an empty finish reason until the end",
      stream([chunk({ content: "hi" }, ""), stop]),
      [finished],
    ],
    ["a finish reason of its own", stream([hi, chunk({}, "eos_token")]), [finished]],
    ["the token limit", stream([hi, chunk({}, "length")]), [{ type: "finish", reason: "length" }]],
    [
      "no content type",
      (response) => {
        response.end(`data: ${JSON.stringify(hi)}\n\ndata: ${JSON.stringify(stop)}\n\n`);
      },
      [finished],
    ],
  ];
  test.each(shapes)("%s", async (_, reply, rest) => {
    server.script(reply);
    const { text, deltas, error } = await ask(createChat());
    expect(error).toBeUndefined();
    expect(text).toBe("hi");
    // Thoughts of one packet are one delta; how many packets there are is the network's choice.
    const others = deltas.filter(
      ({ type }, index) =>
        type !== "text" && !(type === "reasoning" && deltas[index - 1]?.type === "reasoning"),
    );
    expect(others).toEqual(rest);
  });

  test.each<[string, readonly object[]]>([
    ["the finish reason", [hi, stop]],
    ["the usage", [hi, stop, chunk({}, null, { usage })]],
  ])("an endpoint that holds the stream open behind %s is left", async (_, events) => {
    server.script(stream(events, "hang"));
    const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
    const clock = createFakeClock();
    const chat = createOpenAiChat({ client, model: "m", clock, usageWaitMs: 300 });
    const asking = ask(chat);
    const before = server.requests.length;
    while (clock.pending === 0) await settle();
    await clock.advance(300);
    const { text, error, deltas } = await asking;
    expect({ text, error, end: deltas.at(-1) }).toEqual({
      text: "hi",
      error: undefined,
      end: finished,
    });
    expect(await server.requests.at(before)?.left).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("a reset behind the finish reason costs the usage, not the answer", async () => {
    server.script(stream([hi, stop], "reset"));
    const { text, deltas, error } = await ask(createChat());
    expect(error).toBeUndefined();
    expect(text).toBe("hi");
    expect(deltas.at(-1)).toEqual(finished);
  });

  test("keeps text together that is cut within a character", async () => {
    const bytes = new TextEncoder().encode(
      `data: ${JSON.stringify(chunk({ content: "año 日本 👍" }))}\n\n`,
    );
    server.script(async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const byte of bytes) {
        response.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end(`data: ${JSON.stringify(stop)}\n\n`);
    });
    expect((await ask(createChat())).text).toBe("año 日本 👍");
  });
});

describe("tells what is wrong with a stream that is not complete", () => {
  const secret = { message: "gpu-17 says no" };
  const shapes: readonly (readonly [string, Reply, string, string])[] = [
    ["a clean end without finish reason", stream([hi], "clean"), "hi", "upstream_truncated"],
    ["[DONE] without finish reason", stream([hi], "done"), "hi", "upstream_truncated"],
    ["a reset after text", stream([hi], "reset"), "hi", "upstream_truncated"],
    ["a reset before anything", reset, "", "upstream_unavailable"],
    ["nothing at all", stream([], "clean"), "", "upstream_truncated"],
    [
      "a content filter within",
      stream([hi, chunk({}, "content_filter")]),
      "hi",
      "content_filtered",
    ],
    ["a content filter before", refusal(400, { code: "content_filter" }), "", "content_filtered"],
    [
      "an error without a name within",
      stream([hi, { error: secret }]),
      "hi",
      "upstream_bad_response",
    ],
    [
      "an error that is a string",
      stream([hi, { error: "gpu-17 says no" }]),
      "hi",
      "upstream_bad_response",
    ],
    [
      "an outage within, as a number",
      stream([hi, { error: { ...secret, code: 502 } }]),
      "hi",
      "upstream_unavailable",
    ],
    [
      "an outage within, by name",
      stream([{ error: { ...secret, type: "overloaded_error" } }]),
      "",
      "upstream_unavailable",
    ],
    [
      "a rate limit within",
      stream([{ error: { ...secret, code: "rate_limit_exceeded" } }]),
      "",
      "upstream_rate_limited",
    ],
    [
      "a context length within",
      stream([{ error: { ...secret, code: "context_length_exceeded" } }]),
      "",
      "context_too_long",
    ],
    [
      "an error event",
      stream(['event: error\ndata: {"message":"gpu-17 says no"}\n\n']),
      "",
      "upstream_bad_response",
    ],
    [
      "an error event whose data alone would be no error",
      stream(['event: error\ndata: {"code":"rate_limit_exceeded"}\n\n']),
      "",
      "upstream_rate_limited",
    ],
    [
      "a finish reason that says it failed",
      stream([hi, chunk({}, "error")]),
      "hi",
      "upstream_bad_response",
    ],
    ["an event that is not JSON", stream([hi, "data: {oops\n\n"]), "hi", "upstream_bad_response"],
    ["an event that is not a chunk", stream([hi, 'data: "x"\n\n']), "hi", "upstream_bad_response"],
    [
      "a usage of more tokens than there are",
      stream([hi, chunk({}, "stop", { usage: { prompt_tokens: 1e300, completion_tokens: 1 } })]),
      "hi",
      "upstream_bad_response",
    ],
    ["a stop without a word", stream([stop]), "", "upstream_bad_response"],
    [
      "a token limit before the first word",
      stream([chunk({}, "length")]),
      "",
      "upstream_bad_response",
    ],
    [
      "no stream but a whole answer",
      body({ choices: [{ message: { content: "hi" } }] }),
      "",
      "upstream_bad_response",
    ],
    [
      "a web page",
      body("<html>", { headers: { "content-type": "text/html; charset=utf-8" } }),
      "",
      "upstream_bad_response",
    ],
    ["a model that is not there", refusal(404), "", "upstream_config"],
    [
      "a refusal of something else",
      refusal(400, { message: "no such thing", param: "messages" }),
      "",
      "upstream_config",
    ],
  ];
  test.each(shapes)("%s", async (_, reply, text, code) => {
    server.script(reply);
    const before = server.requests.length;
    const answer = await ask(createChat());
    expect(answer.text).toBe(text);
    expect(answer.error).toMatchObject({ code });
    expect(answer.deltas.some(({ type }) => type === "finish")).toBe(false);
    expect(server.requests).toHaveLength(before + 1);
  });

  const endless: readonly (readonly [string, readonly (object | string)[]])[] = [
    ["in one line", [chunk({ reasoning_content: "x".repeat(2 ** 20) })]],
    ["in many lines", Array.from({ length: 17 }, () => `: ${"x".repeat(2 ** 16)}\n`)],
  ];
  test.each(endless)("an event beyond its limit, %s", async (_, events) => {
    server.script(stream([hi, ...events, stop]));
    const { error, text } = await ask(createChat());
    expect(text).toBe("hi");
    expect(error).toMatchObject({ code: "upstream_bad_response" });
    expect(error?.detail).toContain("one event of more than 1048576 bytes");
  });

  test("many events that are long together are none too long", async () => {
    const thought = chunk({ reasoning_content: "x".repeat(2 ** 18) });
    server.script(stream([thought, thought, thought, thought, thought, hi, stop]));
    const { error, text } = await ask(createChat());
    expect(error).toBeUndefined();
    expect(text).toBe("hi");
  });
});

describe("ends when it is told to", () => {
  test.each<[string, Reply]>([
    ["within the stream", stream([hi], "hang")],
    ["before the headers", hang],
  ])("an abort %s gives the signal's reason and closes the connection", async (where, reply) => {
    server.script(reply);
    const before = server.requests.length;
    const controller = new AbortController();
    const reason = new AppError("deadline_exceeded", { stage: "answer" });
    const asking = ask(createChat(), controller.signal, () => controller.abort(reason));
    await expect.poll(() => server.requests.length).toBe(before + 1);
    if (where === "before the headers") controller.abort(reason);
    expect((await asking).error).toMatchObject({ code: "deadline_exceeded", stage: "answer" });
    expect(await server.requests.at(-1)?.left).toBe(true);
  });

  test("a consumer that leaves closes the connection", async () => {
    server.script(stream([hi], "hang"));
    const { signal } = new AbortController();
    const request = { messages: [], outputTokensMax: 1, temperature: 0 };
    for await (const _ of createChat().stream(request, signal)) break;
    expect(await server.requests.at(-1)?.left).toBe(true);
  });

  test("many calls leave no listeners on one signal", async () => {
    server.script(stream([hi, stop]));
    const chat = createChat();
    const { signal } = new AbortController();
    for (let count = 0; count < 20; count += 1) await ask(chat, signal);
    expect(getEventListeners(signal, "abort").length).toBeLessThanOrEqual(1);
  });
});

describe("finds out what the endpoint takes, once", () => {
  const refuse = (message: string): Reply => refusal(400, { message });
  const answer = stream([hi, stop]);
  const cases: readonly (readonly [string, readonly Reply[], object, readonly string[]])[] = [
    [
      "all of it",
      [answer],
      { max_tokens: 50, temperature: 0.2, stream_options: { include_usage: true } },
      ["max_completion_tokens"],
    ],
    [
      "no stream_options",
      [refuse("Unrecognized request argument: stream_options"), answer],
      { max_tokens: 50 },
      ["stream_options"],
    ],
    [
      "no max_tokens",
      [refuse("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."), answer],
      { max_completion_tokens: 50 },
      ["max_tokens"],
    ],
    [
      "no temperature",
      [refuse("'temperature' does not support 0.2 with this model."), answer],
      { max_tokens: 50 },
      ["temperature"],
    ],
    [
      "none of them",
      [
        refuse("stream_options: extra fields not permitted"),
        refuse("max_tokens"),
        refuse("temperature"),
        answer,
      ],
      { max_completion_tokens: 50 },
      ["stream_options", "max_tokens", "temperature"],
    ],
  ];
  test.each(cases)("%s", async (_, replies, expected, absent) => {
    server.script(...replies);
    const chat = createChat();
    const before = server.requests.length;
    for (let count = 0; count < 2; count += 1) {
      const { text, error } = await ask(chat);
      expect(error).toBeUndefined();
      expect(text).toBe("hi");
      const sent = server.requests.at(-1)?.body;
      expect(sent).toMatchObject(expected);
      for (const name of absent) expect(sent).not.toHaveProperty(name);
    }
    // The second question is asked right at once.
    expect(server.requests).toHaveLength(before + replies.length + 1);
  });

  test("gives up when changing what was refused does not help", async () => {
    server.script(refuse("max_tokens is too large: this model writes at most 40"));
    const before = server.requests.length;
    expect((await ask(createChat())).error?.code).toBe("upstream_config");
    expect(server.requests).toHaveLength(before + 2);
  });
});
