/** Whoever asks, in whatever way, whatever fails and whenever they leave: every kind of request at once, drawn by a seed. */
import { setTimeout as delay } from "node:timers/promises";
import pMap from "p-map";
import { expect, test } from "vitest";
import { createRandom, pick, type Random } from "../../scripts/chaos/random.ts";
import {
  expectNothingLeft,
  expectNothingPrivate,
  QUESTION,
  requestWorld,
  type World,
} from "../support/chaos-world.ts";
import { connectRaw, parseResponses, type RawResponse, toPost } from "../support/raw-client.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import { anyFault } from "./all-faults.ts";
import { seenBy } from "./cell.ts";

const store = useChaosStore();

/** More for a long look: `CLIENT_SEEDS=50`. */
const SEEDS = Array.from({ length: Number(process.env["CLIENT_SEEDS"] ?? 2) }, (_, at) => at + 1);
const REQUESTS = 60;
const AT_ONCE = 20;
const LEAVES_WITHIN_MS = 600;
/** What a busy machine may be late by. */
const LATE_MS = 8_000;
const RECOVERY_MS = 40_000;

const ENV = {
  CHAT_CONCURRENCY_MAX: "8",
  EMBED_CONCURRENCY_MAX: "8",
  EMBED_ATTEMPT_TIMEOUT_MS: "400",
  RERANK_ATTEMPT_TIMEOUT_MS: "400",
  FIRST_DELTA_TIMEOUT_MS: "500",
  DELTA_GAP_TIMEOUT_MS: "500",
  USAGE_WAIT_MS: "100",
};

const SCHEMA = {
  type: "object",
  properties: { reason: { type: "string" }, causes: { type: "array", items: { type: "string" } } },
  required: ["reason"],
};
const HISTORY = [
  { role: "user", content: "What is a retry?" },
  { role: "assistant", content: "A request that is sent again." },
];

interface Way {
  readonly path: string;
  readonly accept: string;
  readonly body: (question: string, random: Random) => object;
  /** What holds of a 200 whose client stayed. */
  readonly check: (body: string) => void;
}

/** A field, sometimes. */
const perhaps = (random: Random, share: number, field: object): object =>
  random() < share ? field : {};

function toAskBody(question: string, random: Random): object {
  return {
    question,
    mode: pick(["direct", "agent", "research"], random),
    grounding: pick(["flag", "withhold", "repair"], random),
    ...perhaps(random, 0.3, { deadlineMs: 200 + Math.floor(random() * 3_000) }),
    ...perhaps(random, 0.3, { history: HISTORY }),
    ...perhaps(random, 0.2, { output: { schema: SCHEMA } }),
    ...perhaps(random, 0.2, { retrieval: { rerank: "llm" } }),
  };
}

const chatBody = (stream: boolean) => (question: string, random: Random) => ({
  model: pick(["tributary", "tributary/agent"], random),
  stream,
  messages: [...HISTORY, { role: "user", content: question }],
});

const callAsk = (question: string): object => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name: "ask", arguments: { question } },
});

const isJson = (body: string): void => void JSON.parse(body);

const WAYS: readonly [Way, ...Way[]] = [
  {
    path: "/v1/ask",
    accept: "text/event-stream",
    body: toAskBody,
    check: (body) => expect(checkSse(body).end).toBeDefined(),
  },
  {
    path: "/v1/ask",
    accept: "application/json",
    body: toAskBody,
    check: (body) => expect(JSON.parse(body)).toMatchObject({ runId: expect.any(String) }),
  },
  {
    path: "/v1/chat/completions",
    accept: "text/event-stream",
    body: chatBody(true),
    check: (body) => expect(body).toMatch(/data: (?:\[DONE\]|\{"error".*\})\n\n$/),
  },
  {
    path: "/v1/chat/completions",
    accept: "application/json",
    body: chatBody(false),
    check: (body) => expect(JSON.parse(body)).toMatchObject({ object: "chat.completion" }),
  },
  {
    path: "/v1/chat",
    accept: "text/event-stream",
    body: (question) => ({
      id: "c",
      messages: [{ id: "m", role: "user", parts: [{ type: "text", text: question }] }],
    }),
    check: (body) => expect(body).toMatch(/data: \[DONE\]\n\n$/),
  },
  {
    path: "/v1/search",
    accept: "application/json",
    body: (question) => ({ question }),
    check: isJson,
  },
  {
    path: "/v1/explain",
    accept: "application/json",
    body: (question) => ({ question, documentId: "retries.md" }),
    check: isJson,
  },
  {
    path: "/mcp",
    accept: "application/json, text/event-stream",
    body: callAsk,
    check: (body) => expect(body).toMatch(/"(?:structuredContent|isError|error)"/),
  },
];

/** Asks in one of the ways, stays or leaves, and holds what it got to what that way promises. */
async function askSomehow(world: World, number: number, random: Random): Promise<string> {
  const way = pick(WAYS, random);
  const question = `${QUESTION} (${number})`;
  const body = way.body(question, random) as { readonly deadlineMs?: number };
  const stays = random() < 0.7;
  const afterMs = random() * LEAVES_WITHIN_MS;
  const prefersLater = way.path === "/v1/ask" && random() < 0.2;
  const startMs = performance.now();
  await using client = connectRaw(world.port);
  const later = prefersLater ? { Prefer: "respond-async" } : {};
  client.send(toPost(way.path, body, { Accept: way.accept, Connection: "close", ...later }));
  if (!stays) {
    await delay(afterMs);
    if (random() < 0.5) client.reset();
    await client[Symbol.asyncDispose]();
    const [begun] = parseResponses(client.received());
    if (begun !== undefined) expectNothingPrivate(world, seenBy(begun));
    return "left";
  }
  await client.closed;
  const [response] = parseResponses(client.received());
  const said = `${number}: ${way.path} ${way.accept} ${JSON.stringify(body)}`;
  if (response === undefined) throw new Error(`${said}: closed without a response`);
  expectNothingPrivate(world, seenBy(response));
  if (!response.complete) throw new Error(`${said}: not complete: ${response.body.slice(-300)}`);
  if (response.status === 202) return await followLater(world, response, random);
  const tookMs = performance.now() - startMs;
  if (body.deadlineMs !== undefined && tookMs > body.deadlineMs + LATE_MS) {
    throw new Error(`${said}: took ${tookMs} ms`);
  }
  try {
    if (response.status === 200) way.check(response.body);
    else expectRefusal(response);
  } catch (thrown) {
    throw new Error(`${said}: ${response.status} ${response.body.slice(-400)}`, { cause: thrown });
  }
  return String(response.status);
}

/** A failure before the first word: of an upstream, or of time. */
function expectRefusal({ status, body }: RawResponse): void {
  expect([422, 429, 502, 503, 504]).toContain(status);
  expect(JSON.parse(body)).toBeTypeOf("object");
}

/** Reads the events of a run that nobody waits for, or ends it. */
async function followLater(world: World, { headers }: RawResponse, random: Random) {
  const place = headers.get("location") ?? "";
  if (random() < 0.3) {
    const ended = await requestWorld(world, "DELETE", place);
    expect([200, 202, 204, 409]).toContain(ended.status);
  }
  const events = await requestWorld(world, "GET", `${place}/events`);
  expect(checkSse(events.body).end).toBeDefined();
  return "later";
}

test.each(SEEDS)("seed %i: each request ends as its way of asking promises", async (seed) => {
  const rules = [anyFault("chat", 0.4), anyFault("embeddings", 0.3), anyFault("rerank", 0.3)];
  await using world = await store.start({ env: ENV, upstream: { seed, rules } });
  const random = createRandom(seed);
  const randoms = Array.from({ length: REQUESTS }, () => createRandom(random() * 2 ** 32));
  const ends = await pMap(randoms, (own, at) => askSomehow(world, at, own), {
    concurrency: AT_ONCE,
  });
  await expectNothingLeft(world, {}, RECOVERY_MS);
  // Both happened, or this would say nothing.
  expect(ends).toContain("left");
  expect(ends).toContain("200");
});
