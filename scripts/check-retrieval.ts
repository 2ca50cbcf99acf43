/**
 * `node scripts/check-retrieval.ts <folder of evaluation sets>`: fails when ranking falls below floors a little
 * under the measured figures. Skips loudly where the sets are not at hand.
 */
import { join } from "node:path";
import { readSet } from "./eval/beir.ts";
import { evaluateSet } from "./eval/evaluate-set.ts";
import { isMissing } from "./eval/missing.ts";
import { readCommandLine } from "./command-line.ts";

interface Floor {
  readonly set: string;
  /** nDCG@10. */
  readonly fused: number;
  readonly reranked: number;
  /** Share of the questions all of whose documents are among the first ten, reranked. */
  readonly all?: number;
  /** Each question is asked in the collection of its language. */
  readonly own?: true;
}

/** Small changes of the ranking move them by a few thousandths, those of sets of thirty questions most. */
const FLOORS: readonly Floor[] = [
  { set: "squad-open", fused: 0.93, reranked: 0.935 },
  { set: "cranfield", fused: 0.39, reranked: 0.39 },
  { set: "med", fused: 0.725, reranked: 0.715 },
  { set: "multihop-wiki", fused: 0.66, reranked: 0.71, all: 0.53 },
  { set: "clapnq-dev", fused: 0.95, reranked: 0.96 },
  { set: "mtrag-un", fused: 0.81, reranked: 0.81 },
  { set: "rgb-en", fused: 0.6, reranked: 0.615 },
  { set: "xquad", fused: 0.96, reranked: 0.96, own: true },
];
/** Fused may fall this much below the better of its arms on a set. */
const BELOW_BEST_ARM_MAX = 0.01;
/** And is this much above it on the mean. */
const ABOVE_BEST_ARM_MIN = 0.009;

const [folder = ""] = readCommandLine(
  "node scripts/check-retrieval.ts <folder of evaluation sets>",
  {},
  1,
).positionals;
if (isMissing(folder)) process.exit(0);
let failed = 0;
let gained = 0;
for (const { set, fused, reranked, all, own = false } of FLOORS) {
  const { arms } = await evaluateSet(await readSet(join(folder, set)), {
    oneCollection: false,
    own,
    progress: () => undefined,
    answer: undefined,
  });
  const best = Math.max(arms.vector.ndcg10, arms.keyword.ndcg10);
  gained += arms.fused.ndcg10 - best;
  check(`${set}: fused`, arms.fused.ndcg10, fused);
  check(`${set}: fused against its best arm`, arms.fused.ndcg10, best - BELOW_BEST_ARM_MAX);
  check(`${set}: reranked`, arms.reranked.ndcg10, reranked);
  if (all !== undefined) check(`${set}: reranked, all in the first ten`, arms.reranked.all10, all);
}
check("fused above its best arm, mean", gained / FLOORS.length, ABOVE_BEST_ARM_MIN);
process.exitCode = failed === 0 ? 0 : 1;

function check(what: string, figure: number, floor: number): void {
  const met = figure >= floor;
  if (!met) failed += 1;
  console.log(`${met ? "ok" : "LOW"}  ${what}: ${figure.toFixed(4)}, floor ${floor.toFixed(4)}`);
}
