/** Measures what one small document costs that is written into a large collection: processor time and bytes on the disk. */
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import { createLanceStore } from "../src/node/lance/lance-store.ts";
import type { WriteStore } from "../src/stores/store.ts";
import { createSource, loadCollection } from "./bench-data.ts";
import { toPlainChunk } from "./plain-chunk.ts";
import { readCommandLine } from "./command-line.ts";

const NAME = "large";
/** More than there may be before the indexes are written. */
const WRITES = 40;

const { signal } = new AbortController();

interface Cost {
  readonly cpuMs: number;
  readonly bytes: number;
}

async function measure(store: WriteStore, folder: string, number: number): Promise<Cost> {
  const source = createSource(number + 100);
  const id = `note-${number}`;
  const chunks = [{ chunk: toPlainChunk(id, source.words(80), 0), vector: source.vector() }];
  const document = { id, title: id, source: id, hash: id, metadata: {}, chunks };
  const before = await countBytes(folder);
  const start = process.cpuUsage();
  // As an upload over HTTP does.
  const writer = await store.openWriter(NAME, signal);
  await writer.commit({ put: [document], remove: [] }, signal);
  await writer.index(signal);
  await writer.close();
  const { user, system } = process.cpuUsage(start);
  return { cpuMs: (user + system) / 1_000, bytes: (await countBytes(folder)) - before };
}

async function countBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const { values } = readCommandLine("node scripts/bench-small-writes.ts [--chunks N]", {
  chunks: { type: "string", default: "100000" },
});
const folder = await mkdtemp(join(tmpdir(), "tributary-bench-writes-"));
try {
  const store = await createLanceStore({
    uri: folder,
    config: parseConfig(process.env),
    clock: systemClock,
  });
  await loadCollection(store, NAME, { chunks: Number(values.chunks), seed: 1 });
  const whole = await countBytes(folder);
  const costs: Cost[] = [];
  for (let number = 0; number < WRITES; number += 1) {
    costs.push(await measure(store, folder, number));
  }
  const mean = (of: (cost: Cost) => number): number =>
    costs.reduce((sum, cost) => sum + of(cost), 0) / costs.length;
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(`${WRITES} writes of one chunk each into ${values.chunks} (${megabytes(whole)})`);
  console.log(`  ${mean(({ cpuMs }) => cpuMs).toFixed(0)} ms of processor time a write`);
  console.log(
    `  ${megabytes(mean(({ bytes }) => bytes))} on the disk, ${((100 * mean(({ bytes }) => bytes)) / whole).toFixed(2)}% of the collection`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
