/** Clients that leave and models that fall silent or break off, seen over a bare socket against `pnpm dev:edge`: no word is lost, the call of the model is broken off, and the Worker goes on. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeTempFolder, type TempFolder } from "../support/local-store.ts";
import { type Program, startProgram } from "../support/process.ts";
import { connectRaw } from "../support/raw-client.ts";
import { makeSamples, pushSample, type Samples } from "./samples.ts";
import { TOKEN } from "./test-edge.ts";
import { findPort } from "../../scripts/edge/find-port.ts";

/** A model that never stops by itself, unless it is told what to say and what it does then. */
interface EndlessModel {
  readonly port: number;
  /** Of the next call alone. */
  script: Script | undefined;
  readonly calls: { isOver: boolean }[];
  close(): Promise<void>;
}

interface Script {
  readonly pieces: readonly string[];
  /** Behind them: nothing more, a connection that breaks, or the end without a closed connection. */
  readonly after: "silence" | "break" | "done";
}

let model: EndlessModel;
let samples: Samples;
let state: TempFolder;
let program: Program;
let port: number;
beforeAll(async () => {
  [model, samples, state] = await Promise.all([
    startModel(),
    makeSamples(["faq"]),
    makeTempFolder(),
  ]);
  port = await findPort();
  const settings = {
    ADMIN_TOKEN: TOKEN,
    AUTH: "off",
    CHAT_MODEL: "endless",
    OUTPUT_TOKENS_MAX: "8000",
    OPENAI_BASE_URL: `http://127.0.0.1:${model.port}/v1`,
    SEARCH_TIMEOUT_MS: "20000",
    RUNS_MAX: "1",
    RUN_QUEUE_TIMEOUT_MS: "20000",
    // In a silent stream the runtime sees a reset with the next write.
    PING_INTERVAL_MS: "1000",
  };
  const vars = Object.entries(settings).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
  const place = ["--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"];
  const args = ["dev", ...place, "--persist-to", state.path, ...vars];
  program = startProgram("scripts/edge.ts", args, { HOME: state.path });
  await program.printed("Ready on");
  await pushSample(samples, "faq", `http://127.0.0.1:${port}`);
});
afterAll(async () => {
  program.kill("SIGTERM");
  await program.exit;
  await model.close();
  await Promise.all([samples[Symbol.asyncDispose](), state[Symbol.asyncDispose]()]);
});

test("a client that resets its connection in mid-answer ends the call of the model", async () => {
  const before = model.calls.length;
  const client = connectRaw(port);
  client.send(toRequest({ question: "What is a deadline?" }));
  await client.sees("event: text-delta");
  expect(model.calls).toHaveLength(before + 1);
  expect(model.calls[before]?.isOver).toBe(false);
  client.reset();
  await until(() => model.calls[before]?.isOver === true);
});

test("the next one in the queue gets the place of the one that left, and is itself ended with its client", async () => {
  const before = model.calls.length;
  const [first, second] = [connectRaw(port), connectRaw(port)];
  first.send(toRequest({ question: "What is a retry?" }));
  await first.sees("event: text-delta");
  second.send(toRequest({ question: "What is a breaker?" }));
  await expect.poll(() => readGauge("waiting")).toBe("1");
  first.reset();
  await second.sees("event: text-delta");
  expect(model.calls).toHaveLength(before + 2);
  second.reset();
  await until(() => model.calls.every(({ isOver }) => isOver));
  await expect.poll(() => readGauge("running")).toBe("0");
});

test("a deadline ends the answer with its event, and the call with it", async () => {
  const before = model.calls.length;
  await using client = connectRaw(port);
  client.send(toRequest({ question: "What is a timeout?", deadlineMs: 3_000 }));
  await client.sees("event: run-end");
  expect(client.received()).toContain('"outcome":"expired"');
  await until(() => model.calls[before]?.isOver === true);
});

const PIECES = Array.from({ length: 30 }, (_, index) => `word${index} `);
const MANY = Array.from({ length: 4_000 }, (_, index) => `word${index} `);

test("the words of a model that falls silent are shown, the last ones too, and the call ends with its client", async () => {
  const before = model.calls.length;
  model.script = { pieces: PIECES, after: "silence" };
  const client = connectRaw(port);
  client.send(toRequest({ question: "What is a deadline?" }));
  await until(() => readText(client.received()).includes("word29"));
  expect(readText(client.received()).trimEnd()).toBe(PIECES.join("").trimEnd());
  expect(model.calls[before]?.isOver).toBe(false);
  client.reset();
  await until(() => model.calls[before]?.isOver === true);
});

test("a model that breaks off has all its words shown before the answer fails", async () => {
  model.script = { pieces: PIECES, after: "break" };
  await using client = connectRaw(port);
  client.send(toRequest({ question: "What is a deadline?" }));
  await client.sees("event: run-end");
  expect(readText(client.received()).trimEnd()).toBe(PIECES.join("").trimEnd());
  expect(client.received()).toContain('"code":"upstream_truncated"');
});

test.each([
  ["at the model's pace", PIECES],
  ["more than is gathered at once", MANY],
])("an answer whose connection stays open is whole and ends the call: %s", async (_, pieces) => {
  const before = model.calls.length;
  model.script = { pieces, after: "done" };
  await using client = connectRaw(port);
  client.send(toRequest({ question: "What is a deadline?" }));
  await client.sees("event: run-end");
  expect(client.received()).toContain('"outcome":"finished"');
  expect(readText(client.received()).trimEnd()).toBe(pieces.join("").trimEnd());
  expect(client.received().split("event: run-end")).toHaveLength(2);
  await until(() => model.calls[before]?.isOver === true);
});

test("the Worker answers the next one", async () => {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect(await response.json()).toMatchObject({ status: "ready" });
  await until(() => program.stdout().includes('"outcome":"cancelled"')); // its bookkeeping was finished
});

async function readGauge(what: "running" | "waiting"): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return new RegExp(`^tributary_runs_${what} (\\d+)`, "m").exec(await response.text())?.[1];
}

/** The words in the text deltas so far. */
function readText(received: string): string {
  return [...received.matchAll(/^event: text-delta\n(?:id: .*\n)?data: (.*\})$/gm)]
    .map(([, json = ""]) => (JSON.parse(json) as { readonly text: string }).text)
    .join("");
}

function toRequest(body: object): string {
  const json = JSON.stringify(body);
  const head = [
    "POST /v1/ask HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Accept: text/event-stream",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(json)}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${json}`;
}

async function startModel(): Promise<EndlessModel> {
  const calls: { isOver: boolean }[] = [];
  const server: Server = createServer((request, response) => {
    request.resume();
    const call = { isOver: false };
    calls.push(call);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const write = (delta: object, finish: string | null = null): void => {
      const choices = [{ index: 0, delta, finish_reason: finish }];
      const chunk = {
        id: "c",
        object: "chat.completion.chunk",
        created: 0,
        model: "endless",
        choices,
      };
      response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    };
    write({ role: "assistant", content: "" });
    const { script } = model;
    model.script = undefined;
    const timer =
      script === undefined
        ? setInterval(() => write({ content: "A deadline is an instant. [1] " }), 50)
        : play(script, write, response);
    response.on("close", () => {
      clearInterval(timer);
      call.isOver = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    script: undefined,
    calls,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A piece every five milliseconds, or all at once where there are many. */
function play(
  { pieces, after }: Script,
  write: (delta: object, finish?: string) => void,
  response: ServerResponse,
): NodeJS.Timeout {
  const rest = [...pieces];
  const timer = setInterval(() => {
    const isMany = pieces.length > 1_000;
    for (const content of rest.splice(0, isMany ? 500 : 1)) write({ content });
    if (rest.length > 0) return;
    clearInterval(timer);
    // A FIN in the middle of the body: an RST would take what has not been read yet with it.
    if (after === "break") response.socket?.end();
    if (after !== "done") return;
    write({}, "stop");
    response.write("data: [DONE]\n\n");
  }, 5);
  return timer;
}

/** Ends with the test's own time limit when it never comes true. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(50);
}
