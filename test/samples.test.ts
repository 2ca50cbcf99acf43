/** The samples keep what the README promises: its ten questions are answered from them, by the bundled parts alone. */
import { LOCAL_CALLER } from "../src/domain/caller.ts";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findFiles } from "../ingest/files/find-files.ts";
import { loadFile } from "../ingest/load/load-file.ts";
import { createLoadPool } from "../ingest/load/load-pool.ts";
import type { SyncReport } from "../ingest/sync/sync-plan.ts";
import { syncDocuments } from "../ingest/sync/sync.ts";
import { answer, type AnswerDeps } from "../src/answer.ts";
import { parseConfig } from "../src/config.ts";
import { toRunRecord } from "../src/http/response/run-record.ts";
import { createAskParser } from "../src/http/request/schemas.ts";
import { createAnswerDeps } from "../src/node/answer-deps.ts";
import { createEmbedders, createStore } from "../src/node/wire.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { makeTempFolder, type TempFolder } from "./support/local-store.ts";

const COLLECTIONS = ["handbook", "guide", "faq"];
/** What a good answer cannot do without. */
const QUESTIONS: readonly (readonly [question: string, expected: string])[] = [
  ["Why should retries use jitter?", "would otherwise all retry at the same moment"],
  ["What is the difference between a timeout and a deadline?", "a deadline is an instant"],
  ["When does a circuit breaker open?", "exceeds a threshold"],
  ["What does Little's law say?", "arrival rate times the average time"],
  ["How does a token bucket work?", "a request takes one token"],
  ["How do I ingest a folder of PDFs?", "pnpm ingest ./folder --collection NAME"],
  ["What does the ledger show?", "what each leg of the search came to"],
  ["How does Tributary merge the hits of several collections?", "by score"],
  ["Are my documents sent to a model provider?", "documents never leave the machine"],
  ["What is retrieval-augmented generation?", "passages are first retrieved"],
];
/** What the samples know nothing of. */
const UNANSWERABLE: readonly string[] = [
  "Who won the football world cup in 1998?",
  "How long do I boil an egg?",
  "What is the capital of Mongolia?",
];
/** The budgets of a run are for production; a busy machine may take longer for each part of one. */
const PATIENT = {
  EMBED_ATTEMPT_TIMEOUT_MS: "20000",
  EMBED_TIMEOUT_MS: "21000",
  SEARCH_TIMEOUT_MS: "25000",
  TAKE_TIMEOUT_MS: "25000",
  // Nor is a collection taken as it was last seen.
  STALE_MS_MAX: "0",
  RERANK_ATTEMPT_TIMEOUT_MS: "20000",
  RERANK_TIMEOUT_MS: "21000",
};
const { signal } = new AbortController();

let folder: TempFolder;
let deps: AnswerDeps;
const reports: SyncReport[] = [];

beforeAll(async () => {
  folder = await makeTempFolder();
  const config = parseConfig({ DATA_DIR: folder.path, ...PATIENT });
  const store = await createStore(config);
  const { bundled: embedder } = await createEmbedders(config);
  const pool = createLoadPool();
  for (const collection of COLLECTIONS) {
    const found = await findFiles([`data/${collection}`], { cwd: process.cwd() }, signal);
    const report = await syncDocuments(
      {
        store,
        embedder,
        load: (file, loading, bytes) => loadFile(file, pool, loading, bytes),
        read: () => undefined,
      },
      {
        collection,
        files: found.files,
        problems: found.skipped,
        covers: () => false,
        deleteMissing: false,
        dryRun: false,
        strict: false,
      },
      signal,
    );
    reports.push(report);
  }
  await pool.close();
  deps = await createAnswerDeps(config, silentLog);
});
afterAll(() => folder[Symbol.asyncDispose]());

test("every collection loads without a problem", () => {
  const outcomes = reports.map(({ outcome, problems }) => ({ outcome, problems }));
  expect(outcomes).toEqual(COLLECTIONS.map(() => ({ outcome: "finished", problems: [] })));
});

test("the README asks these ten questions", () => {
  const readme = readFileSync("README.md", "utf8");
  const asked = [...readme.matchAll(/^\d+\. (.+\?)$/gm)].map(([, question]) => question);
  expect(asked).toEqual(QUESTIONS.map(([question]) => question));
});

test.each(QUESTIONS)("%s", async (question, expected) => {
  const ask = createAskParser(deps.config)({ question }, { caller: LOCAL_CALLER });
  const record = await toRunRecord(answer(deps, ask, signal));
  expect(record).toMatchObject({ outcome: "finished", grounding: "grounded", degraded: [] });
  expect(record.answer).toContain(expected);
  expect(record.citations.length).toBeGreaterThan(0);
});

test("the README asks these questions that the samples cannot answer", () => {
  const readme = readFileSync("README.md", "utf8");
  const asked = [...readme.matchAll(/^- (.+\?)$/gm)].map(([, question]) => question);
  expect(asked).toEqual(UNANSWERABLE);
});

test.each(UNANSWERABLE)("no evidence: %s", async (question) => {
  const ask = createAskParser(deps.config)({ question }, { caller: LOCAL_CALLER });
  const record = await toRunRecord(answer(deps, ask, signal));
  expect(record).toMatchObject({ outcome: "finished", grounding: "no-evidence", citations: [] });
});

test("no answer quotes a column of the samples' tables", async () => {
  for (const [question] of QUESTIONS) {
    const ask = createAskParser(deps.config)({ question }, { caller: LOCAL_CALLER });
    expect((await toRunRecord(answer(deps, ask, signal))).answer).not.toContain("topic:");
  }
});

test("every collection is needed", async () => {
  const cited = new Set<string>();
  for (const [question] of QUESTIONS) {
    const ask = createAskParser(deps.config)({ question }, { caller: LOCAL_CALLER });
    const { citations, passages } = await toRunRecord(answer(deps, ask, signal));
    const labels = new Set(citations.map(({ label }) => label));
    for (const { label, collection } of passages) if (labels.has(label)) cited.add(collection);
  }
  expect([...cited].toSorted()).toEqual(COLLECTIONS.toSorted());
});
