/** Chat at one endpoint and embeddings at another: each sees its own calls and its own key, and one that fails costs what it does and no more. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startUpstream, type Upstream } from "../../scripts/chaos/upstream.ts";
import {
  askWorld,
  expectNothingLeft,
  expectNothingPrivate,
  expectStatus,
  onAll,
  type World,
} from "../support/chaos-world.ts";
import { makeTempFolder } from "../support/local-store.ts";
import { runProgram, startService } from "../support/process.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import { seenBy } from "./cell.ts";

const store = useChaosStore();
const EMBEDDING_KEY = "sk-embeddings-0123456789";

function start(embeddings: Upstream, env: Readonly<Record<string, string>> = {}): Promise<World> {
  return store.start({
    env: {
      OPENAI_HEADERS: "x-of-chat=yes",
      EMBEDDING_BASE_URL: embeddings.url,
      EMBEDDING_API_KEY: EMBEDDING_KEY,
      ...env,
    },
  });
}

/** What an answer said of itself; nothing of either endpoint may be in it. */
async function ask(world: World, embeddings: Upstream): Promise<unknown> {
  const response = await askWorld(world, {
    stream: false,
    body: { retrieval: { rerank: "none" } },
  });
  expectStatus(response, 200);
  const seen = seenBy(response);
  expectNothingPrivate(world, seen);
  for (const secret of [EMBEDDING_KEY, new URL(embeddings.url).host]) {
    expect(seen).not.toContain(secret);
    expect(world.logLines.join("\n")).not.toContain(EMBEDDING_KEY);
  }
  return JSON.parse(response.body) as unknown;
}

const calls = ({ journal }: Upstream) => {
  const { byTarget } = journal.totals();
  return { chat: byTarget["chat"] ?? 0, embeddings: byTarget["embeddings"] ?? 0 };
};

const finished = { outcome: "finished", answerer: "openai:m", degraded: [] };
const quoted = { outcome: "finished", answerer: "extractive", degraded: ["extractive"] };
const unembedded = { ...finished, degraded: ["vector_unavailable"] };

test("each is asked for its own alone, with its own key", async () => {
  await using embeddings = await startUpstream();
  await using world = await start(embeddings);
  expect(await ask(world, embeddings)).toMatchObject(finished);
  expect(calls(world.upstream)).toEqual({ chat: 1, embeddings: 0 });
  expect(calls(embeddings)).toEqual({ chat: 0, embeddings: 1 });
  expect(world.upstream.requests[0]?.headers).toMatchObject({ "x-of-chat": "yes" });
  expect(world.upstream.requests[0]?.headers["authorization"]).not.toContain(EMBEDDING_KEY);
  expect(embeddings.requests[0]?.headers).not.toHaveProperty("x-of-chat");
  expect(embeddings.requests[0]?.headers["authorization"]).toBe(`Bearer ${EMBEDDING_KEY}`);
  await expectNothingLeft(world);
});

test("an endpoint of embeddings that fails, until its breaker is open, leaves the model to write", async () => {
  await using embeddings = await startUpstream();
  await using world = await start(embeddings, { BREAKER_OPEN_MS: "3600000", ATTEMPTS_MAX: "1" });
  embeddings.set(onAll("embeddings", "status=503"));
  const asked = 14;
  for (let count = 0; count < asked; count += 1) {
    expect(await ask(world, embeddings)).toMatchObject(unembedded);
  }
  expect(calls(embeddings).embeddings).toBeLessThan(asked);
  expect(calls(world.upstream)).toEqual({ chat: asked, embeddings: 0 });
});

test("a chat endpoint that fails, until its breaker is open, leaves vectors to be searched and sentences to be quoted", async () => {
  await using embeddings = await startUpstream();
  await using world = await start(embeddings, { BREAKER_OPEN_MS: "3600000", ATTEMPTS_MAX: "1" });
  world.upstream.set(onAll("chat", "status=503"));
  const asked = 14;
  for (let count = 0; count < asked; count += 1) {
    expect(await ask(world, embeddings)).toMatchObject(quoted);
  }
  expect(calls(embeddings)).toEqual({ chat: 0, embeddings: asked });
  expect(calls(world.upstream).chat).toBeLessThan(asked);
});

test("a redirect from one to the other is not followed, and the log names the setting to change", async () => {
  await using embeddings = await startUpstream();
  await using world = await start(embeddings);
  embeddings.set(onAll("embeddings", "redirect=307"));
  expect(await ask(world, embeddings)).toMatchObject(unembedded);
  expect(calls(world.upstream)).toEqual({ chat: 1, embeddings: 0 });
  expect(world.logLines.join("\n")).toContain("EMBEDDING_BASE_URL");
});

test("the programs keep them apart: ingest and uploads ask for vectors here, a question for its text there", async () => {
  await using chat = await startUpstream();
  await using embeddings = await startUpstream();
  await using folder = await makeTempFolder();
  const page = join(folder.path, "queues.md");
  await writeFile(page, "# Queues\n\nA bounded queue rejects work when it is full.\n");
  const env = {
    DATA_DIR: join(folder.path, "store"),
    OPENAI_BASE_URL: chat.url,
    OPENAI_API_KEY: "sk-chat-0123456789",
    CHAT_MODEL: "m",
    EMBEDDING_MODEL: "m",
    EMBEDDING_BASE_URL: embeddings.url,
    EMBEDDING_API_KEY: EMBEDDING_KEY,
  };
  const ingested = await runProgram("ingest/main.ts", [page, "--collection", "notes"], env);
  expect(ingested).toMatchObject({ code: 0 });
  expect(calls(chat)).toEqual({ chat: 0, embeddings: 0 });
  const doctor = await runProgram("ingest/main.ts", ["doctor", "notes"], env);
  expect(doctor).toMatchObject({ code: 0, stdout: "notes: sound\n" });

  const asked = await runProgram(
    "src/node/ask.ts",
    ["What does a full queue do?", "--json", "--collection", "notes"],
    env,
  );
  const { ledger, answerer, degraded } = JSON.parse(asked.stdout);
  expect({ answerer, degraded }).toEqual({ answerer: "openai:m", degraded: [] });
  expect(ledger).toContainEqual(
    expect.objectContaining({ retriever: "vector", status: "found", found: 1 }),
  );
  expect(calls(chat)).toEqual({ chat: 1, embeddings: 0 });

  await using service = await startService(env);
  const before = calls(embeddings).embeddings;
  const put = await fetch(`${service.url}/v1/collections/notes/documents/new.md`, {
    method: "PUT",
    body: "# Breakers\n\nA breaker stops calls to what fails.\n",
  });
  expect(put.status).toBe(200);
  expect(calls(embeddings).embeddings).toBeGreaterThan(before);
  expect(calls(chat)).toEqual({ chat: 1, embeddings: 0 });
  expect(calls(embeddings).chat).toBe(0);
  const keysOf = ({ requests }: Upstream) =>
    new Set(requests.map(({ headers }) => headers["authorization"]));
  expect(keysOf(chat)).toEqual(new Set(["Bearer sk-chat-0123456789"]));
  expect(keysOf(embeddings)).toEqual(new Set([`Bearer ${EMBEDDING_KEY}`]));
});
