/**
 * `node scripts/check-refusal.ts <folder of evaluation sets>`: fails when too few of the questions that the passages
 * do not answer are refused without a model, or too many that they do. Each set is read twice: at the service's one
 * threshold, and on the set's own curve, where it refuses as much as it may of what should be answered. Skips loudly
 * where the sets are not at hand.
 */
import { join } from "node:path";
import { weigh } from "../src/grounding/extract/answerability.ts";
import { ANSWERABLE_SURE } from "../src/grounding/extract/extractive.ts";
import { isMissing } from "./eval/missing.ts";
import { readCases } from "./eval/refusal-cases.ts";
import { type Judge, judgeKind, rateRefusals, toShareBelow } from "./eval/refusal-rates.ts";
import { readCommandLine } from "./command-line.ts";

interface Floors {
  /** At the service's threshold. */
  readonly below: number;
  /** On the set's own curve. */
  readonly onCurve: number;
}

/** Shares that are not surely answered. */
const GOALS: readonly { readonly set: string; readonly floors: Readonly<Record<Kind, Floors>> }[] =
  [
    {
      set: "squad-open",
      floors: {
        "left-out": { below: 0.65, onCurve: 0.65 },
        "look-alike": { below: 0.6, onCurve: 0.6 },
      },
    },
    {
      set: "clapnq-dev",
      floors: {
        "left-out": { below: 0.75, onCurve: 0.8 },
        "look-alike": { below: 0.56, onCurve: 0.6 },
      },
    },
  ];
const KINDS = ["left-out", "look-alike"] as const;
type Kind = (typeof KINDS)[number];
const FALSE_REFUSALS_MAX = 0.1;
const judge: Judge = ({ read }) => weigh(read);

const [folder = ""] = readCommandLine(
  "node scripts/check-refusal.ts <folder of evaluation sets>",
  {},
  1,
).positionals;
if (isMissing(folder)) process.exit(0);
let failed = 0;
for (const { set, floors } of GOALS) {
  const cases = await readCases(join(folder, set), () => undefined);
  const refused = toShareBelow(judgeKind(cases, "answerable", judge), ANSWERABLE_SURE);
  check(
    refused <= FALSE_REFUSALS_MAX,
    `${set}, at the service's threshold ${ANSWERABLE_SURE}: answerable ones refused ${refused.toFixed(3)}, at most ${FALSE_REFUSALS_MAX}`,
  );
  for (const kind of KINDS) {
    const rates = rateRefusals(cases, kind, judge);
    if (rates === undefined) throw new Error(`${set} has no ${kind} questions`);
    const { below, onCurve } = floors[kind];
    const share = rates.below(ANSWERABLE_SURE);
    check(
      share >= below,
      `${set}, ${kind}: refused at the service's threshold ${share.toFixed(3)}, at least ${below}`,
    );
    const { recall, threshold } = rates.at(FALSE_REFUSALS_MAX);
    check(
      recall >= onCurve,
      `${set}, ${kind}: refused where at most ${FALSE_REFUSALS_MAX} of the answerable ones are (below ${threshold.toFixed(2)}) ${recall.toFixed(3)}, at least ${onCurve}`,
    );
    const { auroc, searchAuroc } = rates;
    check(
      auroc > searchAuroc,
      `${set}, ${kind}: AUROC ${auroc.toFixed(3)}, above the search score's ${searchAuroc.toFixed(3)}`,
    );
  }
}
process.exitCode = failed === 0 ? 0 : 1;

function check(met: boolean, what: string): void {
  if (!met) failed += 1;
  console.log(`${met ? "ok" : "LOW"}  ${what}`);
}
