/** The whole app over collections that are rewritten, for callers who come, come back, name, cancel and leave, on a clock that stands still. */
import type { Access } from "../../../src/access/access.ts";
import { createKeyLimits } from "../../../src/access/key-limits.ts";
import { createMemoryCounts } from "../../../src/access/memory-counts.ts";
import { createApp } from "../../../src/app.ts";
import { sleep } from "../../../src/async/clock.ts";
import { NEVER } from "../../../src/async/never.ts";
import { parseConfig } from "../../../src/config.ts";
import type { RunEvent } from "../../../src/domain/event.ts";
import { AppError } from "../../../src/errors.ts";
import { createRunGate, toGateLimits } from "../../../src/http/admission/run-gate.ts";
import { toArchiveLimits } from "../../../src/http/runs/archive.ts";
import { createMemoryArchive } from "../../../src/http/runs/memory-archive.ts";
import type { ChatModel } from "../../../src/models/model.ts";
import type { ReadStore } from "../../../src/stores/store.ts";
import { toPlainChunk } from "../../../scripts/plain-chunk.ts";
import { recordLog } from "../../support/app.ts";
import {
  createTestStore,
  fillCollection,
  toDocuments,
  wordEmbedder,
  wordModels,
} from "../../support/collections.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

export const COLLECTIONS = ["faq", "guide"] as const;
export type Collection = (typeof COLLECTIONS)[number];
export const CALLERS = ["one", "other"] as const;
export type CallerName = (typeof CALLERS)[number];
export const QUESTIONS = ["Why do retries use jitter?", "What does a bounded queue reject?"];
const RUNS_OF_A_KEY_MAX = 5;
export const RUN_BYTES_MAX = 8_000;
const ENV = {
  CHAT_MODEL: "m",
  ANSWER_CACHE_RUNS_MAX: "2",
  RUN_JOURNAL_BYTES_MAX: "30000",
  RUN_BYTES_MAX: `${RUN_BYTES_MAX}`,
  STREAM_BYTES_MAX: "1024",
  HOLD_BACK_MS: "300",
  RUNS_MAX: "3",
  RUN_QUEUE_MAX: "3",
  RUN_QUEUE_TIMEOUT_MS: "400",
  CALLER_RUNS_MAX: "5",
  STALE_AFTER_MS: "250",
};

/** Each edition of a collection says which one it is in every text. */
function toTexts(edition: number): Readonly<Record<string, string>> {
  return {
    retries: `Retries use jitter so that clients spread, says edition ${edition}.`,
    queue: `A bounded queue rejects work when it is full, says edition ${edition}.`,
  };
}

export async function createJournalWorld(options: { readonly losesRuns: boolean }) {
  const clock = createFakeClock();
  const config = parseConfig(ENV);
  const log = recordLog();
  const state = {
    openMs: 0,
    words: 0,
    wordMs: 0,
    ends: "whole" as "whole" | "breaks",
    archiveMs: 0,
    running: 0,
    opening: 0,
    editions: { faq: 1, guide: 1 },
  };
  const inner = await createTestStore({ faq: toTexts(1), guide: toTexts(1) });
  const store: ReadStore = {
    ...inner,
    async open(name, signal) {
      state.opening += 1;
      try {
        if (state.openMs > 0) await sleep(clock, state.openMs, signal);
        return await inner.open(name, signal);
      } finally {
        state.opening -= 1;
      }
    },
  };
  const chat: ChatModel = {
    id: "m",
    async *stream(_request, signal) {
      const { words, wordMs, ends } = state;
      state.running += 1;
      try {
        for (let word = 0; word < words; word += 1) {
          await sleep(clock, wordMs, signal);
          yield { type: "text", text: word % 4 === 3 ? "jitter [1]. " : `word${word} ` };
        }
        if (ends === "breaks") throw new AppError("upstream_truncated");
        yield { type: "finish", reason: "stop" };
      } finally {
        state.running -= 1;
      }
    },
  };
  const counts = createMemoryCounts(clock);
  const key = { name: "", digest: "", scopes: [], createdAt: "", runsMax: RUNS_OF_A_KEY_MAX };
  const keys = CALLERS.map((id) => ({ ...key, id }));
  const access: Access = {
    isOn: true,
    isStale: false,
    limits: createKeyLimits({ keys, isStale: false }, counts),
    async authenticate(id = "") {
      const rights = id === "other" ? { collections: new Set(["guide"]) } : {};
      return { id, scopes: new Set(["ask", "read"]), ...rights };
    },
  };
  /** What each run said, as it was handed to be kept. */
  const told = new Map<string, readonly RunEvent[]>();
  const twice: string[] = [];
  const kept = createMemoryArchive(toArchiveLimits(config), clock);
  const wait = () => sleep(clock, state.archiveMs, NEVER);
  const gate = createRunGate({ clock, ...toGateLimits(config) });
  const app = createApp({
    config,
    clock,
    log,
    store,
    ...wordModels,
    chat,
    gate,
    access,
    losesRuns: options.losesRuns,
    archive: {
      async put(run) {
        if (told.has(run.id)) twice.push(run.id);
        told.set(run.id, run.events);
        await wait();
        await kept.put(run);
      },
      find: (id) => wait().then(() => kept.find(id)),
      findByKey: (callerId, name) => wait().then(() => kept.findByKey(callerId, name)),
    },
  });
  const { signal } = new AbortController();
  /** The next edition of a collection, under its name or made anew. */
  const publish = async (name: Collection, how: "written" | "made again"): Promise<void> => {
    state.editions[name] += 1;
    const chunks = Object.entries(toTexts(state.editions[name])).map(([id, text]) =>
      toPlainChunk(id, text),
    );
    if (how === "made again") {
      await inner.drop(name, signal);
      return fillCollection(inner, name, chunks, wordEmbedder);
    }
    const put = await toDocuments(chunks, wordEmbedder, signal);
    const writer = await inner.openWriter(name, signal);
    await writer.commit({ put, remove: [] }, signal);
    await writer.close();
  };
  /** Runs of a key that are still counted. */
  const countRuns = async (id: string): Promise<number> => {
    for (let max = 1; ; max += 1) {
      const end = await counts.beginRun(id, max);
      end?.();
      if (end !== undefined) return max - 1;
    }
  };
  return { clock, state, app, log, gate, told, twice, kept, publish, countRuns };
}

export type JournalWorld = Awaited<ReturnType<typeof createJournalWorld>>;
