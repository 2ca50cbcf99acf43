/**
 * The adapters over the runtime's own clients of Workers AI and Vectorize, which are part of workerd, in workerd. What
 * the platform would have behind them is a server here that answers as the documentation says; the real service it is not.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DIMENSIONS } from "../conformance/store-data.ts";
import { makeTempFolder } from "../support/local-store.ts";

interface Sent {
  readonly path: string;
  readonly model: string | undefined;
  readonly body: string;
  /** Whether the client left before it was answered. */
  hasLeft: boolean;
}

const place = (position: number) => ({ document: "a", position });
/** By model of Workers AI, or by path of the index. */
const REPLIES: Readonly<Record<string, readonly [status: number, body: object | string]>> = {
  "@cf/test/good": [
    200,
    {
      shape: [2, 2],
      data: [
        [3, 4],
        [1, 0],
      ],
      pooling: "mean",
    },
  ],
  "@cf/test/busy": [429, { internalCode: 3040, name: "OutOfCapacity", description: "secret" }],
  "@cf/test/html": [200, "<html>"],
  "@cf/test/rerank": [
    200,
    {
      response: [
        { id: 1, score: 0.9 },
        { id: 0, score: 0.2 },
      ],
    },
  ],
  "/info": [200, { dimensions: DIMENSIONS, vectorCount: 2 }],
  "/upsert": [200, { mutationId: "m1" }],
  "/query": [
    200,
    {
      count: 2,
      matches: [
        { id: "x", score: 0.9, metadata: place(1) },
        { id: "y", score: 0.5, metadata: place(0) },
      ],
    },
  ],
};

const sent: Sent[] = [];
let folder: Awaited<ReturnType<typeof makeTempFolder>>;
let platform: Server;
let runtime: ChildProcess;
let url: string;

beforeAll(async () => {
  folder = await makeTempFolder();
  platform = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => platform.listen(0, "127.0.0.1", resolve));
  await writeFile(join(folder.path, "worker.js"), await bundleWorker());
  const { port } = platform.address() as AddressInfo;
  await writeFile(join(folder.path, "config.capnp"), toConfig(port));
  url = await startRuntime(folder.path);
});
afterAll(async () => {
  runtime.kill();
  platform.closeAllConnections();
  platform.close();
  await folder[Symbol.asyncDispose]();
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const part of request) body += String(part);
  const model = request.headers["cf-consn-model-id"]?.toString();
  const path = request.url ?? "";
  const one: Sent = { path, model, body, hasLeft: false };
  sent.push(one);
  response.on("close", () => (one.hasLeft = !response.writableFinished));
  const [status, reply] = REPLIES[model ?? path] ?? [0, ""];
  if (status === 0) return; // it hangs
  const isJson = typeof reply === "object";
  response.writeHead(status, { "content-type": isJson ? "application/json" : "text/html" });
  response.end(isJson ? JSON.stringify(reply) : reply);
}

async function bundleWorker(): Promise<Uint8Array> {
  const result = await build({
    entryPoints: ["test/edge/bindings-worker.ts"],
    bundle: true,
    format: "esm",
    write: false,
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd"],
    logLevel: "silent",
  });
  return result.outputFiles[0]?.contents ?? new Uint8Array();
}

/** The clients are internal modules of the runtime, handed what they call over. */
function toConfig(port: number): string {
  const fetcher = '(name = "fetcher", service = "platform")';
  const index =
    '(name = "indexId", text = "x"), (name = "indexVersion", text = "v2"), (name = "useNdJson", json = "true")';
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "2026-11-01",
      bindings = [
        (name = "AI", wrapped = (moduleName = "cloudflare-internal:ai-api", innerBindings = [${fetcher}])),
        (name = "VECTORIZE", wrapped = (moduleName = "cloudflare-internal:vectorize-api", innerBindings = [${fetcher}, ${index}])),
      ])),
    (name = "platform", external = (address = "127.0.0.1:${port}", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
);
`;
}

async function startRuntime(cwd: string): Promise<string> {
  const nearWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
  const { default: program } = nearWrangler("workerd") as { default: string };
  runtime = spawn(program, ["serve", "config.capnp", "--control-fd=3"], {
    cwd,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const control = runtime.stdio[3] as Readable;
  for await (const part of control) {
    const port = /"port":(\d+)/.exec(String(part))?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
  }
  throw new Error("the runtime did not start");
}

const call = async (path: string): Promise<unknown> => (await fetch(`${url}${path}`)).json();
const last = (): Sent => {
  const one = sent.at(-1);
  if (one === undefined) throw new Error("nothing was sent");
  return one;
};

describe("Workers AI", () => {
  test("embeds", async () => {
    const value = [
      [Math.fround(0.6), Math.fround(0.8)],
      [1, 0],
    ];
    expect(await call("/embed")).toEqual({ value });
    expect(last().model).toBe("@cf/test/good");
    expect(JSON.parse(last().body)).toEqual({ inputs: { text: ["a", "bb"] }, options: {} });
  });

  test("reranks", async () => {
    expect(await call("/rerank")).toEqual({ value: [0.2, 0.9] });
    const contexts = [{ text: "a" }, { text: "b" }];
    const inputs = { query: "why?", contexts, top_k: 2 };
    expect(JSON.parse(last().body)).toEqual({ inputs, options: {} });
  });

  test("says that it has no capacity, and not in its own words", async () => {
    const answered = await call("/busy");
    expect(answered).toMatchObject({ code: "upstream_rate_limited" });
    expect(JSON.stringify(answered)).not.toContain("secret");
  });

  test("that answers with a page answers nothing", async () => {
    expect(await call("/html")).toMatchObject({ code: "upstream_bad_response" });
  });

  test("is left when nobody waits for it any more", async () => {
    expect(await call("/hang")).toMatchObject({ code: "cancelled" });
    await expect.poll(() => last().hasLeft).toBe(true);
  });
});

describe("Vectorize", () => {
  test("tells how it is", async () => {
    expect(await call("/check")).toEqual({});
    expect(last().path).toBe("/info");
  });

  test("takes vectors", async () => {
    expect(await call("/put")).toEqual({});
    expect(last().path).toBe("/upsert");
    const lines = last()
      .body.split("\n")
      .map((line) => JSON.parse(line) as { values: number[] });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ metadata: place(1), namespace: expect.any(String) });
    expect(lines[1]?.values).toHaveLength(DIMENSIONS);
  });

  test("finds them", async () => {
    const value = [
      { row: "row 1", score: 0.9 },
      { row: "row 0", score: 0.5 },
    ];
    expect(await call("/search")).toEqual({ value });
    const body = JSON.parse(last().body) as object;
    expect(body).toMatchObject({ topK: 2, returnMetadata: "indexed" });
  });
});
