/**
 * Fits and measures when the extractive answerer refuses: `node scripts/fit-refusal.ts <set folder> ...`.
 * Questions with the passages found for them should be answered; the same questions without the passages
 * of their relevant documents (left out), and those the set marks as unanswerable although its documents
 * speak of the like (look-alike), should be refused. Fitted on every other question, reported on the rest.
 */
import { existsSync } from "node:fs";
import pMap from "p-map";
import { search } from "../src/answer.ts";
import { systemClock } from "../src/async/clock.ts";
import type { Passage, RunEvent } from "../src/domain/event.ts";
import { ANSWERABILITY, judgeAnswerability, toReadings } from "../src/grounding/answerability.ts";
import {
  ANSWERABLE_MIN,
  ANSWERABLE_SURE,
  scoreSentences,
  toInput,
} from "../src/grounding/extractive.ts";
import { silentLog } from "../src/telemetry/log.ts";
import { toAsk } from "./eval/answer-set.ts";
import { type EvalQuery, type EvalSet, readSet } from "./eval/beir.ts";
import { type AnswerContext, withSet } from "./eval/evaluate-set.ts";
import { fit, toAuroc } from "./eval/logistic.ts";
import { isMissing } from "./eval/missing.ts";

type Kind = "answerable" | "left-out" | "look-alike";

interface Case {
  readonly kind: Kind;
  readonly isForFitting: boolean;
  readonly set: string;
  readonly readings: readonly number[];
  /** Of the service as it is. */
  readonly judged: number;
  readonly passageScore: number;
}

const NAMES = Object.keys(ANSWERABILITY) as (keyof typeof ANSWERABILITY)[];
const FALSE_REFUSALS = [0.02, 0.05, 0.1];

const folders = process.argv.slice(2).filter((folder) => !isMissing(folder, existsSync));
const cases: Case[] = [];
for (const folder of folders) {
  const set = await readSet(folder);
  const progress = (text: string): void => console.error(text);
  await withSet(set, { oneCollection: false, own: true, progress }, async (context) => {
    const found = await pMap(
      [...set.queries.entries()],
      ([index, query]) => toCases(set, query, index % 2 === 1, context),
      { concurrency: 4 },
    );
    cases.push(...found.flat());
  });
}
printFitted();
for (const name of new Set(cases.map(({ set }) => set))) report(name);

function printFitted(): void {
  const rows = cases.filter(({ kind, isForFitting }) => isForFitting && kind !== "look-alike");
  const counts = Map.groupBy(rows, ({ set, kind }) => `${set} ${kind}`);
  const { weights, bias } = fit(
    rows.map(({ readings, kind, set }) => ({
      features: readings,
      isAnswer: kind === "answerable",
      weight: 1 / (counts.get(`${set} ${kind}`)?.length ?? 1),
    })),
  );
  const entries = NAMES.map((name, index) => [name, weights[index]] as const);
  console.log(JSON.stringify({ bias, ...Object.fromEntries(entries) }, undefined, 2));
}

function report(set: string): void {
  const own = cases.filter((one) => one.set === set && !one.isForFitting);
  const of = (kind: Kind, value: (one: Case) => number): readonly number[] =>
    own.filter((one) => one.kind === kind).map(value);
  const answerable = of("answerable", ({ judged }) => judged).toSorted((a, b) => a - b);
  for (const kind of ["left-out", "look-alike"] as const) {
    const refused = of(kind, ({ judged }) => judged);
    const auroc = toAuroc(answerable, refused);
    const scores = toAuroc(
      of("answerable", ({ passageScore }) => passageScore),
      of(kind, ({ passageScore }) => passageScore),
    );
    const cells = FALSE_REFUSALS.map((share) => {
      const threshold = answerable[Math.floor(answerable.length * share)] ?? 0;
      const recall = refused.filter((one) => one < threshold).length / refused.length;
      return `recall ${recall.toFixed(2)} at ${share} false (${threshold.toFixed(2)})`;
    });
    for (const threshold of [ANSWERABLE_MIN, ANSWERABLE_SURE]) {
      const below = (judged: readonly number[]): string =>
        (judged.filter((one) => one < threshold).length / judged.length).toFixed(3);
      console.log(
        `${set} ${kind} below ${threshold}: recall ${below(refused)}, false refusals ${below(answerable)}`,
      );
    }
    console.log(
      `${set} ${kind}: AUROC ${auroc.toFixed(3)}, of the retrieval score ${scores.toFixed(3)}; ${cells.join(", ")}`,
    );
  }
}

async function toCases(
  set: EvalSet,
  query: EvalQuery,
  isForFitting: boolean,
  context: AnswerContext,
): Promise<readonly Case[]> {
  const passages = await find(query, context);
  const judgments = set.judgments.get(query._id);
  const build = (kind: Kind, from: readonly Passage[]): Promise<readonly Case[]> =>
    toCase(query, { kind, isForFitting, set: set.name }, from, context);
  if (judgments === undefined) return build("look-alike", passages);
  const others = passages
    .filter(({ documentId }) => (judgments.get(documentId) ?? 0) === 0)
    .map((passage, index) => ({ ...passage, label: index + 1 }));
  return [...(await build("answerable", passages)), ...(await build("left-out", others))];
}

async function toCase(
  { text }: EvalQuery,
  about: Pick<Case, "kind" | "isForFitting" | "set">,
  passages: readonly Passage[],
  { embedder }: AnswerContext,
): Promise<readonly Case[]> {
  const { signal } = new AbortController();
  const scored = await scoreSentences(text, passages, embedder, signal);
  const best = scored.toSorted((a, b) => b.score - a.score)[0];
  if (best === undefined) return [];
  const input = toInput(text, best, scored);
  const readings = await toReadings(input, embedder, signal);
  const judged = await judgeAnswerability(input, embedder, signal);
  const passageScore = best.candidate.passage.score;
  return [{ ...about, readings: NAMES.map((name) => readings[name]), judged, passageScore }];
}

/** The passages that the product's own search finds. */
async function find(query: EvalQuery, context: AnswerContext): Promise<readonly Passage[]> {
  const deps = {
    ...context,
    clock: systemClock,
    log: silentLog,
    sentenceEmbedder: context.embedder,
  };
  const events: RunEvent[] = [];
  const { signal } = new AbortController();
  for await (const event of search(deps, toAsk(query, context), signal)) events.push(event);
  return events.flatMap((event) => (event.type === "retrieval-end" ? event.passages : []));
}
