/** Metrics of the Worker at a collector: sent when a run is over, by the request that made it. */
import { expect, test } from "vitest";
import { askWith } from "../support/app.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";
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
