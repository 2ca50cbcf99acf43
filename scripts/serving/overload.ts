/** Ten times more questions than the service can answer: what is refused, how fast, and what is still answered. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Program } from "../bench-program.ts";
import { atLeast, atMost, type Row } from "../bench-row.ts";
import { serve } from "./programs.ts";
import { toQuantile } from "../to-quantile.ts";

const RUNS_MAX = 16;
const FACTOR = 10;
const RECOVERY_MS_MAX = 5_000;

interface Reply {
  readonly status: number;
  readonly ms: number;
  readonly hasRetryAfter: boolean;
}

/** `seconds`: how long each part lasts. */
export async function benchOverload(seconds: number): Promise<readonly Row[]> {
  const limits = {
    RUNS_MAX: `${RUNS_MAX}`,
    RUN_QUEUE_MAX: `${RUNS_MAX}`,
    // No connection is closed for being idle just when it is used again.
    KEEP_ALIVE_TIMEOUT_MS: "600000",
  };
  await using served = await serve(limits);
  const { server } = served;
  for (let warmup = 0; warmup < RUNS_MAX; warmup += 1) await askOnce(server);
  const peak = await askAllTheTime(server, seconds);
  const normalMs = toQuantile(
    peak.map(({ ms }) => ms),
    0.5,
  );
  const perSecond = peak.length / seconds;

  const lives: number[] = [];
  const probing = new AbortController();
  const probe = probeLife(server, lives, probing.signal);
  const replies = await askAtRate(server, perSecond * FACTOR, seconds);
  probing.abort();
  await probe;
  const recoveryMs = await measureRecovery(server, normalMs);

  const refused = replies.filter(({ status }) => status === 503);
  const goodput = replies.filter(({ status }) => status === 200).length / seconds;
  const others = replies.filter(({ status }) => ![200, 429, 503].includes(status)).length;
  const withRetryAfter = refused.filter(({ hasRetryAfter }) => hasRetryAfter).length;
  const rejectMs = toQuantile(
    refused.map(({ ms }) => ms),
    0.99,
  );
  const liveMs = toQuantile(lives, 0.99);
  const share = Math.round((100 * goodput) / perSecond);
  return [
    toRow(`replies other than 200, 429 and 503, of ${replies.length}`, others, 0),
    {
      what: "503 with Retry-After",
      figure: `${withRetryAfter} of ${refused.length}`,
      goal: "all",
      met: withRetryAfter === refused.length && refused.length > 0,
    },
    toRow("time to a refusal, p99 (ms; a wait in the queue included)", rejectMs, 50),
    toRow("/livez meanwhile, p99 (ms)", liveMs, 100),
    atLeast(`answers a second, of the ${Math.round(perSecond)} at its peak`, {
      value: share,
      goal: 80,
      unit: "%",
    }),
    toRow("back to normal after (ms)", recoveryMs, RECOVERY_MS_MAX),
  ];
}

function toRow(what: string, value: number, goal: number): Row {
  return atMost(what, { value, goal, unit: "" });
}

let asked = 0;

async function askOnce({ port }: Program): Promise<Reply> {
  const startMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/v1/ask`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ question: `What is said of number ${(asked += 1)}?` }),
  }).catch(() => undefined);
  await response?.arrayBuffer();
  return {
    status: response?.status ?? 0,
    ms: performance.now() - startMs,
    hasRetryAfter: response?.headers.has("Retry-After") ?? false,
  };
}

/** As many askers as there are places, each asking as soon as it has its answer. */
async function askAllTheTime(server: Program, seconds: number): Promise<readonly Reply[]> {
  const untilMs = performance.now() + seconds * 1_000;
  const askers = Array.from({ length: RUNS_MAX }, async () => {
    const replies: Reply[] = [];
    while (performance.now() < untilMs) replies.push(await askOnce(server));
    return replies;
  });
  return (await Promise.all(askers)).flat();
}

/** Asks at this rate, whether there are answers or not. */
async function askAtRate(
  server: Program,
  perSecond: number,
  seconds: number,
): Promise<readonly Reply[]> {
  const startMs = performance.now();
  const asking: Promise<Reply>[] = [];
  for (;;) {
    const passedMs = performance.now() - startMs;
    if (passedMs > seconds * 1_000) break;
    while (asking.length < (passedMs * perSecond) / 1_000) asking.push(askOnce(server));
    await sleep(5);
  }
  return Promise.all(asking);
}

async function probeLife({ port }: Program, times: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const startMs = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}/livez`);
    await response.arrayBuffer();
    times.push(performance.now() - startMs);
    await sleep(50);
  }
}

/** Until a question is answered in no more than twice its usual time. */
async function measureRecovery(server: Program, normalMs: number): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    const { status, ms } = await askOnce(server);
    const passedMs = Math.round(performance.now() - startMs);
    if ((status === 200 && ms <= 2 * normalMs) || passedMs > 6 * RECOVERY_MS_MAX) return passedMs;
    await sleep(50);
  }
}
