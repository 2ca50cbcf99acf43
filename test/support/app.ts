/** The service over scripted runs, or over a store in memory: for tests of the HTTP surface. */
import type { AddressInfo } from "node:net";
import { createParser } from "eventsource-parser";
import type { Access } from "../../src/access/access.ts";
import { withKeyLimits } from "../../src/http/admission/with-key-limits.ts";
import { type Clock, systemClock } from "../../src/async/clock.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import type { Ask, Mode } from "../../src/domain/ask.ts";
import type { CollectionInfo } from "../../src/domain/collection.ts";
import type { Passage, RunEnd, RunEvent } from "../../src/domain/event.ts";
import type { Explanation } from "../../src/domain/explanation.ts";
import { AppError } from "../../src/errors.ts";
import { createServiceApp } from "../../src/app.ts";
import type { RequestLimit } from "../../src/http/guards/request-limit.ts";
import { createRunGate, type RunGate } from "../../src/http/admission/run-gate.ts";
import { createRunSharing } from "../../src/http/admission/run-sharing.ts";
import { createAskParser } from "../../src/http/request/schemas.ts";
import { type RunArchive, toArchiveLimits } from "../../src/http/runs/archive.ts";
import { createRunJournal } from "../../src/http/runs/journal.ts";
import { createMemoryArchive } from "../../src/http/runs/memory-archive.ts";
import type { Runner, Service } from "../../src/http/service.ts";
import { noTelemetry, type ObservedRunner, type Telemetry } from "../../src/http/telemetry.ts";
import { createPageReader } from "../../src/node/load/read-page.ts";
import { createServer } from "../../src/node/server/create-server.ts";
import { collectionNotFound } from "../../src/stores/check.ts";
import type { ReadStore, Snapshot } from "../../src/stores/store.ts";
import { type Log } from "../../src/telemetry/log.ts";

/** A log that keeps its lines. */
export function recordLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep =
    (level: string) =>
    (event: string, ...rest: unknown[]): void => {
      lines.push([level, event, ...rest.map((part) => JSON.stringify(part))].join(" "));
    };
  return { lines, info: keep("info"), warn: keep("warn"), error: keep("error") };
}

/** A store that only lists and opens. */
export function listStore(
  collections: Readonly<Record<string, CollectionInfo | AppError>>,
): ReadStore {
  return {
    kind: "memory",
    list: async () => Object.keys(collections).toSorted(),
    async open(name) {
      const found = collections[name] ?? collectionNotFound(name);
      if (found instanceof AppError) throw found;
      return { info: found } as Snapshot;
    },
  };
}

export function makeInfo(name: string, embedder = "static:test"): CollectionInfo {
  return {
    name,
    embedder,
    dimensions: 4,
    chunker: "tree2-1200",
    language: "english",
    tokenizer: "words",
    metadata: {},
    version: 3,
    documents: 2,
    chunks: 5,
  };
}

export const passage: Passage = {
  label: 1,
  chunkId: "a.md#0",
  collection: "guide",
  documentId: "a.md",
  title: "A",
  location: { headings: ["Timeouts"] },
  start: 0,
  end: 20,
  text: "Timeouts are limits.",
  score: 0.5,
  trail: { "guide/keyword": 1 },
  metadata: {},
};

export const runStart: RunEvent = {
  type: "run-start",
  runId: "run-1",
  question: "What are timeouts?",
  collections: ["guide"],
  mode: "direct",
  deadlineMs: 1000,
};

export const retrievalEnd: RunEvent = { type: "retrieval-end", passages: [passage] };

export function makeEnd(change: Partial<RunEnd> = {}): RunEnd {
  return {
    type: "run-end",
    runId: "run-1",
    outcome: "finished",
    grounding: "grounded",
    answerer: "extractive",
    versions: { guide: 3 },
    ledger: [],
    degraded: [],
    usage: { inputTokens: 0, outputTokens: 0, requests: 0 },
    timeline: [],
    ...change,
  };
}

const explanation: Explanation = {
  document: { collection: "guide", documentId: "a.md", title: "A", chunks: 1 },
  stage: "used",
  why: "It is in the context, as [1].",
  advice: [],
  chunks: [
    {
      chunkId: "a.md#0",
      position: 0,
      headings: ["Timeouts"],
      stage: "used",
      why: "It is passage [1].",
      legs: [
        {
          retriever: "keyword",
          status: "found",
          brought: true,
          rank: 1,
          score: 2.5,
          hits: 3,
          lastScore: 0.5,
        },
      ],
      fused: { rank: 1, score: 1, candidatesMax: 30, lastScore: 0.2 },
      order: { before: 1, after: 1 },
      label: 1,
    },
  ],
};

/** A whole run that answers. */
export const goodRun: readonly RunEvent[] = [
  runStart,
  retrievalEnd,
  { type: "text-delta", text: "Timeouts are " },
  { type: "text-delta", text: "limits. [1]" },
  {
    type: "citation",
    label: 1,
    start: 0,
    end: 20,
    evidence: { documentId: "a.md", start: 0, end: 20 },
  },
  { type: "sentence-check", start: 0, end: 20, verdict: "supported", labels: [1] },
  makeEnd(),
];

/** A run that plays these events, each after the promise before it. */
export function play(script: readonly (RunEvent | Promise<unknown>)[]): Runner {
  return async function* (_ask, _signal, watch) {
    for (const step of script) {
      if (step instanceof Promise) await step;
      else {
        // Those of `listStore`, which cannot tell.
        if (step.type === "run-start") {
          const { versions = makeEnd().versions, collections } = step;
          watch?.onOpening?.();
          watch?.onOpened?.({ versions, instances: toInstances(collections) });
        }
        yield step;
      }
    }
  };
}

function toInstances(collections: readonly string[]): Record<string, string> {
  return Object.fromEntries(collections.map((name) => [name, ""]));
}

/** The same, which shows each event as a run does. */
export function playObserved(script: readonly RunEvent[]): ObservedRunner {
  return async function* (_ask, _signal, { observe }) {
    for (const event of script) {
      observe?.(event);
      yield event;
    }
  };
}

export interface TestService extends Service {
  readonly log: Log & { readonly lines: string[] };
  /** The asks that reached a run. */
  readonly asked: Ask[];
}

export interface TestOptions {
  readonly env?: Record<string, string>;
  readonly answer?: Runner;
  readonly search?: Runner;
  readonly store?: ReadStore;
  readonly embedders?: readonly string[];
  readonly telemetry?: Telemetry;
  readonly clock?: Clock;
  readonly gate?: RunGate;
  readonly archive?: RunArchive;
  /** The platform may end runs without a word. */
  readonly losesRuns?: boolean;
  readonly access?: Access;
  readonly requestLimit?: RequestLimit;
  /** Those that are offered; absent: `direct`. */
  readonly modes?: readonly Mode[];
}

export const readPage = createPageReader();

function toGate({ access, gate = createRunGate() }: TestOptions): RunGate {
  return access === undefined ? gate : withKeyLimits(gate, access.limits);
}

/** A service whose runs are scripted. */
export function makeService(options: TestOptions = {}): TestService {
  const config: Config = parseConfig(options.env ?? {});
  const asked: Ask[] = [];
  const track =
    (run: Runner): Runner =>
    (ask, signal, watch) => {
      asked.push(ask);
      return run(ask, signal, watch);
    };
  const base = {
    config,
    clock: options.clock ?? systemClock,
    log: recordLog(),
    store: options.store ?? listStore({ guide: makeInfo("guide") }),
    gate: toGate(options),
  };
  const search = options.search ?? play([runStart, retrievalEnd, makeEnd({ answerer: "none" })]);
  const { archive = createMemoryArchive(toArchiveLimits(config), base.clock) } = options;
  const journal = createRunJournal({ ...base, archive, losesRuns: options.losesRuns });
  return {
    ...base,
    embedders: new Set(options.embedders ?? ["static:test"]),
    telemetry: options.telemetry ?? noTelemetry,
    ...(options.access === undefined ? {} : { access: options.access }),
    ...(options.requestLimit === undefined ? {} : { requestLimit: options.requestLimit }),
    journal,
    readPage,
    sharing: createRunSharing({ ...base, journal }),
    parseAsk: createAskParser(config, ["lexical"], options.modes),
    answer: track(options.answer ?? play(goodRun)),
    search: track(search),
    explain: ({ onExplained }) =>
      track((ask, signal) => {
        onExplained(explanation);
        return search(ask, signal);
      }),
    asked,
  };
}

export const makeApp = (service: Service) => createServiceApp(service);

/** Serves on a free port of 127.0.0.1 until disposed. */
export async function serveTest(service: Service) {
  const server = createServer(createServiceApp(service).fetch, service.config);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface Message {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: RunEvent;
}

/** Every message of an event stream, parsed by code that is not ours. */
export function parseMessages(text: string): Message[] {
  const messages: Message[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => messages.push({ id, event, data: JSON.parse(data) }),
    onError: (error) => {
      throw error;
    },
  });
  parser.feed(text);
  return messages;
}

export function askWith(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
}

export const wantsEvents = { Accept: "text/event-stream" };
