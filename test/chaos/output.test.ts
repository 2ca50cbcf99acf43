/** Structured output over sockets: the service as it is wired, the fake upstream behind it, clients that are not ours before it. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, Output } from "ai";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { parseMessages } from "../support/app.ts";
import {
  askWorld,
  expectNothingPrivate,
  onAll,
  QUESTION,
  SHORT_CHAT,
  type World,
} from "../support/chaos-world.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";

const Answer = z.object({ technique: z.string(), purpose: z.string() });
const schema = z.toJSONSchema(Answer);
const value = {
  technique: "jitter",
  purpose: "Retries use jitter so that clients do not come back at the same moment.",
};
const good = JSON.stringify({ found: true, value });
const bad = JSON.stringify({ found: true, value: { technique: 7 } });

const store = useChaosStore();

const start = (replies: readonly string[], upstream: SettingsInput = {}, env = {}) =>
  store.start({ env, upstream: { ...upstream, chat: { replies, ...upstream.chat } } });

async function askEvents(world: World, body: object = {}): Promise<readonly RunEvent[]> {
  const response = await askWorld(world, { body: { output: { schema }, ...body } });
  expect(response.status).toBe(200);
  return parseMessages(response.body).map(({ data }) => data);
}

function openAi(world: World): OpenAI {
  return new OpenAI({
    apiKey: "none",
    baseURL: `http://127.0.0.1:${world.port}/v1`,
    maxRetries: 0,
  });
}

describe("over the service's own API", () => {
  test("a value comes as JSON, with what bears out each leaf", async () => {
    await using world = await start([good]);
    const response = await askWorld(world, { stream: false, body: { output: { schema } } });
    const record = JSON.parse(response.body) as Record<string, unknown>;
    expect(record).toMatchObject({ outcome: "finished", grounding: "grounded", output: value });
    expect(record["outputChecks"]).toMatchObject([
      { pointer: "/technique", verdict: "supported" },
      { pointer: "/purpose", verdict: "supported" },
    ]);
    const sent = world.upstream.requests.filter(({ path }) => path.endsWith("/chat/completions"));
    expect(sent.at(-1)?.body).toMatchObject({
      response_format: { json_schema: { schema: { properties: { value: { type: "object" } } } } },
    });
  });

  test("partials are seen before the model has finished", async () => {
    await using world = await start([good], { chat: { deltaMs: 50 } });
    const events = await askEvents(world);
    const partials = events.filter(({ type }) => type === "output-partial");
    expect(partials.length).toBeGreaterThan(1);
    expect(partials[0]).not.toMatchObject({ value });
    expect(events.at(-1)).toMatchObject({ type: "run-end", outcome: "finished", output: value });
  });

  test("one withdrawal lies between a value that does not satisfy the schema and the next", async () => {
    await using world = await start([bad, good]);
    const events = await askEvents(world);
    expect(events.at(-1)).toMatchObject({ output: value, usage: { requests: 2 } });
    const record = await askWorld(world, { stream: false, body: { output: { schema } } });
    expect(JSON.parse(record.body)).toMatchObject({ output: value });
  });

  test("attempts that are used up are a problem with a code", async () => {
    await using world = await start([bad]);
    const response = await askWorld(world, { stream: false, body: { output: { schema } } });
    expect(response.status).toBe(502);
    const problem = JSON.parse(response.body) as { detail: string };
    expect(problem).toMatchObject({ code: "output_invalid", retryable: false, stage: "answer" });
    expect(problem.detail).toContain("/technique must be string, is number");
    expectNothingPrivate(world, response.body);
  });

  test("works in the mode agent", async () => {
    await using world = await start(["DONE", good]);
    expect((await askEvents(world, { mode: "agent" })).at(-1)).toMatchObject({ output: value });
  });

  test.each([
    ["stall-after=3", "upstream_stalled"],
    ["eof-after=3", "upstream_truncated"],
    ["reset-after=3", "upstream_truncated"],
    ["malformed-after=3", "upstream_bad_response"],
    ["filter-after=3", "content_filtered"],
    ["status=401", "upstream_config"],
  ])("%s ends the run with %s and one last event", async (fault, code) => {
    await using world = await start([good], onAll("chat", fault), SHORT_CHAT);
    const events = await askEvents(world);
    expect(events.filter(({ type }) => type === "run-end")).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: "run-end", outcome: "failed", error: { code } });
    expect(events.at(-1)).not.toHaveProperty("output");
    expectNothingPrivate(world, JSON.stringify(events));
  });

  test("a value that is cut at the token limit is asked for again", async () => {
    await using world = await start([good.slice(0, -20), good], onAll("chat", "length", { times: 1 })); // prettier-ignore
    expect((await askEvents(world)).at(-1)).toMatchObject({ output: value });
  });

  test("a deadline that passes between attempts ends it", async () => {
    await using world = await start(
      [bad],
      { chat: { firstMs: 400 } },
      { OUTPUT_RETRIES_MAX: "50" },
    );
    const events = await askEvents(world, { deadlineMs: 4_000 });
    expect(events.at(-1)).toMatchObject({ outcome: "expired" });
  });
});

const messages = [{ role: "user" as const, content: QUESTION }];

describe("the unmodified openai SDK", () => {
  const response_format = zodResponseFormat(Answer, "answer");

  test("parses a completion", async () => {
    await using world = await start([good]);
    const completion = await openAi(world).chat.completions.parse({ model: "tributary", messages, response_format }); // prettier-ignore
    expect(completion.choices[0]?.message.parsed).toEqual(value);
    expect(completion.choices[0]?.message).toHaveProperty("tributary.outputChecks.0.pointer");
  });

  test("parses a stream, of which a withdrawn attempt is no part", async () => {
    await using world = await start([bad, good]);
    const stream = openAi(world).chat.completions.stream({ model: "tributary", messages, response_format }); // prettier-ignore
    const completion = await stream.finalChatCompletion();
    expect(completion.choices[0]?.message.parsed).toEqual(value);
  });

  test("gets a refusal where the documents hold no answer", async () => {
    await using world = await start(['{"found": false}']);
    const client = openAi(world).chat.completions;
    const request = { model: "tributary", messages, response_format };
    const { message } = (await client.parse(request)).choices[0] ?? {};
    expect(message).toMatchObject({ parsed: null, refusal: expect.stringMatching(/no answer/) });
    const streamed = await client.stream(request).finalChatCompletion();
    expect(streamed.choices[0]?.message.refusal).toMatch(/no answer/);
  });

  test("gets any object for json_object", async () => {
    await using world = await start([good]);
    const completion = await openAi(world).chat.completions.create({
      model: "tributary",
      messages,
      response_format: { type: "json_object" },
    });
    expect(JSON.parse(completion.choices[0]?.message.content ?? "")).toEqual(value);
  });

  test("is told what is wrong with a schema", async () => {
    await using world = await start([good]);
    const json_schema = { name: "a", schema: { properties: { x: { type: "text" } } } };
    const asked = openAi(world).chat.completions.create({
      model: "tributary",
      messages,
      response_format: { type: "json_schema", json_schema },
    });
    await expect(asked).rejects.toMatchObject({
      status: 400,
      code: "invalid_schema",
      param: "output.schema/properties/x/type",
    });
  });
});

test("the AI SDK's own client gets an object", async () => {
  await using world = await start([good]);
  const provider = createOpenAICompatible({
    name: "tributary",
    baseURL: `http://127.0.0.1:${world.port}/v1`,
    supportsStructuredOutputs: true,
  });
  const { output } = await generateText({
    model: provider("tributary"),
    prompt: QUESTION,
    output: Output.object({ schema: Answer }),
    maxRetries: 0,
  });
  expect(output).toEqual(value);
});

test("an MCP client gets the value in the structured result", async () => {
  await using world = await start([good]);
  const client = new Client({ name: "test", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${world.port}/mcp`)),
  );
  const result = await client.callTool({
    name: "ask",
    arguments: { question: QUESTION, output: { schema } },
  });
  await client.close();
  expect(result.isError ?? false).toBe(false);
  expect(result.structuredContent).toMatchObject({
    output: value,
    outputChecks: [{ pointer: "/technique" }, { pointer: "/purpose" }],
  });
  expect(result.content).toEqual([{ type: "text", text: JSON.stringify(value) }]);
});
