/** The service over many questions, of which some are left and some meet faults: whether anything of them stays. */
import { setTimeout as sleep } from "node:timers/promises";
import { createSource } from "../bench-data.ts";
import type { Program } from "../bench-program.ts";
import { atLeast, atMost, type Row } from "../bench-row.ts";
import type { SettingsInput } from "../chaos/settings.ts";
import type { Upstream } from "../chaos/upstream.ts";
import { openStream, until } from "./client.ts";
import type { HeapSample } from "./heap-probe.ts";
import { createSampler, type TakeSample } from "./heap-samples.ts";

export interface SoakOptions {
  readonly server: Program;
  readonly upstream: Upstream;
  /** Where the server's probe writes. */
  readonly probeFile: string;
  readonly asks: number;
  /** Heap that 10,000 questions may add, in MiB. */
  readonly slopeMax: number;
}

const ASKERS = 24;
const CANCEL_SHARE = 0.1;
const FAULT_SHARE = 0.1;
const CANCEL_MS_MAX = 60;
/** Heap samples, evenly over the questions; the first ones are warm-up: caches fill, code is compiled. */
const SAMPLES = 40;
const WARM_SHARE = 0.3;
const WARM_ASKS = 200;
const MEBIBYTE = 2 ** 20;

const HEALTHY = {
  seed: 11,
  chat: { content: "grounded", firstMs: 5, deltaMs: 0 },
} as const;
const REFUSALS = ["status=503", "status=500", "reset", "rate-limit-ms=20", "html", "stall-headers"];
const BROKEN_STREAMS = ["error-after=0", "eof-after=3", "reset-after=3", "stall-after=3"];

export const soakUpstream = (dimensions: number): SettingsInput => ({
  ...HEALTHY,
  embeddings: { dimensions, latencyMs: 2 },
  rules: [
    { on: "chat", oneOf: [...REFUSALS, ...BROKEN_STREAMS], rate: FAULT_SHARE },
    { on: "embeddings", oneOf: REFUSALS, rate: FAULT_SHARE },
  ],
});

/** Silences are short, so that many fit. */
export const SOAK_ENV: Readonly<Record<string, string>> = {
  EMBED_ATTEMPT_TIMEOUT_MS: "300",
  FIRST_DELTA_TIMEOUT_MS: "500",
  DELTA_GAP_TIMEOUT_MS: "500",
  LOG_LEVEL: "off",
};

interface Counts {
  left: number;
  /** Streams that were read to their end, or to the reset of their socket. */
  read: number;
  ended: number;
  reset: number;
}

export async function benchSoak(options: SoakOptions): Promise<readonly Row[]> {
  const { server, upstream, probeFile, asks, slopeMax } = options;
  const counts: Counts = { left: 0, read: 0, ended: 0, reset: 0 };
  const source = createSource(17);
  const takeSample = createSampler(server, probeFile);
  // What is opened at the first questions stays open: the collection's files, the store's threads.
  await askMany(server, WARM_ASKS, () => source.words(8), { ...counts });
  const start = await settle(takeSample);
  const samples: HeapSample[] = [];
  for (let number = 1; number <= SAMPLES; number += 1) {
    await askMany(server, Math.round(asks / SAMPLES), () => source.words(8), counts);
    await until(() => upstream.journal.totals().open === 0);
    samples.push(await takeSample());
    tell(number, samples);
  }
  const end = await settle(takeSample);
  const warm = samples.slice(Math.ceil(WARM_SHARE * SAMPLES));
  const slope =
    toSlope(warm.map(({ heapBytes }) => heapBytes / MEBIBYTE)) / (asks / SAMPLES / 10_000);
  const sockets = (sample: HeapSample | undefined): number =>
    sample?.resources["TCPSocketWrap"] ?? 0;
  const rss = (sample: HeapSample | undefined): number =>
    Math.round((sample?.rssBytes ?? 0) / MEBIBYTE);
  return [
    atMost(`${asks} questions, ${counts.left} left early: heap per 10,000 after warm-up`, {
      value: slope,
      goal: slopeMax,
      unit: "MiB",
      note: `${toMebibytes(warm[0])} to ${toMebibytes(warm.at(-1))} MiB, RSS ${rss(warm[0])} to ${rss(warm.at(-1))}`,
    }),
    atMost("sockets of the service, against the start", {
      value: sockets(end),
      goal: sockets(start),
      unit: "",
    }),
    atMost("timers and handles of the service, against the start", {
      value: toHandles(end),
      goal: toHandles(start),
      unit: "",
      note: JSON.stringify(end.resources),
    }),
    atMost("open files of the service, against the start", {
      value: end.files,
      goal: start.files + FILES_SLACK,
      unit: "",
    }),
    atLeast("streams that end with one run-end or a reset", {
      value: (100 * (counts.ended + counts.reset)) / counts.read,
      goal: 100,
      unit: "%",
      note: `${counts.ended} and ${counts.reset} of ${counts.read}`,
    }),
  ];
}

/** The store's threads come and go, and files with them; what each hundredth question left open would be more. */
const FILES_SLACK = 24;

async function askMany(
  server: Program,
  count: number,
  toQuestion: () => string,
  counts: Counts,
): Promise<void> {
  let begun = 0;
  const asker = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const number = begun;
      const { socket, ended } = openStream(server.port, toQuestion(), () => undefined);
      if (number % Math.round(1 / CANCEL_SHARE) === 0) {
        await sleep((number * 7) % CANCEL_MS_MAX);
        counts.left += 1;
      } else {
        countEnd(await ended, counts);
      }
      socket.destroy();
    }
  };
  await Promise.all(Array.from({ length: ASKERS }, asker));
}

function countEnd(tail: string, counts: Counts): void {
  counts.read += 1;
  const ends = tail.split("event: run-end").length - 1;
  if (ends === 1) counts.ended += 1;
  else if (ends === 0 && !tail.endsWith("0\r\n\r\n")) counts.reset += 1;
}

/** What is held once idle connections are closed; after half a minute what is held then. */
async function settle(takeSample: TakeSample): Promise<HeapSample> {
  for (let turn = 1; ; turn += 1) {
    await sleep(3_000);
    const sample = await takeSample();
    if (sample.resources["TCPSocketWrap"] === undefined || turn === 10) return sample;
  }
}

function toHandles({ resources }: HeapSample): number {
  return Object.values(resources).reduce((sum, count) => sum + count, 0);
}

function toMebibytes(sample: HeapSample | undefined): number {
  return Math.round((sample?.heapBytes ?? 0) / MEBIBYTE);
}

/** Of a line through the values at 0, 1, 2, … with the least squares. */
function toSlope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let above = 0;
  let below = 0;
  for (const [index, value] of values.entries()) {
    above += (index - middle) * (value - mean);
    below += (index - middle) ** 2;
  }
  return above / below;
}

function tell(number: number, samples: readonly HeapSample[]): void {
  process.stderr.write(`${number}/${SAMPLES}: ${toMebibytes(samples.at(-1))} MiB of heap\n`);
}
