/**
 * Fits and measures when the extractive answerer refuses: `node scripts/fit-refusal.ts <set folder> ...`.
 * Questions with the passages found for them should be answered; the same questions asked of everything but
 * their relevant documents (left out), and those the set marks as unanswerable although its documents
 * speak of the like (look-alike), should be refused. Prints the weights fitted on all sets, and for each set
 * how well weights fitted on the other sets do, and those of the service.
 */
import { type Fitted, READINGS, weigh } from "../src/grounding/extract/answerability.ts";
import { ANSWERABLE_MIN, ANSWERABLE_SURE } from "../src/grounding/extract/extractive.ts";
import { fit } from "./eval/logistic.ts";
import { listFolders } from "./eval/missing.ts";
import { type Case, readCases } from "./eval/refusal-cases.ts";
import { type Judge, judgeKind, rateRefusals, toShareBelow } from "./eval/refusal-rates.ts";

const DECAY = 0.0025;
const FALSE_REFUSALS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2];

const cases: Case[] = [];
for (const folder of listFolders("node scripts/fit-refusal.ts <set folder> ...")) {
  cases.push(...(await readCases(folder, (text) => console.error(text))));
}
console.log(JSON.stringify(fitOn(cases), undefined, 2));
for (const group of new Set(cases.map((one) => one.group))) {
  const own = cases.filter((one) => one.group === group);
  const others = cases.filter(({ set }) => set !== own[0]?.set);
  report(`${group}, as it is`, own, ({ read }) => weigh(read));
  if (others.length > 0) {
    const fitted = fitOn(others);
    report(`${group}, fitted on the others`, own, ({ read }) => weigh(read, fitted));
  }
}

/** What an objection decides is no matter of weights, and in a language without meanings the readings are others. */
function fitOn(all: readonly Case[]): Fitted {
  const rows = all.filter(({ read }) => read.objection === undefined && !read.isForeign);
  const counts = Map.groupBy(rows, ({ set, kind }) => `${set} ${kind}`);
  const { weights, bias } = fit(
    rows.map(({ read: { readings }, kind, set }) => ({
      features: READINGS.map((name) => readings[name]),
      isAnswer: kind === "answerable",
      weight: 1 / (counts.get(`${set} ${kind}`)?.length ?? 1),
    })),
    DECAY,
  );
  const weightOf = (name: (typeof READINGS)[number]): number =>
    Math.round((weights[READINGS.indexOf(name)] ?? 0) * 100) / 100;
  return {
    bias: Math.round(bias * 100) / 100,
    weights: {
      windowSimilarity: weightOf("windowSimilarity"),
      known: weightOf("known"),
      pairs: weightOf("pairs"),
      names: weightOf("names"),
      sentence: weightOf("sentence"),
    },
  };
}

function report(title: string, own: readonly Case[], judge: Judge): void {
  console.log(`\n${title}`);
  const thresholds = [ANSWERABLE_MIN, ANSWERABLE_SURE];
  const join = (shares: readonly number[]): string =>
    shares.map((share) => share.toFixed(3)).join(" and ");
  const answerable = judgeKind(own, "answerable", judge);
  const answered = thresholds.map((most) => toShareBelow(answerable, most));
  console.log(`  below ${thresholds.join(" and ")}: answerable ${join(answered)}`);
  for (const kind of ["left-out", "look-alike"] as const) {
    const rates = rateRefusals(own, kind, judge);
    if (rates === undefined) continue;
    const curve = FALSE_REFUSALS.map((share) => {
      const { threshold, recall } = rates.at(share);
      return `${recall.toFixed(3)} at ${share} (${threshold.toFixed(2)})`;
    });
    const below = join(thresholds.map((most) => rates.below(most)));
    console.log(`  ${kind} ${below}; AUROC ${rates.auroc.toFixed(3)},`);
    console.log(
      `    of the search score ${rates.searchAuroc.toFixed(3)}; recall ${curve.join(", ")}`,
    );
  }
}
