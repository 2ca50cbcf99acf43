/** Metrics and spans of the Worker at a collector: sent when a run is over, by the request that made it. */
import { expect, test } from "vitest";
import { askWith } from "../support/app.ts";
import { startOtlpReceiver, toTree } from "../support/otlp-receiver.ts";
import { startEdge } from "./test-edge.ts";

test("the collector gets what was counted in the isolate, also from a later request", async () => {
  await using receiver = await startOtlpReceiver();
  const edge = await startEdge({
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${receiver.url}/v1/metrics`,
    OTEL_METRIC_EXPORT_INTERVAL: "1",
  });
  try {
    const counts: (number | undefined)[] = [];
    for (const runs of [1, 2, 3]) {
      const response = await edge.fetch("/v1/ask", askWith({ question: `What is ${runs}?` }));
      await response.text();
      while (receiver.metrics.length < runs)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const { series = new Map<string, number>() } = receiver.metrics.at(-1) ?? {};
      counts.push(series.get('tributary_run_seconds_count{kind="ask"}'));
    }
    expect(counts).toEqual([1, 2, 3]);
    expect(receiver.metrics.at(-1)?.resource).toMatchObject({
      "service.name": "tributary",
      "service.instance.id": expect.stringMatching(/^[\da-f-]{36}$/),
    });
  } finally {
    await edge.close();
  }
});

test("each run is a tree of its own below its caller's span, though runs overlap in one isolate", async () => {
  await using receiver = await startOtlpReceiver();
  const edge = await startEdge({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces` });
  const callers = ["a", "b", "c"].map((digit) => digit.repeat(32));
  try {
    await Promise.all(
      callers.map(async (traceId) => {
        const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
        const ask = askWith({ question: `What is ${traceId}?` }, { traceparent });
        await (await edge.fetch("/v1/ask", ask)).text();
      }),
    );
    const roots = () => receiver.spans.filter(({ name }) => name === "invoke_agent ask");
    while (roots().length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const traceId of callers) {
      const own = receiver.spans.filter((span) => span.traceId === traceId);
      expect(toTree(own)).toMatch(/^invoke_agent ask\([^|]*open/);
      expect(own.find(({ name }) => name === "invoke_agent ask")).toMatchObject({
        parentSpanId: "b7ad6b7169203331",
      });
    }
  } finally {
    await edge.close();
  }
});

test("/metrics has what is known of the isolate's endpoints and of its runs", async () => {
  const edge = await startEdge({
    OPENAI_BASE_URL: "http://127.0.0.1:9/v1",
    CHAT_MODEL: "m",
    RERANK_URL: "http://127.0.0.1:9/rerank",
  });
  try {
    const metrics = await (await edge.fetch("/metrics")).text();
    for (const upstream of ["chat openai:m", "rerank rerank"]) {
      expect(metrics).toContain(`tributary_upstream_attempts_total{upstream="${upstream}"} 0`);
    }
    expect(metrics).toContain("tributary_runs_running 0");
  } finally {
    await edge.close();
  }
});
