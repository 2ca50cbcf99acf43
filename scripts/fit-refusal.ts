/**
 * Fits and measures when the extractive answerer refuses: `node scripts/fit-refusal.ts <set folder> ...`.
 * Questions with the passages found for them should be answered; the same questions asked of everything but
 * their relevant documents (left out), and those the set marks as unanswerable although its documents
 * speak of the like (look-alike), should be refused. Prints the weights fitted on all sets, and for each set
 * how well weights fitted on the other sets do, and those of the service.
 */
import { type Fitted, READINGS, weigh } from "../src/grounding/extract/answerability.ts";
import { ANSWERABLE_MIN, ANSWERABLE_SURE } from "../src/grounding/extract/extractive.ts";
import { fit, toAuroc } from "./eval/logistic.ts";
import { listFolders } from "./eval/missing.ts";
import { type Case, type Kind, readCases } from "./eval/refusal-cases.ts";

type Judge = (one: Case) => number;

const DECAY = 0.0025;
const FALSE_REFUSALS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2];

const cases: Case[] = [];
for (const folder of listFolders()) {
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
  const of = (kind: Kind, value: Judge): readonly number[] =>
    own.filter((one) => one.kind === kind).map(value);
  const answerable = of("answerable", judge).toSorted((a, b) => a - b);
  const thresholds = [ANSWERABLE_MIN, ANSWERABLE_SURE];
  const below = (judged: readonly number[]): string =>
    thresholds
      .map((most) => (judged.filter((one) => one < most).length / judged.length).toFixed(3))
      .join(" and ");
  console.log(`  below ${thresholds.join(" and ")}: answerable ${below(answerable)}`);
  for (const kind of ["left-out", "look-alike"] as const) {
    const refused = of(kind, judge);
    if (refused.length === 0) continue;
    const searched = toAuroc(
      of("answerable", ({ searchScore }) => searchScore),
      of(kind, ({ searchScore }) => searchScore),
    );
    const curve = FALSE_REFUSALS.map((share) => {
      const threshold = answerable[Math.floor(answerable.length * share)] ?? 0;
      const recall = refused.filter((one) => one < threshold).length / refused.length;
      return `${recall.toFixed(3)} at ${share} (${threshold.toFixed(2)})`;
    });
    console.log(`  ${kind} ${below(refused)}; AUROC ${toAuroc(answerable, refused).toFixed(3)},`);
    console.log(`    of the search score ${searched.toFixed(3)}; recall ${curve.join(", ")}`);
  }
}
