/**
 * A long soak: `node scripts/bench-soak.ts [--size SHARE] [--json]`. At full size it is 100,000 questions;
 * at 0.03 it is the short form, which finds only what leaks much. Exits with 1 when a goal is missed.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/async/clock.ts";
import { parseConfig } from "../src/config.ts";
import { createLanceStore } from "../src/node/lance/lance-store.ts";
import { startService } from "./bench-answers.ts";
import { DIMENSIONS, loadCollection } from "./bench-data.ts";
import { type Benches, benchMain } from "./bench-main.ts";
import { startUpstream } from "./chaos/upstream.ts";
import { toProbeEnv } from "./serving/heap-samples.ts";
import { benchSoak, SOAK_ENV, soakUpstream } from "./serving/soak.ts";

const ASKS = 100_000;
const SLOPE_MAX = 1;
/** Below this size samples lie so close together that their noise is a slope. */
const SHORT_BELOW = 0.2;
const SHORT_SLOPE_MAX = 30;
/** What is kept of earlier questions must be full within the warm-up. */
const SHORT_ENV = {
  RUN_JOURNAL_RUNS_MAX: "100",
  EMBED_CACHE_ENTRIES_MAX: "100",
};

export const SOAK: Benches = {
  soak: async (size) => {
    const folder = await mkdtemp(join(tmpdir(), "tributary-bench-soak-"));
    try {
      const config = parseConfig({});
      const store = await createLanceStore({ uri: folder, config, clock: systemClock });
      await loadCollection(store, "north", { chunks: 500, seed: 1, embedder: "openai:bench" });
      const settings = soakUpstream(DIMENSIONS);
      await using upstream = await startUpstream({ settings, requestsMax: 0 });
      const probeFile = join(folder, "probe.jsonl");
      await using server = await startService(folder, Number(new URL(upstream.url).port), {
        ...SOAK_ENV,
        ...(size < SHORT_BELOW ? SHORT_ENV : {}),
        ...toProbeEnv(probeFile),
      });
      return await benchSoak({
        server,
        upstream,
        probeFile,
        asks: Math.round(ASKS * size),
        slopeMax: size < SHORT_BELOW ? SHORT_SLOPE_MAX : SLOPE_MAX,
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

if (import.meta.main) {
  const rows = await benchMain(SOAK);
  process.exitCode = rows.every(({ met }) => met) ? 0 : 1;
}
