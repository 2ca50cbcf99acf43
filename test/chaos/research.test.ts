/** Sub-agents over real sockets: side by side, within one budget, and gone with the run. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import {
  askWorld,
  expectNothingPrivate,
  onAll,
  toAsk,
  until,
  type World,
} from "../support/chaos-world.ts";
import { connectRaw } from "../support/raw-client.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";

const store = useChaosStore();

const PARTS = [
  "Why do retries use jitter?",
  "What does a bounded queue reject?",
  "What ends a slow request?",
  "What does jitter spread?",
];
const ANSWER = "Retries use jitter so that clients do not come back at the same moment. [1]";
const RESEARCH = { body: { mode: "research" } } as const;
/** The plan, one word from each sub-agent, the answer. */
const REPLIES = [JSON.stringify(PARTS), ...PARTS.map(() => "DONE"), ANSWER];

const start = (upstream: object, env: Record<string, string> = {}): Promise<World> =>
  store.start({
    env: {
      CHAT_CONCURRENCY_MAX: "8",
      EMBED_CONCURRENCY_MAX: "4",
      BREAKER_SAMPLES_MIN: "20",
      ...env,
    },
    upstream,
  });

function readEvents(body: string): readonly RunEvent[] {
  return body
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice("data: ".length)) as RunEvent);
}

/** Asks and checks what holds however it goes: one end, which is last, and as many ends of sub-agents as beginnings. */
async function ask(world: World) {
  const { body } = await askWorld(world, RESEARCH);
  const events = readEvents(body);
  const ends = events.filter((event) => event.type === "run-end");
  const [end] = ends;
  if (end === undefined || events.at(-1) !== end) throw new Error(`no end: ${body.slice(-500)}`);
  expect(ends).toHaveLength(1);
  const subruns = events.filter((event) => event.type === "subrun-end");
  expect(events.filter(({ type }) => type === "subrun-start")).toHaveLength(subruns.length);
  expectNothingPrivate(world, body);
  await until(() => world.upstream.journal.totals().open === 0, "an exchange is still open");
  return { end, events, subruns, chats: world.upstream.journal.totals().byTarget["chat"] };
}

test("the time is that of the slowest sub-agent, not of all of them", async () => {
  await using world = await start({ chat: { replies: REPLIES, firstMs: 400 } });
  const { end, subruns, chats } = await ask(world);
  expect(end).toMatchObject({ outcome: "finished", grounding: "grounded", degraded: [] });
  expect(subruns).toHaveLength(PARTS.length);
  const took = subruns.map(({ startMs, endMs }) => endMs - startMs);
  const wholeMs =
    Math.max(...subruns.map(({ endMs }) => endMs)) -
    Math.min(...subruns.map(({ startMs }) => startMs));
  const slowestMs = Math.max(...took);
  const sumMs = took.reduce((sum, ms) => sum + ms, 0);
  expect(wholeMs / slowestMs).toBeLessThan(1.5);
  expect(sumMs / wholeMs).toBeGreaterThan(PARTS.length / 2);
  expect(chats).toBe(1 + PARTS.length + 1);
  expect(world.upstream.journal.totals().overlapMax).toBeGreaterThanOrEqual(PARTS.length);
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

test("a client that leaves midway closes the sockets of every sub-agent", async () => {
  const rules = [{ on: "chat" as const, fault: "stall-body", skip: 1 }];
  await using world = await start({ chat: { replies: REPLIES }, rules });
  const { journal } = world.upstream;
  const open = () => journal.entries.filter(({ on, end }) => on === "chat" && end === undefined);
  {
    await using client = connectRaw(world.port);
    client.send(toAsk(RESEARCH));
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
