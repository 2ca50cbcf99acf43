/** The page at `/docs` and its examples, each of which is run here against a server. */
import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { readFileSync } from "node:fs";
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { addApiPages, createOpenApi } from "../../../src/http/openapi/routes.ts";
import { readExamples } from "../../../src/node/load/read-examples.ts";
import { makeApp, makeService, recordLog, serveTest } from "../../support/app.ts";
import { API_FACTS } from "../../support/api-document.ts";

const log = recordLog();
const examples = await readExamples(log);
const app = addApiPages(makeApp(makeService()), API_FACTS, examples);
const response = await app.request("/docs");
const text = await response.text();
const { document } = parseHTML(text);
const api = createOpenApi(API_FACTS);

test("the page may load styles, fonts and pictures from here, and runs nothing", () => {
  const policy = response.headers.get("Content-Security-Policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/script-src|unsafe|https?:/);
  expect(response.headers.get("Content-Type")).toContain("text/html");
  expect(text).not.toMatch(/<script|style="| on\w+="/);
  const addresses = [...text.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, address]) => address);
  for (const address of addresses) expect(address).toMatch(/^\//);
});

test("what the page loads is there", async () => {
  for (const link of document.querySelectorAll("link")) {
    expect((await app.request(link.getAttribute("href") ?? "")).status).toBe(200);
  }
});

test("every operation, schema and status of the document is on the page, and every link leads somewhere", () => {
  const operations = Object.values(api.paths).flatMap((path) => Object.values(path));
  for (const operation of operations) {
    const { operationId, responses } = operation as { operationId: string; responses: object };
    const article = document.getElementById(operationId);
    for (const status of Object.keys(responses)) expect(article?.textContent).toContain(status);
  }
  for (const name of Object.keys(api.components.schemas)) {
    expect(document.getElementById(`schema-${name}`)).not.toBeNull();
  }
  const anchors = [...document.querySelectorAll('a[href^="#"]')];
  expect(anchors.length).toBeGreaterThan(100);
  for (const anchor of anchors) {
    expect(document.getElementById((anchor.getAttribute("href") ?? "").slice(1))).not.toBeNull();
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("what a description holds is text, whatever it looks like", async () => {
  const hostile = { ...api, info: { ...api.info, summary: "<script>alert(1)</script>" } };
  const { toDocsPage } = await import("../../../src/http/openapi/docs/page.ts");
  expect(await toDocsPage(hostile, {})).not.toContain("<script");
});

test("every field of a question is described", () => {
  const { properties } = api.components.schemas["Ask"] as { properties: Record<string, object> };
  for (const field of Object.values(properties)) expect(field).toHaveProperty("description");
});

const run = promisify(execFile);
const isThere = (command: string): boolean => spawnSync(command, ["--version"]).status === 0;
const RUNNERS = { sh: "sh", ts: process.execPath, py: "python3" } as const;
const NEEDS = { sh: "curl", ts: process.execPath, py: "python3" } as const;
/** What shows that an example came to its end, by what our scripted run answers. */
const SHOWN: Readonly<Record<string, RegExp>> = {
  ask: /finished/,
  search: /\bA\b/,
  explain: /in the context/,
  getRunEvents: /run-end/,
  listCollections: /guide/,
  createChatCompletion: /Timeouts are limits/,
};
const files = Object.entries(examples).flatMap(([operation, byLanguage]) =>
  Object.keys(byLanguage).map((language) => ({
    operation,
    language: language as keyof typeof RUNNERS,
  })),
);

describe("examples", () => {
  test("all operations with examples have them in every language, and nothing is in the log", () => {
    expect(Object.keys(examples).toSorted()).toEqual(Object.keys(SHOWN).toSorted());
    expect(files).toHaveLength(Object.keys(SHOWN).length * 3);
    expect(log.lines).toEqual([]);
  });

  for (const { operation, language } of files) {
    const name = `data/examples/${operation}.${language}`;
    const command = NEEDS[language];
    const isHere = isThere(command);
    if (!isHere) console.warn(`${name} is NOT RUN: there is no ${command} here`);
    test.runIf(isHere)(`${name} runs, and is on the page`, async () => {
      await using served = await serveTest(makeService());
      const { stdout } = await run(RUNNERS[language], [name], {
        env: { ...process.env, TRIBUTARY_URL: served.url },
        timeout: 100_000,
      });
      expect(stdout).toMatch(SHOWN[operation] ?? /^$/);
      const shown = document.getElementById(operation)?.textContent ?? "";
      expect(shown).toContain(readFileSync(name, "utf8").trim());
    });
  }
});
