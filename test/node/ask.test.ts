import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunEvent, RunRecord } from "../../src/domain/event.ts";
import { Explanation } from "../../src/domain/explanation.ts";
import { makeEnd, makeService, play, retrievalEnd, runStart, serveTest } from "../support/app.ts";
import { makeLocalStore, makeTempFolder, type TempFolder } from "../support/local-store.ts";
import { runProgram } from "../support/process.ts";

const ASK = "src/node/ask.ts";
const QUESTION = "Why do retries use jitter?";

let folder: TempFolder;
beforeAll(async () => {
  folder = await makeLocalStore();
});
afterAll(() => folder[Symbol.asyncDispose]());

const ask = (...args: string[]) => runProgram(ASK, args, { DATA_DIR: folder.path });

test("prints the answer and its numbered sources", async () => {
  const { code, stdout, stderr } = await ask(QUESTION);
  expect(stderr).toBe("");
  expect(stdout).toContain(
    "Retries use jitter so that clients do not come back at the same moment. [1]",
  );
  expect(stdout).toContain("[1] Retries › Jitter  (guide: retries.md, page 2)");
  expect(stdout).not.toContain("Timeline");
  expect(code).toBe(0);
});

test("--verbose also prints the legs and the timeline", async () => {
  const { code, stdout } = await ask(QUESTION, "--verbose", "--collection", "guide");
  expect(code).toBe(0);
  for (const word of ["guide/keyword", "guide/vector", "kept", "Timeline", "embed"]) {
    expect(stdout).toContain(word);
  }
});

test("--json prints the whole run", async () => {
  const { code, stdout } = await ask(QUESTION, "--json");
  expect(code).toBe(0);
  expect(RunRecord.parse(JSON.parse(stdout)).citations).toHaveLength(1);
});

test("a value is printed with the passages that its leaves rest on", async () => {
  const evidence = { documentId: "a.md", start: 0, end: 8 };
  const end = makeEnd({
    output: { what: "limits", hours: 3 },
    outputChecks: [
      { pointer: "/what", verdict: "supported", citations: [{ label: 1, evidence }] },
      { pointer: "/hours", verdict: "unsupported", citations: [] },
    ],
  });
  const service = makeService({
    modes: ["direct", "agent"],
    answer: play([runStart, retrievalEnd, end]),
  });
  await using server = await serveTest(service);
  const schema = join(folder.path, "schema.json");
  await writeFile(schema, '{"type":"object"}');
  const { code, stdout } = await ask(QUESTION, "--url", server.url, "--schema", schema);
  expect(service.asked[0]?.output).toEqual({ schema: { type: "object" } });
  expect(stdout).toContain('{\n  "what": "limits",  [1]\n  "hours": 3  (unsupported)\n}\n');
  expect(stdout).toContain("Sources\n  [1] A › Timeouts  (guide: a.md)");
  expect(code).toBe(0);
});

test("--explain says how far a document came, and what could be changed", async () => {
  const used = await ask("--explain", "retries.md", QUESTION);
  expect(used.stderr).toBe("");
  expect(used.stdout).toContain("Retries (guide: retries.md)\nIt is in the context");
  expect(used.stdout).toMatch(/used as \[1\] +keyword 1 \([\d.]+\)/);
  expect(used.code).toBe(0);
  const asked = await ask("--explain", "retries.md", QUESTION, "--json");
  expect(Explanation.parse(JSON.parse(asked.stdout)).stage).toBe("used");
});

test("--explain of a document that is not there is an error", async () => {
  const { code, stdout, stderr } = await ask("--explain", "none.md", QUESTION);
  expect(stdout).toBe("");
  expect(stderr).toContain("no document of this id in guide");
  expect(code).toBe(1);
});

test("--explain asks a server as well", async () => {
  await using server = await serveTest(makeService());
  const { code, stdout } = await ask("--explain", "a.md", QUESTION, "--url", server.url);
  expect(stdout).toContain("It is in the context, as [1].");
  expect(code).toBe(0);
});

test("no evidence is said once and has an exit code of its own", async () => {
  const empty: RunEvent = { type: "retrieval-end", passages: [] };
  const text = { type: "text-delta", text: "The documents hold no answer." } as const;
  const service = makeService({
    answer: play([runStart, empty, text, makeEnd({ grounding: "no-evidence" })]),
  });
  await using server = await serveTest(service);
  const { code, stdout } = await ask(QUESTION, "--url", server.url);
  expect(stdout.trim()).toBe(text.text);
  expect(code).toBe(3);
});

const refusals: readonly { name: string; args: string[]; code: number; says: string }[] = [
  {
    name: "a schema that is none",
    args: ["--schema", "README.md", "why"],
    code: 2,
    says: "cannot be read as JSON",
  },
  { name: "an unknown option", args: ["--verbos", "x"], code: 2, says: "option '--verbos'" },
  { name: "no value", args: ["x", "--collection"], code: 2, says: "<value>' argument missing" },
  {
    name: "a name that is none",
    args: ["--collection", "../x", "why"],
    code: 2,
    says: "is not a collection name",
  },
  {
    name: "an unknown collection",
    args: ["--collection", "nope", "why"],
    code: 1,
    says: "there are: guide",
  },
  {
    name: "an address that is none",
    args: ["--url", "localhost", "why"],
    code: 2,
    says: "--url takes the address",
  },
  {
    name: "a server that is not there",
    args: ["--url", "http://127.0.0.1:4", "why"],
    code: 1,
    says: "at http://127.0.0.1:4 (ECONNREFUSED); is it running?",
  },
];
test.each(refusals)("$name is refused", async ({ args, code, says }) => {
  const ended = await ask(...args);
  expect(ended.stderr).toContain(says);
  expect(ended.stderr).not.toContain("    at ");
  expect(ended.code).toBe(code);
});

test("without a question its use is shown, whatever is in the store", async () => {
  await using empty = await makeTempFolder();
  for (const args of [[], ["--json"], ["--explain", "retries.md", " "]]) {
    const { code, stdout, stderr } = await runProgram(ASK, args, { DATA_DIR: empty.path });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("a question is missing\n\nUsage: pnpm ask");
  }
});

test("an empty store says how to fill it", async () => {
  await using empty = await makeTempFolder();
  const { code, stderr } = await runProgram(ASK, [QUESTION], { DATA_DIR: empty.path });
  expect(stderr).toContain("pnpm ingest");
  expect(code).toBe(1);
});

test("a redirect is told and not followed: neither the question nor the key goes where it was not sent", async () => {
  const elsewhere: string[] = [];
  const other = createServer((request, response) => {
    elsewhere.push(`${request.method} ${request.url}`);
    response.end();
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const to = `http://127.0.0.1:${(other.address() as AddressInfo).port}/v1/ask`;
  for (const status of [301, 307]) {
    const server = createServer((_request, response) =>
      response.writeHead(status, { Location: to }).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ended = await runProgram(ASK, [QUESTION, "--url", url], { API_KEY: "trib_secret" });
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain(`the server answered ${status} and names another address`);
    expect(ended.stderr).toContain(`--url ${to}`);
    server.close();
  }
  other.close();
  expect(elsewhere).toEqual([]);
});

test("a running server is asked with --url, and the local store is not touched", async () => {
  await using server = await serveTest(makeService());
  const env = { DATA_DIR: "package.json" };
  const { code, stdout, stderr } = await runProgram(ASK, [QUESTION, "--url", server.url], env);
  expect(stderr).toBe("");
  expect(stdout).toContain("Timeouts are limits. [1]");
  expect(stdout).toContain("[1] A › Timeouts  (guide: a.md)");
  expect(code).toBe(0);
});

const cuts: readonly (readonly [string, (response: ServerResponse, text: string) => void])[] = [
  ["ends", (response, text) => response.end(text)],
  ["is reset", (response, text) => response.write(text, () => response.socket?.resetAndDestroy())],
];
test.each(cuts)("a stream that %s without its last event is a failure", async (_, end) => {
  const text = [runStart, retrievalEnd, { type: "text-delta", text: "Timeouts" }]
    .map((event) => `data: ${JSON.stringify(event)}\n\n`)
    .join("");
  const cut = createServer((_request, response) => {
    end(response.writeHead(200, { "Content-Type": "text/event-stream" }), text);
  });
  await new Promise<void>((resolve) => cut.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(cut.address() as AddressInfo).port}`;
  const { code, stderr } = await ask(QUESTION, "--url", url);
  cut.close();
  expect(stderr).toBe("tributary: the answer broke off: the stream ended without its last event\n");
  expect(code).toBe(1);
});

test("what the server refuses is said in its words", async () => {
  await using server = await serveTest(makeService());
  const { code, stderr } = await ask("--url", server.url, "--collection", "UPPER", "why");
  expect(stderr).toContain("collections[0] is not a collection name");
  expect(code).toBe(2);
});

test("control characters of an answer never reach the terminal", async () => {
  const evil = { type: "text-delta", text: "a\u001b]0;title\u0007b\u202e" } as const;
  const service = makeService({ answer: play([runStart, retrievalEnd, evil]) });
  await using server = await serveTest(service);
  const { stdout } = await ask(QUESTION, "--url", server.url);
  expect(stdout).toContain("a\\u{1b}]0;title\\u{7}b\\u{202e}");
});

test("a doubt is said as one, and not as something that is missing", async () => {
  const end = makeEnd({ degraded: ["uncertain", "rerank_skipped"] });
  const service = makeService({ answer: play([runStart, retrievalEnd, end]) });
  await using server = await serveTest(service);
  const { stdout } = await ask(QUESTION, "--url", server.url);
  expect(stdout).toContain("It is not sure that these sentences answer the question.\n");
  expect(stdout).toContain("Made without: rerank_skipped; --verbose tells more\n");
});

test("nor do those of its failure", async () => {
  const error = { code: "internal", retryable: false, detail: "evil\u001b[2J" } as const;
  const end = makeEnd({ outcome: "failed", error });
  const service = makeService({ answer: play([runStart, retrievalEnd, end]) });
  await using server = await serveTest(service);
  const { stderr } = await ask(QUESTION, "--url", server.url);
  expect(stderr).toContain("evil\\u{1b}[2J");
});

test("a reader that has had enough is no failure", async () => {
  const line = `"${process.execPath}" ${ASK} "${QUESTION}" --verbose | head -c 1; echo " \${PIPESTATUS[0]}"`;
  const env = { PATH: process.env["PATH"] ?? "", DATA_DIR: folder.path };
  const { stdout, stderr } = await promisify(execFile)("bash", ["--norc", "-c", line], { env });
  expect(stderr).toBe("");
  expect(stdout).toBe("R 0\n");
});
