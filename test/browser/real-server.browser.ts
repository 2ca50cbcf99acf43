/** The playground on the service as people start it: samples in a folder of their own, with and without a slow model. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Settings } from "../../scripts/chaos/settings.ts";
import { startUpstream } from "../../scripts/chaos/upstream.ts";
import { ask, openPage, startBrowser, waitForEnd, watchShifts } from "../support/browser.ts";
import { makeTempFolder, type TempFolder } from "../support/local-store.ts";
import { type Program, runProgram, startProgram } from "../support/process.ts";

let browser: Browser;
let data: TempFolder;
beforeAll(async () => {
  [browser, data] = await Promise.all([startBrowser(), makeTempFolder()]);
});
afterAll(async () => {
  await browser?.close();
  await data?.[Symbol.asyncDispose]();
});

interface Served extends AsyncDisposable {
  readonly url: string;
}

async function serve(env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const program: Program = startProgram("src/node/main.ts", [], {
    PORT: "0",
    DATA_DIR: data.path,
    ...env,
  });
  await program.printed("Your own documents:");
  const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(program.stdout()) ?? [];
  return { url, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

async function serveWithModel(chat: Partial<Settings["chat"]>) {
  const upstream = await startUpstream({ settings: { chat } });
  const service = await serve({ OPENAI_BASE_URL: upstream.url, CHAT_MODEL: "slow" });
  return {
    upstream,
    url: service.url,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

test("a question about the samples is answered, cited and checked; its evidence is in its source", async () => {
  await using service = await serve();
  await using opened = await openPage(browser, service.url);
  const { page, said } = opened;
  expect(await page.locator("#chips .chip").allTextContents()).toEqual([
    "faq",
    "guide",
    "handbook",
  ]);
  await page.getByRole("button", { name: "Why should retries use jitter?" }).click();
  await page.getByText("Every sentence is supported by its sources.").waitFor();
  const sentence = await page.locator(".sentence.supported").first().textContent();
  await page.locator("#answer .cite").first().click();
  expect(await page.locator("mark.chosen").textContent()).toBe(sentence);
  expect(await page.locator("#ledger tr").count()).toBe(6);
  expect(await page.locator("#timeline .critical").count()).toBeGreaterThan(2);
  await page.locator("#chips .chip", { hasText: "guide" }).click();
  await page.locator("#chips .chip", { hasText: "faq" }).click();
  await ask(page, "Who won the football world cup in 1998?");
  await page.getByText("No evidence", { exact: true }).waitFor();
  expect(await page.locator("#ledger th").allTextContents()).toEqual(["handbook", "handbook"]);
  expect(said).toEqual([]);
});

test("a service with keys asks for one, takes it for this tab, and shows what the key may see", async () => {
  await using folder = await makeTempFolder();
  const env = { DATA_DIR: data.path, API_KEYS_FILE: `${folder.path}/keys.json` };
  const args = ["create", "--name", "page", "--collections", "handbook"];
  const { stdout } = await runProgram("src/node/keys.ts", args, env);
  const [key = ""] = /trib_\w+/.exec(stdout) ?? [];
  await using service = await serve(env);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(service.url);
  const field = page.getByLabel("This service asks for an API key");
  await field.fill(key);
  await field.press("Enter");
  await page.locator("#chips .chip").first().waitFor();
  expect(await page.locator("#chips .chip").allTextContents()).toEqual(["handbook"]);
  await ask(page, "Why should retries use jitter?");
  await page.getByText("Every sentence is supported by its sources.").waitFor();
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([
    expect.any(Number),
    1,
  ]);
  await context.close();
});

test("a slow model is watched while it writes, nothing moves, and Stop reaches the model", async () => {
  await using service = await serveWithModel({ content: "words", tokens: 2000, deltaMs: 10 });
  await using opened = await openPage(browser, service.url, { reducedMotion: "reduce" });
  const { page, said } = opened;
  await ask(page, "Why should retries use jitter?");
  await page.locator("#answer p").first().waitFor();
  const readShifts = await watchShifts(page);
  const length = async (): Promise<number> =>
    (await page.locator("#answer").textContent())?.length ?? 0;
  const before = await length();
  await expect.poll(length).toBeGreaterThan(before + 500);
  expect(await readShifts()).toEqual([]);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped", { exact: true }).waitFor();
  await expect
    .poll(() => service.upstream.journal.entries.find(({ on }) => on === "chat")?.end)
    .toBe("left");
  expect(said).toEqual([]);
});

test("a model's answer is cited and checked as it streams, in the mode with tools too", async () => {
  await using service = await serveWithModel({ content: "grounded", deltaMs: 2 });
  await using opened = await openPage(browser, service.url);
  const { page, said } = opened;
  for (const mode of ["Direct", "Agent"]) {
    await page.getByText(mode, { exact: true }).click();
    await ask(page, "Why should retries use jitter?");
    await page.locator("#answer .cite").first().waitFor();
    await waitForEnd(page);
    await page.locator("#facts", { hasText: mode.toLowerCase() }).waitFor({ state: "attached" });
    expect(await page.locator(".sentence").count()).toBeGreaterThan(0);
  }
  expect(said).toEqual([]);
});
