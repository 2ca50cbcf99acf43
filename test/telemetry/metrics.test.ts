/** Every metric that is documented exists and moves, and nothing else does. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { renderMetrics } from "../../scripts/render-metrics.ts";
import { ALERT_CASES, HEALTHY } from "../../scripts/alert-cases.ts";
import { findUntested, readAlerts, renderAll } from "../../scripts/check-alerts.ts";
import { findUnknownMetrics, findUsedMetrics } from "../../scripts/check-metrics.ts";
import { createServiceApp } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import {
  createCounts,
  createUpstreamRegistry,
  UPSTREAM_COUNTS,
} from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import type { RunEvent } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import { withGateMetrics, withSharingMetrics } from "../../src/http/admission/admission-metrics.ts";
import { createRunGate } from "../../src/http/admission/run-gate.ts";
import { noTelemetry, type ObservedRunner, withTelemetry } from "../../src/http/telemetry.ts";
import { createServer, listen } from "../../src/node/server/create-server.ts";
import { createCollectionMetrics } from "../../src/node/telemetry/collection-metrics.ts";
import { countStreams } from "../../src/node/server/count-streams.ts";
import { createTelemetry, watchService } from "../../src/node/telemetry/telemetry.ts";
import type { ReadStore, Snapshot } from "../../src/stores/store.ts";
import { silentMeter } from "../../src/telemetry/meter.ts";
import { METRICS } from "../../src/telemetry/metric-table.ts";
import {
  askWith,
  makeEnd,
  makeInfo,
  makeService,
  playObserved,
  recordLog,
  retrievalEnd,
  runStart,
  wantsEvents,
  makeApp,
} from "../support/app.ts";
import { makeAccess } from "../support/keys.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";
import { toAsk } from "../support/run.ts";
import { type ReadMetrics, readMetrics } from "../support/read-metrics.ts";

const question = { question: "What are timeouts?" };
const tool = { step: 1, callId: "a", name: "search" };
const times = { startMs: 1, endMs: 2 };
/** A run in which everything happens. */
const script: readonly RunEvent[] = [
  runStart,
  { type: "step-start", step: 1 },
  { type: "tool-result", ...tool, summary: "", ...times },
  { type: "tool-error", ...tool, code: "internal", detail: "", retry: false, ...times },
  { type: "subrun-start", subrunId: "s", question: "?" },
  { type: "subrun-end", subrunId: "s", outcome: "finished", passages: 1, ...times },
  { type: "text-delta", text: "Timeouts are limits." },
  makeEnd({
    outcome: "failed",
    error: { code: "upstream_stalled", retryable: true },
    usage: { inputTokens: 5, outputTokens: 3, requests: 1 },
    degraded: ["collection_unavailable:guide"],
    timeline: [{ stage: "embed", ...times, critical: true }],
    ledger: [
      { collection: "guide", retriever: "vector", status: "found", ...times, found: 1, kept: 1 },
    ],
  }),
];

const store: ReadStore = {
  kind: "memory",
  list: async () => ["broken", "guide"],
  async open(name) {
    if (name === "broken") throw new AppError("collection_unavailable");
    const condition = async () => ({ committedAtMs: Date.now() - 5_000, indexedShare: 0.75 });
    return { info: makeInfo(name), condition } as unknown as Snapshot;
  },
};

/** The service over scripted runs on a socket, with every source of metrics. */
async function makeMeasured(answer: ObservedRunner, env: Record<string, string> = {}) {
  const config = parseConfig(env);
  const telemetry = await createTelemetry(config, { write() {} });
  const { meter, render = () => "" } = telemetry;
  const limits = { runsMax: 1, queueMax: 1, queueTimeoutMs: 60_000, callerRunsMax: 9 };
  const gate = withGateMetrics(createRunGate({ clock: systemClock, ...limits }), meter);
  const upstreams = createUpstreamRegistry();
  const { counts, count } = createCounts();
  upstreams.add("chat m", { breaker: () => "open", retryTokens: () => 3 }, counts);
  const observed = withTelemetry(answer, "ask", { ...telemetry, clock: systemClock });
  const service = makeService({ gate, answer: observed, telemetry, store });
  const app = createServiceApp({ ...service, sharing: withSharingMetrics(service.sharing, meter) });
  const streams = countStreams((request) => app.fetch(request));
  const redis = { isUp: true, misses: 0 };
  const access = { isStale: true };
  watchService(telemetry, { config, store, gate, upstreams, streams, access, sharedLimits: redis });
  const server = createServer(streams.fetch, config);
  const url = `http://127.0.0.1:${await listen(server, "127.0.0.1", 0)}`;
  return {
    url,
    gate,
    count,
    redis,
    telemetry,
    read: () => readMetrics(render()),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Reads again until it is so. */
async function until(read: () => ReadMetrics, isSo: (metrics: ReadMetrics) => boolean) {
  for (;;) {
    const metrics = read();
    if (isSo(metrics)) return metrics;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Nothing listens there. */
const NOWHERE = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
/** What tells of a state that need not change; the next test changes them. */
const STATES =
  /^tributary_(collection_(documents|chunks|version|index_coverage)|collections_unavailable|upstream_(breaker_open|retry_tokens)|keys_stale|shared_limits_up|runs_(running|waiting)|open_streams|memory_bytes|event_loop_lag_seconds)$/;

test("every metric of the table exists, and what counts moves", async () => {
  await using measured = await makeMeasured(playObserved(script), NOWHERE);
  const { url, gate, count, redis, telemetry, read } = measured;
  const before = await until(read, ({ names }) => names.has("tributary_collection_chunks"));
  expect((await fetch(`${url}/v1/ask`, askWith(question))).status).toBeGreaterThanOrEqual(500);
  for (const name of UPSTREAM_COUNTS) count(name, 3);
  redis.misses = 2;
  const guarded = makeApp(makeService({ telemetry, access: makeAccess([]).access }));
  expect((await guarded.request("/v1/models")).status).toBe(401);
  gate.drain();
  expect((await fetch(`${url}/v1/ask`, askWith(question))).status).toBe(503);
  await telemetry.flush();
  const after = read();
  expect([...after.names].toSorted()).toEqual(Object.keys(METRICS).toSorted());
  for (const [name, { type }] of Object.entries(METRICS)) expect(after.types.get(name)).toBe(type);
  const moved = new Set(
    [...after.series]
      .filter(([series, value]) => value > (before.series.get(series) ?? 0))
      .map(([series]) => series.replace(/\{.*/, "").replace(/_(bucket|sum|count)$/, "")),
  );
  const still = Object.keys(METRICS).filter((name) => !moved.has(name) && !STATES.test(name));
  expect(still).toEqual([]);
  expect(Object.fromEntries(after.series)).toMatchObject({
    'tributary_runs_total{kind="ask",outcome="failed",grounding="grounded"}': 1,
    'tributary_run_failures_total{code="upstream_stalled"}': 1,
    'tributary_degraded_total{code="collection_unavailable"}': 1,
    'tributary_refused_total{code="draining"}': 1,
    'tributary_keys_refused_total{reason="missing"}': 1,
    tributary_keys_stale: 1,
    tributary_shared_limits_misses_total: 2,
    'tributary_answers_total{source="own"}': 1,
    'tributary_upstream_hedge_wins_total{upstream="chat m"}': 3,
    'tributary_upstream_wait_seconds_total{upstream="chat m"}': 0.003,
    'tributary_upstream_breaker_open{upstream="chat m"}': 1,
    'tributary_collection_index_coverage{collection="guide"}': 0.75,
    'tributary_collection_chunks{collection="guide"}': 5,
    tributary_collections_unavailable: 1,
  });
});

test("runs that run and wait, streams that are read, and clients that share a run are seen", async () => {
  const hanging: ObservedRunner = async function* (_ask, signal) {
    yield* [runStart, retrievalEnd];
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    yield makeEnd({ outcome: "cancelled", error: { code: "cancelled", retryable: false } });
  };
  await using measured = await makeMeasured(hanging);
  const { url, read } = measured;
  const client = new AbortController();
  const { signal } = client;
  const first = await fetch(`${url}/v1/ask`, { ...askWith(question, wantsEvents), signal });
  const same = await fetch(`${url}/v1/ask`, { ...askWith(question, wantsEvents), signal });
  const other = { question: "What are deadlines?" };
  const waiting = fetch(`${url}/v1/ask`, { ...askWith(other), signal }).catch(() => undefined);
  const during = await until(read, ({ series }) => series.get("tributary_runs_waiting") === 1);
  expect(Object.fromEntries(during.series)).toMatchObject({
    tributary_runs_running: 1,
    tributary_open_streams: 2,
    'tributary_answers_total{source="shared"}': 1,
  });
  const refused = await fetch(`${url}/v1/ask`, askWith({ question: "What is a queue?" }));
  expect(refused.status).toBe(503);
  client.abort();
  await Promise.allSettled([first.text(), same.text(), waiting]);
  const after = await until(
    read,
    ({ series }) =>
      series.get("tributary_open_streams") === 0 && series.get("tributary_runs_running") === 0,
  );
  expect(after.series.get("tributary_runs_waiting")).toBe(0);
  expect(after.series.get('tributary_refused_total{code="overloaded"}')).toBe(1);
});

test("/metrics is text for Prometheus, waits in no queue, and is gone where it is switched off", async () => {
  await using measured = await makeMeasured(playObserved(script));
  measured.gate.drain();
  const response = await fetch(`${measured.url}/metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(readMetrics(await response.text()).names.has("tributary_runs_running")).toBe(true);
  expect((await fetch(`${measured.url}/metrics`, { method: "POST" })).status).toBe(405);
  await using silent = await makeMeasured(playObserved(script), { METRICS: "false" });
  expect((await fetch(`${silent.url}/metrics`)).status).toBe(404);
});

test("a store that hangs or fails is no reason to wait, and what was seen before goes", async () => {
  const clock = createFakeClock();
  const log = recordLog();
  let list = (): Promise<string[]> => new Promise(() => {});
  const parts = { config: parseConfig({}), clock, log };
  const metrics = createCollectionMetrics({ ...parts, store: { ...store, list: () => list() } });
  const readAll = (): number => {
    let values = 0;
    metrics.read(() => (values += 1));
    return values;
  };
  expect(readAll()).toBe(0);
  list = async () => ["guide"];
  await clock.advance(20_000);
  expect(readAll()).toBe(0);
  await settle();
  expect(readAll()).toBeGreaterThan(3);
  list = () => Promise.reject(new AppError("store_unavailable"));
  await clock.advance(15_000);
  readAll();
  await settle();
  expect(readAll()).toBe(0);
  expect(log.lines).toEqual([
    'warn collections-not-measured {"code":"deadline_exceeded"}',
    'warn collections-not-measured {"code":"store_unavailable"}',
  ]);
});

test("the guide's table of metrics is current (node scripts/render-metrics.ts)", () => {
  const page = readFileSync("data/guide/observability.md", "utf8");
  expect(renderMetrics(page)).toBe(page);
});

describe("dashboard and alerts", () => {
  const files = ["docs/grafana-dashboard.json", "docs/alerts.yaml"];

  test.each(files)("%s names only metrics and labels that there are", (file) => {
    const text = readFileSync(file, "utf8");
    expect(findUsedMetrics(text).size).toBeGreaterThan(8);
    expect(findUnknownMetrics(text)).toEqual([]);
  });

  test("every alert has a case on which it must fire, made of series that exist", () => {
    const alerts = readAlerts(readFileSync("docs/alerts.yaml", "utf8"));
    expect(findUntested(alerts)).toEqual([]);
    expect(findUntested(alerts.slice(1))).toEqual([alerts[0]?.alert]);
    const series = [HEALTHY, ...ALERT_CASES].flatMap((one) => Object.keys(one.series));
    expect(findUnknownMetrics(series.join("\n"))).toEqual([]);
  });

  test("what Prometheus' own tool is shown has every metric", () => {
    const { names } = readMetrics(renderAll());
    expect([...names].toSorted()).toEqual(Object.keys(METRICS).toSorted());
  });

  test("the dashboard shows every metric", () => {
    const text = readFileSync("docs/grafana-dashboard.json", "utf8");
    const used = findUsedMetrics(text);
    expect(Object.keys(METRICS).filter((name) => !used.has(name))).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({ title: "Tributary" });
  });

  test.each([
    ["rate(tributary_gone_total[5m])", "there is no metric tributary_gone_total"],
    ['tributary_runs_total{shape="x"}', "tributary_runs_total has no label shape"],
    ["rate(tributary_run_seconds[5m])", "a histogram is asked by its _bucket"],
    ["sum by (shape) (x)", "there is no label shape"],
  ])("an untruth is found: %s", (expression, wrong) => {
    expect(findUnknownMetrics(expression).join()).toContain(wrong);
  });
});

test("a fault in what only looks on costs no answer and reaches the log", async () => {
  const log = recordLog();
  const meter = {
    ...silentMeter,
    count: () => {
      throw new Error("broken");
    },
  };
  const seen = { ...noTelemetry, meter, clock: systemClock, log };
  const answer = withTelemetry(playObserved(script.slice(0, 2)), "ask", seen);
  const types: string[] = [];
  for await (const { type } of answer(toAsk("?"), new AbortController().signal)) types.push(type);
  expect(types).toEqual(["run-start", "step-start"]);
  expect(log.lines).toEqual([expect.stringContaining("error not-observed")]);
});
