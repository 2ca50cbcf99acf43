/** What syncing costs ingest: the same ingest with and without it, in turns, in one run. */
import { benchIngest } from "../bench-ingest.ts";
import { toQuantile } from "../to-quantile.ts";
import type { Figure } from "./measure.ts";

const CHUNKS = 20_000;
const SHARE_MAX = 0.15;

export async function measureCost(pairs: number): Promise<readonly Figure[]> {
  const times: Record<"true" | "false", number[]> = { true: [], false: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    const order = pair % 2 === 0 ? (["true", "false"] as const) : (["false", "true"] as const);
    for (const sync of order) {
      process.env["STORE_SYNC"] = sync;
      times[sync].push((await benchIngest(CHUNKS)).firstMs);
    }
  }
  delete process.env["STORE_SYNC"];
  const [synced, plain] = [toQuantile(times.true, 0.5), toQuantile(times.false, 0.5)];
  const share = 1 - plain / synced;
  return [
    {
      what: `cost of durability, ingest of ${CHUNKS} chunks, median of ${pairs} with (${synced} ms) and without (${plain} ms)`,
      figure: `${Math.round(share * 1_000) / 10} % of the throughput`,
      goal: "≤ 15 %",
      ok: share <= SHARE_MAX,
    },
  ];
}
