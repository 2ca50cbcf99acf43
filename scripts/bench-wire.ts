/** What the wire formats cost a token, how soon a finished run is replayed, and what 10,000 kept runs take. */
import { readdir, readFile } from "node:fs/promises";
import { systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import { LOCAL_CALLER } from "../src/domain/caller.ts";
import type { Passage, RunEvent } from "../src/domain/event.ts";
import { createNativeWriter, type EventWriter } from "../src/http/formats/native.ts";
import { createOpenAiWriter } from "../src/http/formats/openai-response.ts";
import { createUiWriter } from "../src/http/formats/ui-response.ts";
import { createRunGate } from "../src/http/admission/run-gate.ts";
import { toArchiveLimits } from "../src/http/runs/archive.ts";
import { createRunSharing } from "../src/http/admission/run-sharing.ts";
import { createRunJournal } from "../src/http/runs/journal.ts";
import { createMemoryArchive } from "../src/http/runs/memory-archive.ts";
import { createAskParser } from "../src/http/request/schemas.ts";
import { createServiceApp } from "../src/app.ts";
import { zstdPacker } from "../src/node/files/zstd-packer.ts";
import type { Service } from "../src/http/service.ts";
import { createMemoryStore } from "../src/stores/memory.ts";
import { createRandom } from "./chaos/random.ts";
import { readCommandLine } from "./command-line.ts";
import { toQuantile } from "./to-quantile.ts";

readCommandLine("node scripts/bench-wire.ts", {});

const GUIDE = new URL("../data/guide/", import.meta.url);
const PASSAGE_CHARS = 1_800;
const ROUNDS = 33;
const TOKENS = 20_000;

const formats: Readonly<Record<string, () => EventWriter>> = {
  native: () => createNativeWriter(),
  openai: () =>
    createOpenAiWriter(
      {
        model: "tributary",
        createdSeconds: 1,
        requestId: "r",
        origin: "http://127.0.0.1",
        isUsageWanted: false,
        ignored: [],
      },
      [],
    ),
  ui: () => createUiWriter("r"),
};

measureWriters();
await measureReplay();
await measureJournal();

/** Each round writes with every format in turn, so that a busy machine slows all of them; the median round counts. */
function measureWriters(): void {
  const spent = new Map<string, number[]>(Object.keys(formats).map((name) => [name, []]));
  const encoder = new TextEncoder();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, create] of Object.entries(formats)) {
      const write = create();
      write(makeHead("run-1"));
      const before = process.cpuUsage();
      for (let token = 0; token < TOKENS; token += 1) {
        encoder.encode(write([{ type: "text-delta", text: ` token${token % 100}` }]));
      }
      const { user, system } = process.cpuUsage(before);
      spent.get(name)?.push(((user + system) * 1000) / TOKENS);
    }
  }
  const medians = [...spent].map(
    ([name, values]) => [name, toQuantile(values.slice(3), 0.5)] as const,
  );
  const native = medians[0]?.[1] ?? Number.NaN;
  for (const [name, nanoseconds] of medians) {
    const share = ((nanoseconds / native - 1) * 100).toFixed(0);
    print(`${name}: ${nanoseconds.toFixed(0)} ns CPU a token (${share} % above native)`);
  }
}

/** A run of 1,000 events, over HTTP without a socket: from the request to its last byte. */
async function measureReplay(): Promise<void> {
  const { app, service } = createService(1_000);
  await (await app.request("/v1/ask", ask())).text();
  const runId = (await lastRun(service)) ?? "";
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    const response = await app.request(`/v1/runs/${runId}/events`);
    const text = await response.text();
    times.push(performance.now() - started);
    if (!text.includes("event: run-end")) throw new Error("the replay was not whole");
  }
  print(
    `replay of 1,000 events: ${toQuantile(times, 0.5).toFixed(1)} ms, slowest ${Math.max(...times).toFixed(1)} ms`,
  );
}

/** 10,000 runs of 12 passages of 1,800 characters and 200 tokens each. Passages are of the guide: what repeats itself takes nothing. */
async function measureJournal(): Promise<void> {
  const limits = toArchiveLimits(parseConfig({}));
  const archive = createMemoryArchive(limits, systemClock, zstdPacker);
  const guide = await readGuide();
  const from = createRandom(1);
  const cut = (): string => {
    const start = Math.floor(from() * (guide.length - PASSAGE_CHARS));
    return guide.slice(start, start + PASSAGE_CHARS);
  };
  globalThis.gc?.();
  const before = process.memoryUsage();
  const microseconds: number[] = [];
  for (let count = 0; count < 10_000; count += 1) {
    const id = crypto.randomUUID();
    const events = makeRun(id, 200, cut);
    const started = performance.now();
    await archive.put({ id, callerId: "local", events });
    microseconds.push((performance.now() - started) * 1_000);
  }
  globalThis.gc?.();
  const after = process.memoryUsage();
  const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
  print(
    `10,000 runs: ${archive.runs} kept in ${mb(archive.bytes)} MiB by count (limit ${mb(limits.bytesMax)}), ${mb(grown)} MiB of the process; a run has ${Math.round(archive.bytes / archive.runs)} bytes and is kept in ${toQuantile(microseconds, 0.5).toFixed(0)} µs`,
  );
}

async function readGuide(): Promise<string> {
  const pages = await readdir(GUIDE);
  const texts = pages.toSorted().map((page) => readFile(new URL(page, GUIDE), "utf8"));
  return (await Promise.all(texts)).join("\n");
}

function createService(events: number) {
  const config = parseConfig({});
  const [clock, gate] = [systemClock, createRunGate()];
  const log = { info() {}, warn() {}, error() {} };
  const archive = createMemoryArchive(toArchiveLimits(config), clock);
  const run: Service["answer"] = async function* () {
    yield* makeRun("run-1", events - 4);
  };
  const store = createMemoryStore();
  const journal = createRunJournal({ config, clock, log, gate, archive });
  const service: Service = {
    config,
    clock,
    log,
    gate,
    store,
    embedders: new Set(),
    journal,
    sharing: createRunSharing({ config, clock, log, store, journal }),
    parseAsk: createAskParser(config),
    answer: run,
    search: run,
    explain: () => run,
  };
  return { service, app: createServiceApp(service) };
}

async function lastRun({ journal }: Service): Promise<string | undefined> {
  return (await journal.find("run-1", LOCAL_CALLER)).id;
}

function ask(): RequestInit {
  const headers = { "Content-Type": "application/json" };
  return { method: "POST", headers, body: JSON.stringify({ question: "What is it?" }) };
}

function makeHead(runId: string, toText = repeatSentence): RunEvent[] {
  return [
    {
      type: "run-start",
      runId,
      question: "What is it?",
      collections: ["guide"],
      mode: "direct",
      deadlineMs: 60_000,
    },
    {
      type: "retrieval-end",
      passages: Array.from({ length: 12 }, (_, index) => makePassage(index, toText())),
    },
  ];
}

function repeatSentence(): string {
  return "A sentence of a passage. ".repeat(PASSAGE_CHARS / 25);
}

function makeRun(runId: string, tokens: number, toText?: () => string): RunEvent[] {
  return [
    ...makeHead(runId, toText),
    ...Array.from({ length: tokens }, (_, index): RunEvent => ({
      type: "text-delta",
      text: ` token${index}`,
    })),
    { type: "sentence-check", start: 0, end: 20, verdict: "supported", labels: [1] },
    {
      type: "run-end",
      runId,
      outcome: "finished",
      grounding: "grounded",
      answerer: "bench",
      versions: { guide: 1 },
      ledger: [],
      degraded: [],
      usage: { inputTokens: 1, outputTokens: tokens, requests: 1 },
      timeline: [],
    },
  ];
}

function makePassage(index: number, text: string): Passage {
  return {
    label: index + 1,
    chunkId: `document-${index}#0`,
    collection: "guide",
    documentId: `document-${index}`,
    title: "A title of a document",
    location: { headings: ["One", "Two"] },
    start: 0,
    end: text.length,
    text,
    score: 0.5,
    trail: { "guide/keyword": 1, "guide/vector": 2, fused: 1 },
    metadata: {},
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
