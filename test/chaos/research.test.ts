/** Sub-agents over real sockets: side by side, within one budget, and gone with the run. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, test } from "vitest";
import * as z from "zod";
import { UPSTREAM_TEXT } from "../../scripts/chaos/reply.ts";
import { defineTool } from "../../src/agent/define-tool.ts";
import { type Tool, ToolFailed } from "../../src/agent/tool.ts";
import {
  expectNothingLeft,
  expectNothingPrivate,
  expectStatus,
  onAll,
  requestWorld,
  toAsk,
  until,
  type World,
} from "../support/chaos-world.ts";
import { heed } from "../support/heed.ts";
import { connectRaw, parseResponses, type RawClient } from "../support/raw-client.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";

const store = useChaosStore();

const PARTS = [
  "Why do retries use jitter?",
  "What does a bounded queue reject?",
  "What ends a slow request?",
  "What does jitter spread?",
];
const ANSWER = "Retries use jitter so that clients do not come back at the same moment. [1]";
/** The plan, one word for each of so many calls of sub-agents, the answer. A call that is refused takes no word. */
const says = (calls: number, word = "DONE"): readonly string[] => [
  JSON.stringify(PARTS),
  ...Array.from({ length: calls }, () => word),
  ANSWER,
];
const REPLIES = says(PARTS.length);

const start = (
  upstream: object,
  env: Record<string, string> = {},
  tools: readonly Tool[] = [],
): Promise<World> =>
  store.start({
    tools,
    env: {
      CHAT_CONCURRENCY_MAX: "8",
      EMBED_CONCURRENCY_MAX: "4",
      BREAKER_SAMPLES_MIN: "20",
      ...env,
    },
    upstream,
  });

/** Asks, and checks what holds however it goes: one end, which is last, and as many ends of sub-agents as beginnings; nothing private, nothing left. */
async function ask(world: World, { body = {}, meanwhile = noWork }: Asking = {}) {
  await using client = connectRaw(world.port);
  client.send(toAsk({ body: { mode: "research", ...body } }));
  await meanwhile(client, world);
  await client.closed;
  const response = parseResponses(client.received())[0];
  expectNothingPrivate(world, client.received());
  const { end, events } = checkSse(response?.body ?? "");
  if (end === undefined) throw new Error(`no end: ${response?.body.slice(-500)}`);
  const subruns = events.filter((event) => event.type === "subrun-end");
  expect(events.filter(({ type }) => type === "subrun-start")).toHaveLength(subruns.length);
  await until(() => world.upstream.journal.totals().open === 0, "an exchange is still open");
  const { byTarget, left, overlapMax } = world.upstream.journal.totals();
  await expectNothingLeft(world, { chat: { replies: [] } });
  return { end, events, subruns, chats: byTarget["chat"], left, overlapMax };
}

interface Asking {
  readonly body?: object;
  readonly meanwhile?: (client: RawClient, world: World) => Promise<unknown>;
}
const noWork = (): Promise<void> => Promise.resolve();

test("all sub-agents are at work before the first of them is done", async () => {
  await using world = await start({ chat: { replies: REPLIES, firstMs: 400 } });
  const { end, subruns, chats, overlapMax } = await ask(world);
  expect(end).toMatchObject({ outcome: "finished", grounding: "grounded", degraded: [] });
  expect(subruns).toHaveLength(PARTS.length);
  const lastStartMs = Math.max(...subruns.map(({ startMs }) => startMs));
  expect(lastStartMs).toBeLessThan(Math.min(...subruns.map(({ endMs }) => endMs)));
  expect(chats).toBe(1 + PARTS.length + 1);
  expect(overlapMax).toBeGreaterThanOrEqual(PARTS.length);
});

test("the calls of all sub-agents stay within the one budget", async () => {
  // Every sub-agent searches for ever; the plan is the first call and has no tools.
  const rules = [{ on: "chat" as const, fault: "shape=tool-search", skip: 1, times: 8 }];
  await using world = await start(
    {
      chat: { replies: [JSON.stringify(PARTS), ...Array.from({ length: 8 }, () => ""), ANSWER] },
      rules,
    },
    { MODEL_CALLS_MAX: "9", SUBAGENT_STEPS_MAX: "50", STEPS_MAX: "50", TOOL_CALLS_MAX: "6" },
  );
  const { end, events, chats } = await ask(world);
  expect(end.outcome).toBe("exhausted");
  expect(events.filter(({ type }) => type === "tool-call").length).toBeLessThanOrEqual(6);
  expect(chats).toBeLessThanOrEqual(9 + 1);
});

test("a sub-agent whose model hangs costs only its part", async () => {
  const rules = [{ on: "chat" as const, fault: "stall-body", skip: 2, times: 1 }];
  await using world = await start(
    { chat: { replies: REPLIES }, rules },
    { SUBAGENT_TIMEOUT_MS: "1500" },
  );
  const { end, subruns } = await ask(world);
  expect(end).toMatchObject({ outcome: "finished", grounding: "grounded" });
  expect(subruns.filter(({ outcome }) => outcome === "expired")).toHaveLength(1);
  expect(subruns.filter(({ outcome }) => outcome === "finished")).toHaveLength(3);
  expect(end.degraded).toEqual([expect.stringMatching(/^subrun_failed:[1-4]$/)]);
});

test("a dead model is found out by the planner alone, and sentences are quoted", async () => {
  await using world = await start(onAll("chat", "status=503"));
  const { end, subruns, chats } = await ask(world);
  expect(end).toMatchObject({
    outcome: "finished",
    answerer: "extractive",
    degraded: ["plan_skipped", "research_unavailable", "extractive"],
  });
  expect(subruns).toEqual([]);
  expect(chats).toBe(3);
});

test("a planner that is cut off leaves the question whole", async () => {
  await using world = await start({
    chat: { replies: ["no list", "DONE", ANSWER] },
  });
  const { end, subruns } = await ask(world);
  expect(end).toMatchObject({ outcome: "finished", degraded: ["plan_skipped"] });
  expect(subruns).toHaveLength(1);
});

/** The first call of one sub-agent. */
const first = (fault: string, times = 1) => [{ on: "chat" as const, fault, skip: 2, times }];

test.each([
  ["status=401", "upstream_config"],
  ["quota", "upstream_config"],
  ["content-filter", "content_filtered"],
  ["rate-limit-seconds=120", "upstream_rate_limited"],
])("a sub-agent whose model fails with %s costs only its part", async (fault, code) => {
  await using world = await start({ chat: { replies: says(3) }, rules: first(fault) });
  const { end, subruns, chats, left } = await ask(world);
  const failed = subruns.filter(({ outcome }) => outcome === "failed");
  expect(failed.map((subrun) => subrun.code)).toEqual([code]);
  expect(subruns.filter(({ outcome }) => outcome === "finished")).toHaveLength(3);
  expect(end).toMatchObject({ outcome: "finished", grounding: "grounded" });
  expect(end.degraded).toEqual([`subrun_failed:${failed[0]?.subrunId}`]);
  expect({ chats, left }).toEqual({ chats: 1 + PARTS.length + 1, left: 0 });
});

test("what a sub-agent's model does not do the first time it does the second", async () => {
  await using world = await start({ chat: { replies: REPLIES }, rules: first("status=503") });
  const { end, subruns, chats } = await ask(world);
  expect(subruns.filter(({ outcome }) => outcome === "finished")).toHaveLength(4);
  expect(end).toMatchObject({ outcome: "finished", degraded: [] });
  expect(chats).toBe(1 + PARTS.length + 1 + 1);
});

test("all sub-agents fail: the answer comes of what the question itself has found", async () => {
  const rules = [{ on: "chat" as const, fault: "html", skip: 1, times: 2 * PARTS.length }];
  await using world = await start({ chat: { replies: says(0) }, rules });
  const { end, subruns, chats } = await ask(world);
  expect(subruns.map(({ outcome }) => outcome)).toEqual(PARTS.map(() => "failed"));
  expect(end).toMatchObject({ outcome: "finished", grounding: "grounded", answerer: "openai:m" });
  expect(end.degraded.toSorted()).toEqual([
    "research_unavailable",
    ...PARTS.map((_, index) => `subrun_failed:${index + 1}`),
  ]);
  expect(chats).toBe(1 + 2 * PARTS.length + 1);
});

/** The model of each sub-agent calls `f`, then says that it is done. */
const withCalls = {
  chat: { replies: [REPLIES[0], ...PARTS.map(() => ""), ...REPLIES.slice(1)] },
  rules: [{ on: "chat" as const, fault: "shape=tool-fragments", skip: 1, times: PARTS.length }],
};
const f = (run: (signal: AbortSignal) => Promise<unknown>): Tool =>
  defineTool({
    name: "f",
    description: "Looks up a number.",
    parameters: z.strictObject({ a: z.number() }),
    readOnly: true,
    idempotent: true,
    timeoutMs: 20_000,
    run: (_, { signal }) => run(signal),
  });

test("a tool that fails one sub-agent fails none of them", async () => {
  let calls = 0;
  const once = (): Promise<string> =>
    (calls += 1) === 1 ? Promise.reject(new ToolFailed("it is shut")) : Promise.resolve("seen");
  await using world = await start(withCalls, {}, [f(once)]);
  const { end, subruns, events } = await ask(world);
  expect(calls).toBe(PARTS.length);
  expect(subruns.filter(({ outcome }) => outcome === "finished")).toHaveLength(4);
  expect(events.filter(({ type }) => type === "tool-result")).toHaveLength(3);
  expect(end).toMatchObject({ outcome: "finished", degraded: ["tool_failed:f"] });
});

test("a tool that hangs in every sub-agent ends with the sub-agents' time", async () => {
  let ended = 0;
  const hang = (signal: AbortSignal): Promise<never> => heed(signal).finally(() => (ended += 1));
  const upstream = { ...withCalls, chat: { replies: says(PARTS.length, "") } };
  await using world = await start(upstream, { SUBAGENT_TIMEOUT_MS: "2500" }, [f(hang)]);
  const { end, subruns, chats } = await ask(world);
  expect(subruns.map(({ outcome }) => outcome)).toEqual(PARTS.map(() => "expired"));
  expect(ended).toBe(PARTS.length);
  expect(end).toMatchObject({ outcome: "finished", grounding: "grounded" });
  expect(end.degraded).toContain("research_unavailable");
  expect(chats).toBe(1 + PARTS.length + 1);
});

test("a tool that throws ends the run, after every sub-agent has ended", async () => {
  let calls = 0;
  const bug = (signal: AbortSignal): Promise<never> =>
    (calls += 1) === PARTS.length ? Promise.reject(new TypeError(UPSTREAM_TEXT)) : heed(signal);
  await using world = await start(withCalls, {}, [f(bug)]);
  const { end, subruns, chats } = await ask(world);
  expect(end).toMatchObject({ outcome: "failed", error: { code: "internal" } });
  expect(subruns.map(({ code }) => code)).toEqual(PARTS.map(() => "internal"));
  expect(chats).toBe(1 + PARTS.length);
});

const silent = [{ on: "chat" as const, fault: "stall-body", skip: 1 }];
const untilAllAsk = (world: World): Promise<void> =>
  until(
    () => world.upstream.journal.totals().byTarget["chat"] === 1 + PARTS.length,
    "the sub-agents do not run side by side",
  );

test("a run that is cancelled cancels its sub-agents, and its reader hears of it", async () => {
  await using world = await start({ chat: { replies: REPLIES }, rules: silent });
  const { end, subruns, chats, left } = await ask(world, {
    async meanwhile(client) {
      await untilAllAsk(world);
      const id = /x-run-id: (\S+)/i.exec(client.received())?.[1];
      expectStatus(await requestWorld(world, "DELETE", `/v1/runs/${id}`), 200);
    },
  });
  expect(end.outcome).toBe("cancelled");
  expect(subruns.map(({ outcome }) => outcome)).toEqual(PARTS.map(() => "cancelled"));
  expect({ chats, left }).toEqual({ chats: 1 + PARTS.length, left: PARTS.length });
});

test("of the run's time some is left for the answer when every sub-agent hangs", async () => {
  const rules = [{ on: "chat" as const, fault: "stall-body", skip: 1, times: PARTS.length }];
  await using world = await start({ chat: { replies: REPLIES }, rules });
  const { end, subruns, left } = await ask(world, { body: { deadlineMs: 8_000 } });
  expect(subruns.map(({ outcome }) => outcome)).toEqual(PARTS.map(() => "expired"));
  expect(end.outcome).toBe("finished");
  expect(end.degraded).toContain("research_unavailable");
  expect(left).toBe(PARTS.length);
});

test("a client that leaves midway closes the sockets of every sub-agent", async () => {
  const rules = [{ on: "chat" as const, fault: "stall-body", skip: 1 }];
  await using world = await start({ chat: { replies: REPLIES }, rules });
  const { journal } = world.upstream;
  const open = () => journal.entries.filter(({ on, end }) => on === "chat" && end === undefined);
  {
    await using client = connectRaw(world.port);
    client.send(toAsk({ body: { mode: "research" } }));
    await until(() => open().length === PARTS.length, "the sub-agents do not run side by side");
  }
  await until(() => journal.totals().open === 0, "an exchange is still open");
  const left = journal.entries.filter(({ on, end }) => on === "chat" && end === "left");
  expect(left).toHaveLength(PARTS.length);
  await until(() => world.gate.running === 0, "the run is still running");
});

test("a client of OpenAI asks for it by the model's name", async () => {
  await using world = await start({ chat: { replies: REPLIES } });
  const url = `http://127.0.0.1:${world.port}/v1`;
  const models = (await (await fetch(`${url}/models`)).json()) as { data: { id: string }[] };
  expect(models.data.map(({ id }) => id)).toContain("tributary/research");
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "tributary/research",
      messages: [{ role: "user", content: "Why do retries use jitter, and what is a queue?" }],
    }),
  });
  expect(response.status).toBe(200);
  const completion = (await response.json()) as { choices: { message: { content: string } }[] };
  expect(completion.choices[0]?.message.content).toContain("Retries use jitter");
  expect(world.upstream.journal.totals().byTarget["chat"]).toBe(1 + PARTS.length + 1);
});

test("an MCP client asks for it by the mode", async () => {
  await using world = await start({ chat: { replies: REPLIES } });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${world.port}/mcp`)),
  );
  try {
    const question = "Why do retries use jitter, and what does a queue reject?";
    const result = await client.callTool({
      name: "ask",
      arguments: { question, mode: "research" },
    });
    expect(result.isError ?? false).toBe(false);
    expect(JSON.stringify(result.structuredContent)).toContain("Retries use jitter");
    expect(world.upstream.journal.totals().byTarget["chat"]).toBe(1 + PARTS.length + 1);
  } finally {
    await client.close();
  }
});
