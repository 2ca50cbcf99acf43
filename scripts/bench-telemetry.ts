/**
 * What being seen costs: processor time an answer with metrics, traces and log on, against all of them off.
 * `node scripts/bench-telemetry.ts [rounds] [answers]`; ends with 1 above the goal. Two processes of the same
 * program differ by some percent for as long as they live, so both services are in one and answer in turns.
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
import type { Program } from "./bench-program.ts";
import { readCommandLine } from "./command-line.ts";

const OVERHEAD_MAX = 0.05;
/** So few that they do not fall into step with each other: in step an answer costs a fifth less, and chance decides when they are. */
const ASKERS = 64;
/** As often as a collector of metrics usually reads. */
const SCRAPE_MS = 5_000;
const WARM_ROUNDS = 3;
/** Rounds left out at each end: one into which a large collection of garbage falls takes up to a third more than the other of its pair. */
const TRIMMED_SHARE = 0.15;

type Name = "seen" | "unseen";

const USAGE = "node scripts/bench-telemetry.ts [rounds] [answers]";
const [rounds = 50, answers = 128] = readCommandLine(USAGE, {}, 2).positionals.map(Number);
const folder = await mkdtemp(join(tmpdir(), "tributary-bench-telemetry-"));
const received = { requests: 0, bytes: 0 };
const collector = createServer((request, response) => {
  received.requests += 1;
  request.on("data", (part: Uint8Array) => (received.bytes += part.length));
  request.on("end", () => response.end());
});
await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
const { port } = collector.address() as AddressInfo;

/** Processor time of one round, in milliseconds. */
async function measureRound(server: Program, name: Name): Promise<number> {
  const address = `http://127.0.0.1:${server.port}`;
  await fetch(`${address}/bench/${name}`, { method: "POST" });
  const before = server.cpuMs();
  const scrape = setInterval(() => {
    if (name === "seen") void fetch(`${address}/metrics`);
  }, SCRAPE_MS);
  await measure(server, { askers: ASKERS, answers });
  clearInterval(scrape);
  return server.cpuMs() - before;
}

type Pair = Readonly<Record<Name, number>>;

async function measurePairs(server: Program): Promise<readonly Pair[]> {
  await warm(server);
  const pairs: Pair[] = [];
  for (let round = -WARM_ROUNDS; round < rounds; round += 1) {
    // Whoever is first changes, so that what the machine does beside it falls on both.
    const order: readonly Name[] = round % 2 === 0 ? ["seen", "unseen"] : ["unseen", "seen"];
    const taken: Record<Name, number> = { seen: 0, unseen: 0 };
    for (const name of order) taken[name] = await measureRound(server, name);
    if (round >= 0) pairs.push(taken);
    process.stderr.write(`\rround ${Math.max(0, round + 1)} of ${rounds}`);
  }
  process.stderr.write("\n");
  return pairs;
}

/** Mean of the middle, and how far it may be off (standard error of a trimmed mean: Tukey and McLaughlin, 1963). */
function trimmedMean(values: readonly number[]): { readonly mean: number; readonly error: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const cut = Math.floor(sorted.length * TRIMMED_SHARE);
  const middle = sorted.slice(cut, sorted.length - cut);
  const mean = middle.reduce((sum, value) => sum + value, 0) / middle.length;
  const [least = 0, most = 0] = [middle[0], middle.at(-1)];
  const squares = sorted.reduce(
    (sum, value) => sum + (Math.min(Math.max(value, least), most) - mean) ** 2,
    0,
  );
  const deviation = Math.sqrt(squares / Math.max(1, sorted.length - 1));
  return { mean, error: deviation / ((middle.length / sorted.length) * Math.sqrt(sorted.length)) };
}

try {
  await loadBenchCollections(folder);
  await using upstream = await startUpstream();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  await using server = await startService(folder, upstream.port, env, "bench-telemetry-server.ts");
  const pairs = await measurePairs(server);
  const sum = (name: Name): number => pairs.reduce((all, pair) => all + pair[name], 0);
  const added = trimmedMean(pairs.map(({ seen, unseen }) => (seen - unseen) / answers));
  const unseen = sum("unseen") / rounds / answers;
  const overhead = added.mean / unseen;
  const toPercent = (share: number): string => `${(share * 100).toFixed(1)}%`;
  console.log(
    `processor time an answer: ${unseen.toFixed(2)} ms unseen, ${added.mean.toFixed(2)} ± ${added.error.toFixed(2)} ms more when seen`,
  );
  console.log(
    `overhead ${toPercent(overhead)} ± ${toPercent(added.error / unseen)} (with every round: ${toPercent(sum("seen") / sum("unseen") - 1)}), at most ${toPercent(OVERHEAD_MAX)}`,
  );
  console.log(`the collector got ${received.bytes} bytes in ${received.requests} requests`);
  process.exitCode = overhead <= OVERHEAD_MAX ? 0 : 1;
} finally {
  collector.closeAllConnections();
  collector.close();
  await rm(folder, { recursive: true, force: true });
}
