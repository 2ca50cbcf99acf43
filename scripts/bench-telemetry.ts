/**
 * What being seen costs: processor time an answer with metrics, traces and log on, against all of them off,
 * in turns within one run. `node scripts/bench-telemetry.ts [pairs] [rounds a pair] [answers a round]`; ends with 1 above the
 * goal. Two processes of the same program differ by some percent for as long as they live, so there are several pairs of them.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  loadBenchCollections,
  measure,
  startService,
  startUpstream,
  warm,
} from "./bench-answers.ts";

const OVERHEAD_MAX = 0.05;
/** So few that they do not fall into step with each other: in step an answer costs a fifth less, and chance decides when they are. */
const ASKERS = 32;
/** As often as a collector of metrics usually reads. */
const SCRAPE_MS = 5_000;

const [pairs = 3, rounds = 2, answers = 400] = process.argv.slice(2).map(Number);
const folder = await mkdtemp(join(tmpdir(), "tributary-bench-telemetry-"));
const received = { requests: 0, bytes: 0 };
const collector = createServer((request, response) => {
  received.requests += 1;
  request.on("data", (part: Uint8Array) => (received.bytes += part.length));
  request.on("end", () => response.end());
});
await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
const { port } = collector.address() as AddressInfo;

const cpuMs = { on: 0, off: 0 };
const ratios: number[] = [];

/** New processes, each round with the one and with the other. */
async function measurePair(upstreamPort: number, pair: number): Promise<void> {
  await using on = await startService(folder, upstreamPort, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
  });
  await using off = await startService(folder, upstreamPort, {
    METRICS: "false",
    LOG_LEVEL: "off",
  });
  for (const server of [on, off]) {
    await warm(server);
    await measure(server, { askers: ASKERS, answers });
  }
  const scrape = setInterval(() => void fetch(`http://127.0.0.1:${on.port}/metrics`), SCRAPE_MS);
  const taken = { on: 0, off: 0 };
  for (let round = 0; round < rounds; round += 1) {
    // Whoever is first changes, so that what the machine does beside it falls on both.
    const isOnFirst = (pair + round) % 2 === 0;
    for (const name of isOnFirst ? (["on", "off"] as const) : (["off", "on"] as const)) {
      const server = { on, off }[name];
      const before = server.cpuMs();
      await measure(server, { askers: ASKERS, answers });
      taken[name] += server.cpuMs() - before;
    }
  }
  clearInterval(scrape);
  cpuMs.on += taken.on;
  cpuMs.off += taken.off;
  ratios.push(taken.on / taken.off - 1);
}

try {
  await loadBenchCollections(folder);
  await using upstream = await startUpstream();
  for (let pair = 0; pair < pairs; pair += 1) await measurePair(upstream.port, pair);
  const total = pairs * rounds * answers;
  const overhead = cpuMs.on / cpuMs.off - 1;
  const toPercent = (share: number): string => `${(share * 100).toFixed(1)}%`;
  ratios.sort((a, b) => a - b);
  console.log(
    `processor time an answer: ${(cpuMs.on / total).toFixed(2)} ms on, ${(cpuMs.off / total).toFixed(2)} ms off`,
  );
  console.log(
    `overhead ${toPercent(overhead)} (pairs: ${ratios.map(toPercent).join(", ")}), at most ${toPercent(OVERHEAD_MAX)}`,
  );
  console.log(`the collector got ${received.bytes} bytes in ${received.requests} requests`);
  process.exitCode = overhead <= OVERHEAD_MAX ? 0 : 1;
} finally {
  collector.closeAllConnections();
  collector.close();
  await rm(folder, { recursive: true, force: true });
}
