/** Metrics over OTLP, read back by a decoder that is not ours and compared with `/metrics`. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createServiceApp } from "../../src/app.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { toCollectorUrls } from "../../src/config/telemetry.ts";
import { createMetricExporter } from "../../src/telemetry/metric-exporter.ts";
import { METRICS, type MetricName } from "../../src/telemetry/metric-table.ts";
import { encodeMetrics } from "../../src/telemetry/otlp-metrics.ts";
import { createMeterRegistry } from "../../src/telemetry/registry.ts";
import { withTelemetry } from "../../src/http/telemetry.ts";
import { createTelemetry } from "../../src/node/telemetry/telemetry.ts";
import { askWith, goodRun, makeService, playObserved, recordLog } from "../support/app.ts";
import { decodeMetrics } from "../support/decode-metrics.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
import { readMetrics } from "../support/read-metrics.ts";

const INTERVAL_MS = 60_000;

function makeExporter(url: string) {
  const [clock, log, registry] = [createFakeClock(), recordLog(), createMeterRegistry()];
  let epochMs = 1_000;
  const exporter = createMetricExporter({
    clock,
    log,
    registry,
    url: `${url}/v1/metrics`,
    headers: {},
    resource: { "service.name": "s" },
    intervalMs: INTERVAL_MS,
    now: () => (epochMs += 500),
  });
  return { clock, log, registry, exporter };
}

describe("what is sent", () => {
  const name = fc.constantFrom(...(Object.keys(METRICS) as MetricName[]));
  const label = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 80 }),
    fc.constantFrom("", "a", "\u0000", "\ud800", 'x"\\\n'),
  );
  const value = fc.oneof(fc.integer({ min: 0, max: 1e9 }), fc.double({ min: 0, max: 1e6 }));
  const counting = fc.record({ name, labels: fc.array(label, { minLength: 3 }), value });

  test("is what /metrics says, whatever was counted", () => {
    fc.assert(
      fc.property(fc.array(counting, { maxLength: 60 }), (all) => {
        const registry = createMeterRegistry();
        for (const { name, labels, value } of all) {
          const { type, labels: names } = METRICS[name];
          const given = Object.fromEntries(names.map((one, at) => [one, labels[at] ?? ""]));
          if (type === "histogram") registry.observe(name, value, given);
          else if (type === "counter") registry.count(name, given, value);
          else registry.onRead((set) => set(name, value, given));
        }
        const body = encodeMetrics(registry.read(), { startMs: 1, endMs: 2 }, {});
        const { series, types, periods } = decodeMetrics(body);
        const text = readMetrics(registry.render());
        expect([...series].map(([key, at]) => [key, at])).toEqual([...text.series]);
        expect(types).toEqual(text.types);
        expect([...periods].every((period) => period === "1000000 2000000")).toBe(true);
      }),
    );
  });

  test("is every metric of a service that has answered, under the names and with the labels of /metrics", async () => {
    await using receiver = await startOtlpReceiver();
    const config = parseConfig({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20key",
      OTEL_SERVICE_NAME: "answers",
    });
    const telemetry = await createTelemetry(config, { write() {} });
    const seen = { ...telemetry, clock: systemClock };
    const answer = withTelemetry(playObserved(goodRun), "ask", seen);
    const app = createServiceApp(makeService({ answer, telemetry }));
    await app.request("/v1/ask", askWith({ question: "What are timeouts?" }));
    await telemetry.flush();
    const text = readMetrics(await (await app.request("/metrics")).text());
    const [sent] = receiver.metrics;
    expect(Object.fromEntries(sent?.series ?? [])).toMatchObject({
      'tributary_runs_total{kind="ask",outcome="finished",grounding="grounded"}': 1,
    });
    expect(Object.fromEntries(sent?.series ?? [])).toEqual(Object.fromEntries(text.series));
    expect(sent?.units.get("tributary_run_seconds")).toBe("s");
    expect(sent?.resource).toMatchObject({
      "service.name": "answers",
      "service.instance.id": expect.stringMatching(/^[\da-f-]{36}$/),
    });
    const request = receiver.requests.find(({ path }) => path === "/v1/metrics");
    expect(request?.headers).toMatchObject({
      "content-type": "application/x-protobuf",
      authorization: "Bearer key",
    });
  });
});

describe("when it is sent", () => {
  test("every interval, cumulative, and a last time at the end, after which nothing is under way", async () => {
    await using receiver = await startOtlpReceiver();
    const { clock, registry, exporter } = makeExporter(receiver.url);
    expect(clock.pending).toBe(0);
    exporter.start();
    registry.count("tributary_steps_total", {}, 2);
    for (const count of [1, 2]) {
      await clock.advance(INTERVAL_MS - 1);
      expect(receiver.metrics).toHaveLength(count - 1);
      await clock.advance(1);
      while (receiver.metrics.length < count || clock.pending !== 1) await settle();
    }
    registry.count("tributary_steps_total", {}, 3);
    await exporter.flush();
    expect(receiver.metrics.map(({ series }) => series.get("tributary_steps_total"))).toEqual([
      2, 2, 5,
    ]);
    expect(receiver.metrics.flatMap(({ periods }) => [...periods])).toEqual([
      "1500000000 2000000000",
      "1500000000 2500000000",
      "1500000000 3000000000",
    ]);
    expect(clock.pending).toBe(0);
  });

  test("where there is no timer: when somebody asks, and the interval is over", async () => {
    await using receiver = await startOtlpReceiver();
    const { clock, exporter } = makeExporter(receiver.url);
    for (const [waitMs, sent] of [
      [0, 1],
      [INTERVAL_MS - 1, 1],
      [1, 2],
    ] as const) {
      await clock.advance(waitMs);
      await exporter.sendIfDue();
      expect(receiver.metrics).toHaveLength(sent);
    }
    expect(clock.pending).toBe(0);
  });

  test("not at all where metrics are off, or only spans have an address", async () => {
    await using receiver = await startOtlpReceiver();
    const settings = [
      { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, METRICS: "false" },
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/spans` },
    ];
    for (const env of settings) {
      const telemetry = await createTelemetry(parseConfig(env), { write() {} });
      telemetry.tracer.start("x").end();
      await telemetry.flush();
    }
    expect(receiver.requests.map(({ path }) => path)).toEqual(["/v1/traces", "/spans"]);
  });

  test.each([
    [{}, {}],
    [
      { otelExporterOtlpEndpoint: "http://c:4318/" },
      { traces: "http://c:4318/v1/traces", metrics: "http://c:4318/v1/metrics" },
    ],
    [
      {
        otelExporterOtlpEndpoint: "http://c/otlp",
        otelExporterOtlpMetricsEndpoint: "http://m/push/",
      },
      { traces: "http://c/otlp/v1/traces", metrics: "http://m/push/" },
    ],
    [{ otelExporterOtlpTracesEndpoint: "http://t/x" }, { traces: "http://t/x" }],
  ])("the addresses of %j", (settings, urls) => {
    expect(toCollectorUrls(settings)).toEqual(urls);
  });
});

describe("a collector that fails", () => {
  test("and refuses, is reported once and costs no figure", async () => {
    await using receiver = await startOtlpReceiver(503);
    const { exporter, registry, log } = makeExporter(receiver.url);
    registry.count("tributary_steps_total");
    for (let round = 0; round < 3; round += 1) await exporter.flush();
    expect(receiver.metrics.at(-1)?.series.get("tributary_steps_total")).toBe(1);
    expect(log.lines).toEqual(['warn collector-unreachable {"signal":"metrics","why":"HTTP 503"}']);
  });

  test("and hangs, holds one request, is given up in time, and counting goes on", async () => {
    await using receiver = await startOtlpReceiver("hang");
    const { clock, exporter, registry, log } = makeExporter(receiver.url);
    exporter.start();
    await clock.advance(INTERVAL_MS);
    while (receiver.requests.length === 0) await settle();
    registry.count("tributary_steps_total");
    expect(receiver.requests).toHaveLength(1);
    await clock.advance(INTERVAL_MS);
    while (log.lines.length === 0) await settle();
    expect(log.lines).toEqual([expect.stringContaining("no answer in time")]);
    expect(registry.render()).toContain("tributary_steps_total 1");
  });

  test("and is not there, is told of once for each kind of what is sent", async () => {
    const receiver = await startOtlpReceiver();
    await receiver[Symbol.asyncDispose]();
    const lines: string[] = [];
    const config = parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const telemetry = await createTelemetry(config, { write: (line) => lines.push(line) });
    telemetry.tracer.start("x").end();
    await telemetry.flush();
    const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(
      told.map(({ event, signal }) => `${String(event)} ${String(signal)}`).toSorted(),
    ).toEqual(["collector-unreachable metrics", "collector-unreachable spans"]);
  });

  test("a figure that cannot be read is a line in the log and ends nothing", async () => {
    await using receiver = await startOtlpReceiver();
    const { exporter, registry, log } = makeExporter(receiver.url);
    registry.onRead(() => {
      throw new Error("broken");
    });
    await exporter.flush();
    expect(receiver.requests).toEqual([]);
    expect(log.lines).toEqual([expect.stringContaining("error metrics-not-exported")]);
  });
});
