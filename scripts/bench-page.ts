/**
 * How soon the playground can be used: `node scripts/bench-page.ts` starts the service on the samples and
 * opens the page several times in Chromium, each time with an empty cache. Prints JSON.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { startProgram } from "./bench-program.ts";
import { readCommandLine } from "./command-line.ts";

readCommandLine("node scripts/bench-page.ts", {});

const OPENINGS = 9;
const GOAL_MS = 1_000;
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

const executablePath = process.env["CHROMIUM"] ?? PLACES.find(existsSync);
if (executablePath === undefined) {
  console.error("there is no Chromium: install it or set CHROMIUM");
  process.exit(66);
}
const folder = await mkdtemp(join(tmpdir(), "tributary-bench-page-"));
try {
  await using service = await startProgram("../src/node/main.ts", { PORT: "0", DATA_DIR: folder });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const times: number[] = [];
  let bytes = 0;
  for (let opening = 0; opening < OPENINGS; opening += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Network.enable");
    bytes = 0;
    session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
    const startedMs = performance.now();
    await page.goto(`http://127.0.0.1:${service.port}/`);
    // The examples are there when the collections are; from then on everything answers.
    await page.locator("#examples button").first().waitFor();
    times.push(Math.round(performance.now() - startedMs));
    await context.close();
  }
  await browser.close();
  const interactiveMs = times.toSorted((a, b) => a - b)[OPENINGS >> 1];
  console.log(JSON.stringify({ interactiveMs, goalMs: GOAL_MS, times, bytesPlain: bytes }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
