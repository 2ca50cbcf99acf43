/** Model endpoints are told the place in the trace, over a socket. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { createEmbedders, createEndpoints } from "../../src/node/wire.ts";
import { createTraceScope } from "../../src/telemetry/trace-scope.ts";
import { startTrace, type TraceContext } from "../../src/telemetry/trace-context.ts";
import { createTracer, type SpanRecord } from "../../src/telemetry/tracer.ts";

const caller: TraceContext = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  sampled: true,
};

/** Embeds once within the context, and returns what the endpoint was told. */
async function embedWithin(context: TraceContext, keep?: (span: SpanRecord) => void) {
  const told: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    told.push(request.headers["traceparent"] as string | undefined);
    request.resume().on("end", () => {
      response.setHeader("content-type", "application/json");
      const data = [{ object: "embedding", index: 0, embedding: [1, 0] }];
      response.end(JSON.stringify({ object: "list", model: "m", data, usage: {} }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const config = parseConfig({
    OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
    EMBEDDING_MODEL: "m",
  });
  const tracer = createTracer({ clock: systemClock, scope: createTraceScope(), keep });
  const { forIngest } = await createEmbedders(
    config,
    createEndpoints(createUpstreamRegistry(), tracer),
  );
  await tracer.within(context, () => forIngest.embed(["x"], "query", new AbortController().signal));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return told;
}

test("the span of the call, below the caller's, where spans are kept", async () => {
  const spans: SpanRecord[] = [];
  const told = await embedWithin(caller, (span) => spans.push(span));
  expect(spans).toHaveLength(1);
  expect(spans[0]).toMatchObject({ name: "embeddings m", parentSpanId: caller.spanId });
  expect(told).toEqual([`00-${caller.traceId}-${spans[0]?.spanId}-01`]);
});

test("the caller's own place where none are kept, and nothing where there is none", async () => {
  expect(await embedWithin(caller)).toEqual([`00-${caller.traceId}-${caller.spanId}-01`]);
  expect(await embedWithin(startTrace())).toEqual([undefined]);
});
