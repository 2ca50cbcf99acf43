/**
 * The service while its upstreams fail, each figure beside its goal: `node scripts/bench-faults.ts
 * [--only NAME] [--size SHARE] [--json]`. The upstream is the one of `pnpm chaos`.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import { createLanceStore } from "../src/node/lance/lance-store.ts";
import { PATIENT_ENV, startService } from "./bench-answers.ts";
import { createAsker } from "./bench-asker.ts";
import { createSource, DIMENSIONS, loadCollection } from "./bench-data.ts";
import { type Benches, benchMain } from "./bench-main.ts";
import type { Program } from "./bench-program.ts";
import { atLeast, atMost, type Row } from "./bench-row.ts";
import type { SettingsInput } from "./chaos/settings.ts";
import { startUpstream, type Upstream } from "./chaos/upstream.ts";
import { benchCancel } from "./serving/cancel.ts";
import { toQuantile } from "./to-quantile.ts";

const ASKERS = 16;
const HEALTHY = {
  seed: 7,
  rules: [],
  chat: { content: "grounded", firstMs: 50, deltaMs: 2 },
  embeddings: { dimensions: DIMENSIONS, latencyMs: 20 },
} satisfies SettingsInput;
/** What one upstream call can end in, once each way. */
const FAILURES = ["status=503", "status=500", "reset", "rate-limit-ms=50", "html"];

interface Asked {
  readonly firstMs: number;
  readonly endMs: number;
  readonly complete: boolean;
  readonly isFinished: boolean;
  readonly isByModel: boolean;
}

interface Stage {
  readonly server: Program;
  readonly upstream: Upstream;
  /** Questions that nobody has asked before, so many at a time. */
  readonly ask: (count: number) => Promise<readonly Asked[]>;
}

/** So long that only what hangs takes it, however busy the machine is. */
const EMBED_ATTEMPT_MS = 4_000;
const HANGING_ENV = {
  ...PATIENT_ENV,
  EMBED_ATTEMPT_TIMEOUT_MS: `${EMBED_ATTEMPT_MS}`,
};

/** Neither a deadline nor the length of an answer closes what a cancel has left open. */
const CANCEL_ENV = { ...PATIENT_ENV, DEADLINE_MS: "300000", OUTPUT_TOKENS_MAX: "100000" };

/** Each with a service of its own. */
export const FAULTS: Benches = {
  thirty: (size) => withStage((stage) => benchThirty(stage, size), PATIENT_ENV),
  outage: (size) => withStage((stage) => benchOutage(stage, size)),
  hanging: (size) => withStage((stage) => benchHanging(stage, size), HANGING_ENV),
  cancel: (size) =>
    withStage(({ server, upstream }) => benchCancel(server, upstream, size), CANCEL_ENV),
};

async function benchThirty({ upstream, ask }: Stage, size: number): Promise<readonly Row[]> {
  const asks = Math.round(2_000 * size);
  await ask(50);
  upstream.set({
    ...HEALTHY,
    rules: [
      { on: "chat", oneOf: [...FAILURES, "error-after=0"], rate: 0.3 },
      { on: "embeddings", oneOf: FAILURES, rate: 0.3 },
    ],
  });
  upstream.journal.reset();
  const replies = await ask(asks);
  const calls = upstream.journal.totals().requests;
  const share = (of: readonly Asked[]): number => (100 * of.length) / asks;
  return [
    atLeast("30% of all upstream calls fail: usable answers", {
      value: share(replies.filter(({ isFinished }) => isFinished)),
      goal: 99.9,
      unit: "%",
    }),
    atLeast("of them by the model, nothing degraded", {
      value: share(replies.filter(({ isByModel }) => isByModel)),
      goal: 97,
      unit: "%",
    }),
    atMost("calls an answer, of the two it needs", {
      value: calls / asks / 2,
      goal: 1.45,
      unit: "×",
    }),
    atLeast("streams that end with one run-end", {
      value: share(replies.filter(({ complete }) => complete)),
      goal: 100,
      unit: "%",
    }),
  ];
}

async function benchOutage({ upstream, ask }: Stage, size: number): Promise<readonly Row[]> {
  upstream.set({ ...HEALTHY, rules: [{ on: "chat", fault: "status=503" }] });
  await ask(60); // the breaker opens
  upstream.journal.reset();
  const asks = Math.round(600 * size);
  const replies = await ask(asks);
  const calls = upstream.journal.totals().byTarget["chat"] ?? 0;
  upstream.set(HEALTHY);
  const healedMs = performance.now();
  let isByModel = false;
  while (!isByModel && performance.now() - healedMs < 30_000) {
    isByModel = (await ask(1)).some((reply) => reply.isByModel);
    await sleep(50);
  }
  return [
    atMost("the chat upstream is dead, breaker open: calls an answer", {
      value: calls / asks,
      goal: 1.02,
      unit: "×",
    }),
    atLeast("questions answered meanwhile", {
      value: (100 * replies.filter(({ isFinished }) => isFinished).length) / asks,
      goal: 100,
      unit: "%",
    }),
    atMost("degraded answer, p99", {
      value: toQuantile(
        replies.map(({ endMs }) => endMs),
        0.99,
      ),
      goal: 3_000,
      unit: "ms",
    }),
    atMost("written by the model again after it healed", {
      value: performance.now() - healedMs,
      goal: 10_000,
      unit: "ms",
    }),
  ];
}

async function benchHanging({ upstream, ask }: Stage, size: number): Promise<readonly Row[]> {
  const asks = Math.round(800 * size);
  const first = (replies: readonly Asked[]): number =>
    toQuantile(
      replies.map(({ firstMs }) => firstMs),
      0.99,
    );
  upstream.set(HEALTHY);
  await ask(100); // hedging learns what is usual
  const healthyMs = first(await ask(asks));
  upstream.set({ ...HEALTHY, rules: [{ on: "embeddings", fault: "stall-headers", rate: 0.1 }] });
  upstream.journal.reset();
  const replies = await ask(asks);
  const hangingMs = first(replies);
  const waited = replies.filter(({ firstMs }) => firstMs >= EMBED_ATTEMPT_MS).length;
  const { byTarget, faults: hung } = upstream.journal.totals();
  const calls = byTarget["embeddings"] ?? 0;
  return [
    atMost("10% of embedding calls hang: first token p99 against the healthy one", {
      value: hangingMs / healthyMs,
      goal: 2,
      unit: "×",
      note: `${hangingMs} ms against ${healthyMs}`,
    }),
    // Of a call and its copy one in ten times both hang.
    atMost("hanging calls that a question waited for until their time was up", {
      value: (100 * waited) / hung,
      goal: 50,
      unit: "%",
      note: `${waited} of ${hung}`,
    }),
    // A call that hangs must be sent again, whatever sends it; a copy too many is one beside those.
    atMost("embedding calls that neither answered first nor hung", {
      value: (100 * (calls - asks - hung)) / asks,
      goal: 5,
      unit: "%",
      note: `${calls} calls for ${asks} questions, of which ${hung} hung`,
    }),
  ];
}

async function withStage(
  work: (stage: Stage) => Promise<readonly Row[]>,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "tributary-bench-faults-"));
  try {
    const config = parseConfig({});
    const store = await createLanceStore({ uri: folder, config, clock: systemClock });
    await loadCollection(store, "north", { chunks: 1_000, seed: 1, embedder: "openai:bench" });
    await using upstream = await startUpstream({ settings: HEALTHY, requestsMax: 0 });
    await using server = await startService(folder, Number(new URL(upstream.url).port), env);
    const asker = createAsker(server.port);
    const source = createSource(5);
    const ask = async (count: number): Promise<readonly Asked[]> => {
      const replies: Asked[] = [];
      let begun = 0;
      const one = async (): Promise<void> => {
        while (begun < count) {
          begun += 1;
          const { tail, ...times } = await asker.ask(source.words(8));
          const isFinished = tail.includes('"outcome":"finished"');
          const isByModel =
            isFinished && tail.includes("openai:bench") && tail.includes('"degraded":[]');
          replies.push({ ...times, isFinished, isByModel });
        }
      };
      await Promise.all(Array.from({ length: Math.min(ASKERS, count) }, one));
      return replies;
    };
    const rows = await work({ server, upstream, ask });
    asker.close();
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await benchMain(FAULTS);
