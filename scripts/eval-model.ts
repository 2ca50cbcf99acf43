/**
 * `node scripts/eval-model.ts --set <folder>`: how the chat model of the settings answers the questions of an evaluation
 * set, half of which its documents do not answer, and what the checks make of its sentences. Skips loudly where there is
 * no set or no model.
 */
import { appendFile, writeFile } from "node:fs/promises";
import pMap from "p-map";
import * as z from "zod";
import { parseConfig } from "../src/config.ts";
import { GROUNDING_POLICIES } from "../src/domain/ask.ts";
import { createChat } from "../src/models/create-models.ts";
import { type Asked, askModel } from "./eval/ask-model.ts";
import { type EvalQuery, type EvalSet, readSet } from "./eval/beir.ts";
import { withSet } from "./eval/evaluate-set.ts";
import { isMissing } from "./eval/missing.ts";
import { PATIENT_SEARCH_ENV } from "./patient-env.ts";
import { readCommandLine, refuseUse } from "./command-line.ts";
import { toQuantile } from "./to-quantile.ts";

const usage = `node scripts/eval-model.ts --set <folder> [--set <folder> ...]
  --questions N      so many of each set, half of them without an answer in it: 40
  --concurrency N    so many at the same time: 1
  --grounding POLICY flag (default), withhold, repair
  --out FILE         write each question with its answer and the verdicts, one JSON object a line
  --json             print one JSON object a set instead of a table
The model is that of OPENAI_API_KEY, OPENAI_BASE_URL and CHAT_MODEL, with the limits of the other settings. The search is
the bundled one, in a store that is thrown away.`;

const { values } = readCommandLine(usage, {
  set: { type: "string", multiple: true, default: [] },
  questions: { type: "string", default: "40" },
  concurrency: { type: "string", default: "1" },
  grounding: { type: "string", default: "flag" },
  out: { type: "string" },
  json: { type: "boolean", default: false },
});
if (values.set.length === 0) refuseUse("it takes a set", usage);
const Count = z.coerce.number().int().min(1);
const questions = Count.parse(values.questions);
const concurrency = Count.parse(values.concurrency);
const grounding = z.enum(GROUNDING_POLICIES).parse(values.grounding);

const config = parseConfig({ ...process.env, ...PATIENT_SEARCH_ENV });
const chat = await createChat(config);
if (chat === undefined) {
  console.error("SKIPPED: the settings name no chat model; nothing was measured");
} else {
  if (values.out !== undefined) await writeFile(values.out, "");
  for (const folder of values.set) if (!isMissing(folder)) await measure(await readSet(folder));
}

async function measure(set: EvalSet): Promise<void> {
  if (chat === undefined) return;
  const chosen = choose(set, questions);
  const progress = (text: string): void => console.error(text);
  const places = { oneCollection: true, own: false, progress };
  const asked = await withSet(set, places, (context) =>
    pMap(
      chosen,
      async (query, index) => {
        const one = await askModel(query, { context: { ...context, config }, chat, grounding });
        progress(`${index + 1} of ${chosen.length}: ${one.outcome}, ${one.grounding}`);
        const line = JSON.stringify({ set: set.name, ...one });
        if (values.out !== undefined) await appendFile(values.out, `${line}\n`);
        return one;
      },
      { concurrency },
    ),
  );
  const about = { set: set.name, model: chat.id, grounding };
  for (const answerable of [true, false]) {
    const own = asked.filter((one) => one.answerable === answerable);
    if (own.length > 0) report({ ...about, answerable, ...summarise(own) });
  }
}

/** Evenly over the set, the same ones every time: one with an answer and one without in turn, where it has both. */
function choose({ queries }: EvalSet, count: number): readonly EvalQuery[] {
  const isAnswerable = ({ metadata }: EvalQuery): boolean =>
    [metadata["answers"] ?? []].flat(2).length > 0;
  const [yes, no] = [queries.filter(isAnswerable), queries.filter((one) => !isAnswerable(one))];
  const half = Math.min(no.length, Math.floor(count / 2));
  const others = spread(no, half);
  return spread(yes, count - half).flatMap((one, index) => [
    one,
    ...others.slice(index, index + 1),
  ]);
}

function spread<T>(list: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, list.length / Math.max(1, count));
  return list.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

type Summary = ReturnType<typeof summarise>;

function summarise(asked: readonly Asked[]) {
  const answered = asked.filter(({ sentences }) => sentences.length > 0);
  const byModel = answered.filter(({ answerer }) => answerer !== "extractive");
  const sentences = byModel.flatMap((one) => one.sentences);
  const share = (verdict: string): number =>
    round(sentences.filter((one) => one.verdict === verdict).length / (sentences.length || 1));
  const total = (read: (one: Asked) => number): number =>
    byModel.reduce((sum, one) => sum + read(one), 0);
  const median = (numbers: readonly number[]): number => toQuantile(numbers, 0.5) || 0;
  return {
    questions: asked.length,
    answered: answered.length,
    refused: asked.filter(({ grounding: found }) => found === "no-evidence").length,
    failed: asked.filter(({ outcome }) => outcome !== "finished").length,
    extractive: answered.length - byModel.length,
    holdsGold: byModel.filter(({ holdsGold }) => holdsGold).length,
    citationsPerAnswer: round(total(({ citations }) => citations) / (byModel.length || 1)),
    strippedMarkers: total(({ strippedMarkers }) => strippedMarkers),
    truncated: byModel.filter(({ truncated }) => truncated).length,
    sentences: sentences.length,
    supported: share("supported"),
    weak: share("weak"),
    unsupported: share("unsupported"),
    firstMs: median(byModel.flatMap(({ firstMs }) => firstMs ?? [])),
    wholeMs: median(byModel.map(({ wholeMs }) => wholeMs)),
    inputTokens: median(byModel.map(({ inputTokens }) => inputTokens)),
    outputTokens: median(byModel.map(({ outputTokens }) => outputTokens)),
  };
}

function report(
  summary: Summary & { readonly set: string; readonly model: string; readonly answerable: boolean },
): void {
  if (values.json) {
    console.log(JSON.stringify(summary));
    return;
  }
  const { set, model, answerable, ...rows } = summary;
  console.log(`\n${set}, questions ${answerable ? "with" : "without"} an answer, ${model}`);
  for (const [name, value] of Object.entries(rows)) console.log(`${name.padEnd(20)}${value}`);
}

function round(number: number): number {
  return Math.round(number * 1000) / 1000;
}
