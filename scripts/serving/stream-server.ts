/**
 * The HTTP surface over runs that only speak, in a process of its own:
 * `node scripts/serving/stream-server.ts <ms between deltas>` prints its port.
 * Each delta holds the time at which it was made.
 */
import { systemClock } from "../../src/async/clock.ts";
import { createChannel } from "../../src/async/channel.ts";
import { createServiceApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import type { RunEnd, RunEvent } from "../../src/domain/event.ts";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import { createRunSharing } from "../../src/http/admission/run-sharing.ts";
import { toArchiveLimits } from "../../src/http/runs/archive.ts";
import { createRunJournal } from "../../src/http/runs/journal.ts";
import { createMemoryArchive } from "../../src/http/runs/memory-archive.ts";
import { createAskParser } from "../../src/http/request/schemas.ts";
import type { Runner } from "../../src/http/service.ts";
import { createServer, listen } from "../../src/node/server/create-server.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import { silentLog } from "../../src/telemetry/log.ts";

const gapMs = Number(process.argv[2]);

/** Speaks until its client leaves. */
const speak: Runner = (ask, signal) => {
  const channel = createChannel<RunEvent>({ capacity: 16 });
  const { question, mode, deadlineMs } = ask;
  const runId = crypto.randomUUID();
  const send = (event: RunEvent): void => void channel.push(event);
  send({ type: "run-start", runId, question, collections: [], mode, deadlineMs });
  send({ type: "retrieval-end", passages: [] });
  // Spread over the gap, as streams that began at different moments are. Nothing is left out when it is late.
  let dueMs = performance.now() + Math.random() * gapMs;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    timer = setTimeout(say, Math.max(0, dueMs - performance.now()));
  };
  const say = (): void => {
    send({ type: "text-delta", text: `at ${Date.now()};` });
    dueMs += gapMs;
    wait();
  };
  wait();
  const end = (): void => {
    clearTimeout(timer);
    send(toEnd(runId));
    channel.close();
  };
  signal.addEventListener("abort", end, { once: true });
  return channel;
};

function toEnd(runId: string): RunEnd {
  return {
    type: "run-end",
    runId,
    outcome: "cancelled",
    grounding: "ungrounded",
    answerer: "none",
    versions: {},
    ledger: [],
    degraded: [],
    usage: { inputTokens: 0, outputTokens: 0, requests: 0 },
    timeline: [],
  };
}

const config = parseConfig({});
const base = {
  config,
  clock: systemClock,
  log: silentLog,
  gate: createRunGate(),
  store: createMemoryStore(),
};
const archive = createMemoryArchive(toArchiveLimits(config), systemClock);
const journal = createRunJournal({ ...base, archive });
const app = createServiceApp({
  ...base,
  embedders: new Set(),
  journal,
  sharing: createRunSharing({ ...base, journal }),
  parseAsk: createAskParser(config),
  answer: speak,
  search: speak,
  explain: () => speak,
});
console.log(await listen(createServer(app.fetch, config), "127.0.0.1", 0));
