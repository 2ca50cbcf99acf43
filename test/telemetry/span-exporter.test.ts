import { expect, test } from "vitest";
import { createSpanExporter } from "../../src/telemetry/span-exporter.ts";
import type { SpanRecord } from "../../src/telemetry/tracer.ts";
import { recordLog } from "../support/app.ts";
import { createFakeClock, settle } from "../support/fake-clock.ts";
import { startOtlpReceiver } from "../support/otlp-receiver.ts";

const span: SpanRecord = {
  name: "x",
  kind: "internal",
  traceId: "a".repeat(32),
  spanId: "b".repeat(16),
  startMs: 1,
  endMs: 2,
  attributes: {},
};

function makeExporter(url: string) {
  const [clock, log] = [createFakeClock(), recordLog()];
  const exporter = createSpanExporter({ clock, log, url, headers: {}, resource: {} });
  return { clock, log, exporter };
}

test("spans are sent together, a while after the first; nothing is under way without any", async () => {
  await using receiver = await startOtlpReceiver();
  const { clock, exporter } = makeExporter(`${receiver.url}/v1/traces`);
  expect(clock.pending).toBe(0);
  exporter.keep(span);
  exporter.keep(span);
  expect(receiver.requests).toHaveLength(0);
  await clock.advance(5_000);
  await exporter.flush();
  expect(receiver.requests.map(({ path }) => path)).toEqual(["/v1/traces"]);
  expect(receiver.spans).toHaveLength(2);
  expect(clock.pending).toBe(0);
});

test("many are sent in batches, before their time", async () => {
  await using receiver = await startOtlpReceiver();
  const { exporter } = makeExporter(`${receiver.url}/v1/traces`);
  for (let n = 0; n < 1_300; n += 1) exporter.keep(span);
  await exporter.flush();
  expect(receiver.spans).toHaveLength(1_300);
  expect(receiver.requests).toHaveLength(3);
});

test.each([
  ["refuses", 503],
  ["wants another address", 302],
] as const)(
  "a collector that %s is reported once and its spans are counted as dropped",
  async (_name, status) => {
    await using receiver = await startOtlpReceiver(status);
    const { exporter, log } = makeExporter(`${receiver.url}/v1/traces`);
    for (let round = 0; round < 3; round += 1) {
      exporter.keep(span);
      await exporter.flush();
    }
    expect(exporter.dropped).toBe(3);
    expect(log.lines).toEqual([
      expect.stringMatching(`warn collector-unreachable .*HTTP ${status}`),
    ]);
  },
);

test("a collector that is not there is reported once, and once more when it is", async () => {
  const receiver = await startOtlpReceiver();
  await receiver[Symbol.asyncDispose]();
  const { exporter, log } = makeExporter(`${receiver.url}/v1/traces`);
  for (let round = 0; round < 3; round += 1) {
    exporter.keep(span);
    await exporter.flush();
  }
  expect(log.lines).toEqual([expect.stringContaining("no connection")]);
});

test("a collector that hangs holds one request, is given up in time, and never makes anyone wait", async () => {
  await using receiver = await startOtlpReceiver("hang");
  const { clock, exporter, log } = makeExporter(`${receiver.url}/v1/traces`);
  for (let n = 0; n < 10_000; n += 1) exporter.keep(span);
  // The queue is full: what came after it was dropped at once.
  expect(exporter.dropped).toBeGreaterThan(5_000);
  while (receiver.requests.length === 0) await settle();
  expect(receiver.requests).toHaveLength(1);
  const flushing = exporter.flush();
  for (let round = 0; round < 40; round += 1) await clock.advance(1_000);
  while (exporter.dropped < 10_000) {
    await settle();
    await clock.advance(1_000);
  }
  await flushing;
  expect(exporter.dropped).toBe(10_000);
  expect(log.lines).toEqual([expect.stringContaining("no answer in time")]);
  expect(clock.pending).toBe(0);
});
