/**
 * `node scripts/check-refusal.ts <folder of evaluation sets>`: fails when too few of the questions that the passages
 * do not answer are refused without a model, or too many that they do. Skips loudly where the sets are not at hand.
 */
import { join } from "node:path";
import { weigh } from "../src/grounding/extract/answerability.ts";
import { ANSWERABLE_SURE } from "../src/grounding/extract/extractive.ts";
import { isMissing } from "./eval/missing.ts";
import { type Kind, readCases } from "./eval/refusal-cases.ts";

/** Shares that are not surely answered. */
const GOALS: readonly { readonly set: string; readonly floors: Partial<Record<Kind, number>> }[] = [
  { set: "squad-open", floors: { "left-out": 0.65, "look-alike": 0.6 } },
  { set: "clapnq-dev", floors: { "left-out": 0.75, "look-alike": 0.56 } },
];
const FALSE_REFUSALS_MAX = 0.1;

const folder = process.argv[2] ?? "";
if (isMissing(folder)) process.exit(0);
let failed = 0;
for (const { set, floors } of GOALS) {
  const cases = await readCases(join(folder, set), () => undefined);
  const share = (wanted: Kind): number => {
    const own = cases.filter(({ kind }) => kind === wanted);
    return own.filter(({ read }) => weigh(read) < ANSWERABLE_SURE).length / own.length;
  };
  const refused = share("answerable");
  check(
    refused <= FALSE_REFUSALS_MAX,
    `${set}: answerable ones refused: ${refused.toFixed(3)}, at most ${FALSE_REFUSALS_MAX}`,
  );
  for (const [kind, floor] of Object.entries(floors)) {
    const own = share(kind as Kind);
    check(own >= floor, `${set}: ${kind} ones refused: ${own.toFixed(3)}, at least ${floor}`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;

function check(met: boolean, what: string): void {
  if (!met) failed += 1;
  console.log(`${met ? "ok" : "LOW"}  ${what}`);
}
