/**
 * `node scripts/check-retrieval.ts <folder of evaluation sets>`: fails when ranking or answering falls
 * below floors a little under the measured figures. Skips loudly where the sets are not at hand.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSet } from "./eval/beir.ts";
import { evaluateSet } from "./eval/evaluate-set.ts";

interface Floor {
  readonly set: string;
  readonly fused: number;
  readonly reranked: number;
}

/** nDCG@10; small changes of the ranking move them by a few thousandths. */
const FLOORS: readonly Floor[] = [
  { set: "squad-open", fused: 0.93, reranked: 0.935 },
  { set: "med", fused: 0.725, reranked: 0.71 },
  { set: "clapnq-dev", fused: 0.95, reranked: 0.96 },
];
/** Fused may fall this much below the better of its arms on a set. */
const BELOW_BEST_ARM_MAX = 0.01;

const folder = process.argv[2] ?? "";
if (!existsSync(folder)) {
  console.log(`SKIPPED: no evaluation sets at ${folder || "(no folder named)"}`);
  process.exit(0);
}
let failed = 0;
for (const { set, fused, reranked } of FLOORS) {
  const { arms } = await evaluateSet(await readSet(join(folder, set)), {
    oneCollection: false,
    own: false,
    progress: () => undefined,
    answer: undefined,
  });
  const best = Math.max(arms.vector.ndcg10, arms.keyword.ndcg10);
  check(`${set}: fused`, arms.fused.ndcg10, fused);
  check(`${set}: fused against its best arm`, arms.fused.ndcg10, best - BELOW_BEST_ARM_MAX);
  check(`${set}: reranked`, arms.reranked.ndcg10, reranked);
}
process.exitCode = failed === 0 ? 0 : 1;

function check(what: string, figure: number, floor: number): void {
  const met = figure >= floor;
  if (!met) failed += 1;
  console.log(`${met ? "ok" : "LOW"}  ${what}: ${figure.toFixed(4)}, floor ${floor.toFixed(4)}`);
}
