/** The page at `/docs` in a real browser, without scripts, on a desk and on a phone, by day and by night. */
import type { Browser } from "playwright-core";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addApiPages } from "../../src/http/openapi/routes.ts";
import { readExamples } from "../../src/node/load/read-examples.ts";
import { makeApp, makeService, recordLog } from "../support/app.ts";
import { findBarriers, startBrowser } from "../support/browser.ts";
import { API_FACTS } from "../support/api-document.ts";

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 860 };

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => browser?.close());

async function serveDocs() {
  const app = addApiPages(makeApp(makeService()), API_FACTS, await readExamples(recordLog()));
  const answer = getRequestListener(app.fetch);
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/docs`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test.each(
  [DESK, PHONE].flatMap((viewport) =>
    (["light", "dark"] as const).map((colorScheme) => ({ viewport, colorScheme })),
  ),
)(
  "at $viewport.width pixels, $colorScheme, it fits, and axe finds nothing against it",
  async (options) => {
    await using served = await serveDocs();
    const context = await browser.newContext({ ...options, bypassCSP: true });
    try {
      const page = await context.newPage();
      await page.goto(served.url);
      await page.locator("#ask details").first().locator("summary").click();
      const { scrollWidth, clientWidth } = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return { scrollWidth, clientWidth };
      });
      expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
      expect(await findBarriers(page)).toEqual([]);
    } finally {
      await context.close();
    }
  },
);

test("without scripts, and within its own policy, it leads to a route and to a schema", async () => {
  await using served = await serveDocs();
  const context = await browser.newContext({ javaScriptEnabled: false, viewport: DESK });
  try {
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    const elsewhere: string[] = [];
    page.on("request", (request) => {
      if (!request.url().startsWith(new URL("/", served.url).href)) elsewhere.push(request.url());
    });
    await page.goto(served.url);
    await page.getByRole("link", { name: "Read a document", exact: true }).click();
    await page.locator("#getDocument:target").waitFor();
    await page.locator("#getDocument").getByRole("link", { name: "DocumentText" }).click();
    await page.locator("#schema-DocumentText:target").waitFor();
    await page.locator("#ask summary", { hasText: "Python" }).click();
    await page.locator("#ask pre", { hasText: "urlopen" }).waitFor();
    expect(said).toEqual([]);
    expect(elsewhere).toEqual([]);
  } finally {
    await context.close();
  }
});
