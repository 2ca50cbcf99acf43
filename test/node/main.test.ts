import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startUpstream } from "../../scripts/chaos/upstream.ts";
import { askWith, type Message, parseMessages, wantsEvents } from "../support/app.ts";
import { makeLocalStore, makeTempFolder, type TempFolder } from "../support/local-store.ts";
import { runProgram, type ServiceProgram, startProgram, startService } from "../support/process.ts";

const MAIN = "src/node/main.ts";
const question = { question: "Why do retries use jitter?" };

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeLocalStore();
});
afterAll(() => folder[Symbol.asyncDispose]());

const startServer = (env: Record<string, string> = {}): Promise<ServiceProgram> =>
  startService({ DATA_DIR: folder.path, ...env });

test("serves an existing index, says what it runs with, and ends at once when idle", async () => {
  await using server = await startServer();
  for (const word of [
    "static:",
    "extractive",
    "lancedb",
    "guide: 2 documents, 2 chunks",
    "curl -N",
  ]) {
    expect(server.stdout()).toContain(word);
  }
  const ready = await fetch(`${server.url}/readyz`);
  expect(await ready.json()).toMatchObject({
    collections: [{ name: "guide", embedderReady: true }],
  });
  const response = await fetch(`${server.url}/v1/ask`, askWith(question));
  expect(await response.json()).toMatchObject({ grounding: "grounded", answerer: "extractive" });
  // What it says to copy is about this server and this store, however both were named.
  expect(server.stdout()).toContain(`pnpm ask --url ${server.url} "`);
  expect(server.stdout()).toContain(`DATA_DIR=${folder.path} pnpm ingest `);
  expect(server.stdout()).not.toContain("API_KEY");
  server.kill("SIGTERM");
  expect(await server.exit).toBe(0);
  expect(server.stderr()).not.toContain("jitter");
});

test("a store that is too slow for the banner is no reason to end: the service answers already", async () => {
  await using server = await startServer({ HEALTH_TIMEOUT_MS: "1", FRESHNESS_MS: "1" });
  const response = await fetch(`${server.url}/v1/ask`, askWith(question));
  expect(await response.json()).toMatchObject({ grounding: "grounded" });
});

test.each([
  ["a rejection that nobody hears", "Promise.reject(failure)", "unhandled-rejection"],
  [
    "an error outside of any promise",
    "setImmediate(() => { throw failure; })",
    "uncaught-exception",
  ],
])("%s is logged once and ends the process as a failure", async (_, fails, event) => {
  const program = `process.on("SIGUSR2", () => { const failure = new Error("lost"); ${fails}; })`;
  const own = `--import=data:text/javascript,${encodeURIComponent(program)}`;
  await using server = await startServer({ NODE_OPTIONS: own });
  server.kill("SIGUSR2");
  expect(await server.exit).toBe(1);
  expect(server.stderr().split(event)).toHaveLength(2);
});

test("an address without a model is named: it changes nothing", async () => {
  await using server = await startServer({ OPENAI_BASE_URL: "http://127.0.0.1:9/v1" });
  expect(server.stdout()).toContain("extractive (OPENAI_BASE_URL is set, CHAT_MODEL is not)");
});

test("an empty store is filled with the samples, and the second start finds them", async () => {
  await using empty = await makeTempFolder();
  const env = { DATA_DIR: empty.path };
  {
    await using server = await startServer(env);
    expect(server.stdout()).toContain("loading the sample collections");
    for (const name of ["faq", "guide", "handbook"]) expect(server.stdout()).toContain(`${name}: `);
    const body = { question: "What is a retry budget?" };
    const response = await fetch(`${server.url}/v1/ask`, askWith(body));
    expect(await response.json()).toMatchObject({ grounding: "grounded" });
  }
  await using again = await startServer(env);
  expect(again.stdout()).not.toContain("loading");
});

test("a first start that is cut short leaves the rest of the samples to the next one", async () => {
  await using empty = await makeTempFolder();
  const env = { DATA_DIR: empty.path, PORT: "0" };
  {
    await using first = startProgram(MAIN, [], env);
    await first.printed("handbook: documents");
    first.kill("SIGTERM");
    expect(await first.exit).toBe(0);
  }
  {
    await using second = await startService(env);
    expect(second.stdout()).toContain("going on with loading them");
    for (const name of ["faq", "guide", "handbook"]) {
      expect(second.stdout()).toMatch(new RegExp(`^ .*${name}: \\d+ documents`, "m"));
    }
  }
  await using third = await startService(env);
  expect(third.stdout()).not.toContain("loading");
});

test("samples that cannot be loaded are named, and the server serves without them", async () => {
  await using empty = await makeTempFolder();
  const endpoint = { OPENAI_BASE_URL: "http://127.0.0.1:9/v1", EMBEDDING_MODEL: "m" };
  await using server = await startServer({ DATA_DIR: empty.path, ...endpoint });
  expect(server.stderr()).toContain("handbook, guide, faq could not be loaded");
  expect(server.stdout()).toContain("none yet");
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  const response = await fetch(`${server.url}/v1/ask`, askWith(question));
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "collection_not_found" });
});

test("an option is refused: settings are variables, and nobody is served on a port that was not meant", async () => {
  for (const args of [["--port", "9000"], ["--", "--help"], ["9000"]]) {
    const ended = await runProgram(MAIN, args, { DATA_DIR: folder.path, PORT: "0" });
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain("such as PORT=9000 pnpm start");
  }
});

describe("what is wrong at the start is one line and an exit code", () => {
  const cases: readonly {
    name: string;
    env: Record<string, string>;
    code: number;
    says: string;
  }[] = [
    {
      name: "two wrong settings",
      env: { PORT: "1e9", SEARCH_TIMEOUT_MS: "-1" },
      code: 2,
      says: "SEARCH_TIMEOUT_MS",
    },
    {
      name: "a model without an endpoint",
      env: { CHAT_MODEL: "m" },
      code: 2,
      says: "set OPENAI_API_KEY, or OPENAI_BASE_URL",
    },
    {
      name: "a folder that is a file",
      env: { DATA_DIR: "package.json" },
      code: 1,
      says: "is not a folder",
    },
    {
      name: "a folder below a file",
      env: { DATA_DIR: join("package.json", "x") },
      code: 1,
      says: "lies below a file",
    },
    {
      name: "object storage that does not answer",
      env: {
        DATA_DIR: "s3://bucket/path",
        STORE_OPTIONS:
          "endpoint=http://127.0.0.1:9,allow_http=true,region=r,access_key_id=a,secret_access_key=b,client_max_retries=0",
      },
      code: 1,
      says: "the store could not be opened or listed; check DATA_DIR, STORE_OPTIONS",
    },
    {
      name: "an address of another machine",
      env: { HOST: "192.0.2.1", AUTH: "off" },
      code: 2,
      says: "no address 192.0.2.1",
    },
    {
      name: "a folder of records that cannot be made",
      env: { RUN_JOURNAL_DIR: "/proc/tributary/runs" },
      code: 1,
      says: "RUN_JOURNAL_DIR",
    },
  ];
  test.each(cases)("$name", async ({ env, code, says }) => {
    const ended = await runProgram(MAIN, [], { DATA_DIR: folder.path, PORT: "0", ...env });
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.stderr).toContain(says);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  });

  test("a port in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const port = String((other.address() as AddressInfo).port);
    const ended = await runProgram(MAIN, [], { DATA_DIR: folder.path, PORT: port });
    other.close();
    expect(ended.code).toBe(2);
    expect(ended.stderr).toBe(
      `tributary: port ${port} on 127.0.0.1 is in use; stop the other program or choose another PORT\n`,
    );
  });
});

test("told to end while it starts, it ends, and that is no failure", async () => {
  // As soon as it listens for the signal it gets it.
  const signalled =
    'process.on("newListener", (name) => { if (name === "SIGTERM") process.kill(process.pid, name); })';
  const ended = await runProgram(MAIN, [], {
    DATA_DIR: folder.path,
    PORT: "0",
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(signalled)}`,
  });
  expect(ended).toMatchObject({ code: 0, stderr: "" });
});

test("listening for other machines without keys is refused", async () => {
  const ended = await runProgram(MAIN, [], { DATA_DIR: folder.path, PORT: "0", HOST: "0.0.0.0" });
  expect(ended).toMatchObject({ code: 2, stdout: "" });
  expect(ended.stderr).toContain("pnpm run keys create");
});

test("listening for other machines with AUTH=off is warned about", async () => {
  await using server = await startServer({ HOST: "0.0.0.0", AUTH: "off" });
  await server.printed("everyone who reaches it can ask");
  expect(server.url).toContain("http://127.0.0.1:");
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

/** A model that says one word and falls silent. */
const startSilentModel = () =>
  startUpstream({
    settings: {
      chat: { replies: ["Retries use "] },
      rules: [{ on: "chat", fault: "stall-after=9" }],
    },
  });

async function openStream(
  url: string,
): Promise<{ response: Response; rest: () => Promise<Message[]> }> {
  const response = await fetch(`${url}/v1/ask`, askWith(question, wantsEvents));
  return { response, rest: async () => parseMessages(await response.text()) };
}

describe("SIGTERM while an answer streams", () => {
  // A terminal that is closed says it twice, and pnpm passes it on in its own way.
  test.each([[["SIGTERM"]], [["SIGHUP", "SIGHUP", "SIGTERM", "SIGHUP"]]] as const)(
    "%j gives it its grace, refuses new questions, and then its last event",
    async ([signal, ...more]) => {
      await using model = await startSilentModel();
      const env = { OPENAI_BASE_URL: model.url, CHAT_MODEL: "m", DRAIN_GRACE_MS: "2500" };
      await using server = await startServer(env);
      const { rest } = await openStream(server.url);
      server.kill(signal);
      await server.printed("draining");
      for (const again of more) server.kill(again);
      const [ready, refused] = await Promise.all([
        fetch(`${server.url}/readyz`),
        fetch(`${server.url}/v1/ask`, askWith(question)),
      ]);
      expect(ready.status).toBe(503);
      expect(refused.status).toBe(503);
      expect(refused.headers.get("Connection")).toBe("close");
      expect(await refused.json()).toMatchObject({ code: "draining" });
      const last = (await rest()).at(-1)?.data;
      expect(last).toMatchObject({
        type: "run-end",
        outcome: "failed",
        error: { code: "draining", retryable: true },
      });
      expect(await model.requests[0]?.left).toBe(true);
      expect(await server.exit).toBe(0);
    },
  );

  test("a second signal ends it now", async () => {
    await using model = await startSilentModel();
    await using server = await startServer({ OPENAI_BASE_URL: model.url, CHAT_MODEL: "m" });
    const { rest } = await openStream(server.url);
    server.kill("SIGTERM");
    await server.printed("draining");
    server.kill("SIGTERM");
    expect(await server.exit).toBe(1);
    await expect(rest()).rejects.toThrow("terminated");
  });
});
