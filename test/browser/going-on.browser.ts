/** The playground where the connection does not hold, or the page itself is loaded anew in the middle of an answer. */
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import { goodRun, makeService, serveTest, type TestOptions } from "../support/app.ts";
import { ask, openPage, startBrowser } from "../support/browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => browser?.close());

const more: RunEvent = { type: "text-delta", text: " They last." };

const WHOLE = { text: "Timeouts are limits. [1] They last.", asked: 1 };

/** Passes everything on until it is told to cut what is connected. */
async function startWire(url: string) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A service whose answer waits in its middle, behind a wire that can be cut. */
async function open() {
  const held = Promise.withResolvers<void>();
  const signals: AbortSignal[] = [];
  const answer: TestOptions["answer"] = async function* (_ask, signal) {
    signals.push(signal);
    yield* goodRun.slice(0, -1);
    await Promise.race([
      held.promise,
      new Promise((resolve) => signal.addEventListener("abort", resolve)),
    ]);
    yield* [more, ...goodRun.slice(-1)];
  };
  const service = makeService({ answer });
  const server = await serveTest(service);
  const wire = await startWire(server.url);
  const opened = await openPage(browser, wire.url);
  const { page } = opened;
  await ask(page);
  await page.locator("#answer .cite").first().waitFor();
  return {
    page,
    signals,
    cut: wire.cut,
    goOn: held.resolve,
    readWhole: async () => {
      await page.locator("#status").getByText("Grounded", { exact: true }).waitFor();
      return { text: await page.locator("#answer").innerText(), asked: service.asked.length };
    },
    async [Symbol.asyncDispose]() {
      held.resolve();
      await opened[Symbol.asyncDispose]();
      await wire[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("an answer whose connection is cut goes on, and nothing of it is lost or comes twice", async () => {
  await using opened = await open();
  opened.cut();
  await opened.page.getByText("The connection is lost").waitFor();
  opened.goOn();
  expect(await opened.readWhole()).toEqual(WHOLE);
});

test("an answer whose browser was offline goes on when it is back", async () => {
  await using opened = await open();
  const { page } = opened;
  await page.context().setOffline(true);
  opened.cut();
  await page.getByText("The connection is lost").waitFor();
  opened.goOn();
  await page.context().setOffline(false);
  expect(await opened.readWhole()).toEqual(WHOLE);
});

test("a page that is loaded anew in the middle of an answer goes on with it, and keeps it once", async () => {
  await using opened = await open();
  const { page } = opened;
  await page.reload();
  await page.locator("#answer .cite").first().waitFor();
  expect(await page.getByLabel("Your question").inputValue()).toBe("What are timeouts?");
  opened.goOn();
  expect(await opened.readWhole()).toEqual(WHOLE);
  await page.getByRole("button", { name: "History" }).click();
  expect(await page.locator("#history-list .badge").allTextContents()).toEqual(["Grounded"]);
  await page.reload();
  await page.getByRole("heading", { name: "Ask your documents" }).waitFor();
});

test("a page that is loaded anew goes on also where the service is busy at first, or the run ended meanwhile", async () => {
  await using opened = await open();
  const { page } = opened;
  const events = "**/v1/runs/*/events";
  await page.route(events, (route) => route.fulfill({ status: 503, json: { title: "busy" } }));
  const refused = page.waitForResponse(events);
  await page.reload();
  await refused;
  opened.goOn();
  await page.unroute(events);
  expect(await opened.readWhole()).toEqual(WHOLE);
});

test("a run that the page gives up ends in the service too", async () => {
  await using opened = await open();
  const { page, signals } = opened;
  await page.route("**/v1/runs/*/events", (route) =>
    route.fulfill({ status: 403, json: { title: "not any more" } }),
  );
  opened.cut();
  await page.locator("#status").getByText("Broken off", { exact: true }).waitFor();
  await expect.poll(() => signals[0]?.aborted).toBe(true);
});

test("a run that is stopped ends in the service too, also when its connection was lost before", async () => {
  await using opened = await open();
  const { page, signals } = opened;
  opened.cut();
  await page.getByText("The connection is lost").waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.locator("#status").getByText("Stopped", { exact: true }).waitFor();
  await expect.poll(() => signals[0]?.aborted).toBe(true);
});
