import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { runStep } from "../../../src/agent/step.ts";
import { loadTools } from "../../../src/node/load/load-tools.ts";
import { createTestRun } from "../../support/run.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  delete process.env["ORDERS_URL"];
  for (const clean of cleanups.splice(0)) await clean();
});

async function write(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-tools-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "tools.mjs");
  await writeFile(file, text);
  return file;
}

describe("a file of tools", () => {
  test("is not needed", async () => {
    expect(await loadTools(undefined)).toEqual([]);
  });

  test.each([
    ["does not exist", undefined, "cannot be read"],
    ["is no module", "export const tools = [", "TOOLS_FILE"],
    ["throws", 'throw new Error("no key is set")', "no key is set"],
    ["exports nothing", "export const other = 1;", "no list called `tools`"],
    ["holds what is no tool", "export const tools = [{ name: 'a' }];", "a: "],
  ])("that %s is refused at the start", async (_, text, reason) => {
    const file = text === undefined ? "/nowhere/tools.ts" : await write(text);
    await expect(loadTools(file)).rejects.toMatchObject({
      code: "invalid_request",
      detail: expect.stringContaining(reason),
    });
  });
});

describe("the example in docs", () => {
  async function serve(listener: RequestListener): Promise<{ left: Promise<void> }> {
    const left = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      response.once("close", () => {
        if (!response.writableEnded) left.resolve();
      });
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    process.env["ORDERS_URL"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { left: left.promise };
  }

  async function call(args: object, parent = new AbortController().signal) {
    const tools = await loadTools("docs/tools-example.ts");
    const run = createTestRun({}, parent);
    const calls = [{ id: "c1", name: "order_status", arguments: JSON.stringify(args) }];
    const replies = await runStep(calls, {
      run,
      tools,
      step: 1,
      budget: { takeCallOf: () => true },
      wrong: new Map(),
      spent: new Set(),
      addPassages: (found) => Promise.resolve(found),
    });
    return { content: replies[0]?.content ?? "", last: run.events.at(-1), degraded: run.degraded };
  }

  test("asks over HTTP, and what it brings can be cited", async () => {
    await serve((request, response) => {
      expect(request.url).toBe("/orders/A17");
      response.end(JSON.stringify({ id: "A17", status: "on its way", shippedOn: "2026-11-03" }));
    });
    const { content } = await call({ id: "A17" });
    expect(content).toContain("Order A17 is on its way. It was shipped on 2026-11-03.");
    expect(content).toContain('"label":1');
  });

  test("an order that is not there may be asked for again, a service that is down may not", async () => {
    await serve((_, response) => void response.writeHead(404).end());
    expect((await call({ id: "A17" })).last).toMatchObject({ code: "tool_retry", retry: true });
    await serve((_, response) => void response.writeHead(500).end());
    expect((await call({ id: "A17" })).last).toMatchObject({ code: "tool_failed", retry: false });
    process.env["ORDERS_URL"] = "http://127.0.0.1:1";
    const { last, degraded } = await call({ id: "A17" });
    expect(last).toMatchObject({ code: "tool_failed", detail: "the orders cannot be reached" });
    expect(degraded).toEqual(["tool_failed:order_status"]);
  });

  test("a run that ends closes its connection", async () => {
    const leaving = new AbortController();
    const { left } = await serve(() => leaving.abort());
    await expect(call({ id: "A17" }, leaving.signal)).rejects.toMatchObject({ code: "cancelled" });
    await left;
  });

  test("what is no order number never leaves the service", async () => {
    const { last } = await call({ id: "../admin" });
    expect(last).toMatchObject({ type: "tool-error", code: "invalid_arguments" });
  });
});
