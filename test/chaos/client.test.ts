/** What clients do: leave at any moment, close one half, read slowly or not at all, send slowly, send in a row. */
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { createRandom } from "../../scripts/chaos/random.ts";
import type { SettingsInput } from "../../scripts/chaos/settings.ts";
import {
  expectNothingLeft,
  expectNothingPrivate,
  onAll,
  QUESTION,
  toAsk,
  until,
  type World,
} from "../support/chaos-world.ts";
import { connectRaw, parseResponses, type RawClient, toPost } from "../support/raw-client.ts";
import { checkSse } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";

const store = useChaosStore();

const seen = (world: World, on: string): number =>
  world.upstream.journal.totals().byTarget[on] ?? 0;

/** A client that has asked. */
function ask(world: World): RawClient {
  const client = connectRaw(world.port);
  client.send(toAsk());
  return client;
}

interface Moment {
  readonly name: string;
  readonly upstream: SettingsInput;
  readonly arrived: (world: World, client: RawClient) => Promise<void>;
  /** Whether the model had been asked when the client left. */
  readonly chat: number;
}

const moments: readonly Moment[] = [
  {
    name: "while the question is embedded",
    upstream: onAll("embeddings", "stall-headers"),
    arrived: (world) => until(() => seen(world, "embeddings") === 1, "no embedding was asked for"),
    chat: 0,
  },
  {
    name: "while passages are reranked",
    upstream: onAll("rerank", "stall-body"),
    arrived: (world) => until(() => seen(world, "rerank") === 1, "no scores were asked for"),
    chat: 0,
  },
  {
    name: "while the model thinks",
    upstream: onAll("chat", "stall-headers"),
    arrived: (world) => until(() => seen(world, "chat") === 1, "the model was not asked"),
    chat: 1,
  },
  {
    name: "within the model's stream",
    upstream: onAll("chat", "stall-after=4"),
    arrived: (_, client) => client.sees("event: text-delta"),
    chat: 1,
  },
];
const ways = [
  ["resets", (client: RawClient) => client.reset()],
  ["closes one half", (client: RawClient) => client.halfClose()],
] as const;

test.concurrent.each(moments.flatMap((moment) => ways.map((way) => ({ moment, way }))))(
  "a client that leaves $moment.name and $way.0: its exchange is closed, nothing runs on",
  async ({ moment, way: [, leave] }) => {
    await using world = await store.start({ upstream: moment.upstream });
    await using client = ask(world);
    await moment.arrived(world, client);
    leave(client);
    await until(() => world.upstream.journal.totals().left === 1, "the upstream was not left");
    await until(() => world.gate.running === 0, "the run goes on");
    expect(seen(world, "chat")).toBe(moment.chat);
    await client.closed;
    expect(client.received()).not.toContain("run-end");
    expectNothingPrivate(world, client.received());
    expect(world.logLines.filter((line) => line.startsWith("error"))).toEqual([]);
    await expectNothingLeft(world);
  },
);

// How far clients come before they leave is a matter of time, but some stay until the model is asked.
test("fifty clients that leave at any moment leave nothing open", async () => {
  const random = createRandom(20);
  await using world = await store.start({
    env: { CHAT_CONCURRENCY_MAX: "64", EMBED_CONCURRENCY_MAX: "64" },
    upstream: {
      chat: { content: "words", tokens: 40, deltaMs: 10 },
      embeddings: { latencyMs: 20 },
    },
  });
  const endings = Array.from({ length: 50 }, async (_, index) => {
    await using client = ask(world);
    if (index % 5 === 0) await until(() => seen(world, "chat") > 0, "the model was not asked");
    await delay(random() * 400);
    if (random() < 0.5) client.reset();
    else client.halfClose();
    await client.closed;
  });
  await Promise.all(endings);
  expect(seen(world, "chat")).toBeGreaterThan(0);
  await expectNothingLeft(world, { chat: { content: "grounded", deltaMs: 0 } });
});

test.concurrent("a client that stops reading is reset, and the model's stream with it", async () => {
  await using world = await store.start({
    env: { WRITE_STALL_TIMEOUT_MS: "300", OUTPUT_TOKENS_MAX: "200000" },
    // More bytes than the kernel takes, and then a stream that is still open.
    upstream: {
      chat: { replies: [`${"語".repeat(2_000)} `.repeat(900)] },
      rules: [{ on: "chat", fault: "stall-after=1000" }],
    },
  });
  await using client = ask(world);
  client.pause();
  await until(() => world.upstream.journal.totals().left === 1, "the upstream was not left");
  await until(() => world.gate.running === 0, "the run goes on");
  client.resume();
  await client.closed;
  const [response] = parseResponses(client.received());
  expect(response?.complete).toBe(false);
  expect(checkSse(response?.body.slice(0, response.body.lastIndexOf("\n\n") + 2) ?? "").end).toBe(
    undefined,
  );
  await expectNothingLeft(world, { chat: { replies: [] } });
});

test.concurrent("a client that reads slowly but steadily gets the whole answer", async () => {
  await using world = await store.start({
    env: { WRITE_STALL_TIMEOUT_MS: "4000" },
    upstream: { chat: { replies: ["words and more words, ".repeat(20_000)] } },
  });
  await using client = ask(world);
  client.socket.on("data", () => {
    client.pause();
    setTimeout(() => client.resume(), 2);
  });
  await client.closed;
  const [response] = parseResponses(client.received());
  expect(checkSse(response?.body ?? "").end).toMatchObject({ outcome: "finished" });
  await expectNothingLeft(world, { chat: { replies: [] } });
});

test.concurrent("headers and bodies that drip are cut off, and the service goes on answering", async () => {
  await using world = await store.start();
  // The service's own limits are short enough; the test's are shorter.
  expect(world.server.headersTimeout).toBeLessThanOrEqual(10_000);
  expect(world.server.requestTimeout).toBeLessThanOrEqual(11_000);
  Object.assign(world.server, { headersTimeout: 800, requestTimeout: 1_500 });
  await using slowHead = connectRaw(world.port);
  await using slowBody = connectRaw(world.port);
  const text = toAsk();
  const head = text.indexOf("\r\n\r\n") + 4;
  slowBody.send(text.slice(0, head));
  const dripping = [slowHead.drip(text, 250), slowBody.drip(text.slice(head), 400)];
  await expectAnswer(world);
  await Promise.all([slowHead.closed, slowBody.closed]);
  await Promise.all(dripping);
  const cut = [slowHead, slowBody].flatMap((client) => parseResponses(client.received()));
  expect(cut.map(({ status }) => status)).toEqual([408, 408]);
  expect(seen(world, "chat")).toBe(1);
  await expectNothingLeft(world);
});

test.concurrent("requests in a row on one connection are answered in their order", async () => {
  await using world = await store.start({ upstream: { embeddings: { latencyMs: 20 } } });
  await using client = connectRaw(world.port);
  const body = { question: QUESTION };
  client.send(toPost("/v1/ask", body, { Accept: "application/json" }));
  client.send(toPost("/v1/ask", body, { Accept: "text/event-stream" }));
  client.send(toPost("/v1/ask", { question: "" }, { Connection: "close" }));
  await client.closed;
  const [first, second, third] = parseResponses(client.received());
  expect(first).toMatchObject({ status: 200, complete: true });
  expect(JSON.parse(first?.body ?? "")).toMatchObject({ outcome: "finished" });
  expect(checkSse(second?.body ?? "").end).toMatchObject({ outcome: "finished" });
  expect(third).toMatchObject({ status: 400, complete: true });
  await expectNothingLeft(world);
});

async function expectAnswer(world: World): Promise<void> {
  await using client = ask(world);
  await client.closed;
  const [response] = parseResponses(client.received());
  expect(checkSse(response?.body ?? "").end).toMatchObject({ outcome: "finished" });
}
