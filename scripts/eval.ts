/** `pnpm eval --set <folder>`: how well the service ranks and answers on evaluation sets in BEIR form. */
import { writeFile } from "node:fs/promises";
import * as z from "zod";
import { GROUNDING_POLICIES } from "../src/domain/ask.ts";
import { answerQueries } from "./eval/answer-set.ts";
import { type EvalSet, readSet } from "./eval/beir.ts";
import { evaluateSet, type SetReport } from "./eval/evaluate-set.ts";
import { readCommandLine, refuseUse } from "./command-line.ts";

const usage = `pnpm eval --set <folder> [--set <folder> ...]
  --one-collection   everything in one collection, instead of one for each metadata.collection
  --own              ask each query only in the collection its metadata names
  --vector-weight W  share of the vector arm in the fused score, 0 to 1
  --arm NAME         arm that --run writes: vector, keyword, fused (default), reranked
  --run FILE         write a TREC run
  --answers FILE     write answers for the answer scorer
  --grounding POLICY what is done about what is not borne out: flag (default), withhold
  --json             print one JSON object a set`;

const { values } = readCommandLine(usage, {
  set: { type: "string", multiple: true },
  "one-collection": { type: "boolean", default: false },
  own: { type: "boolean", default: false },
  "vector-weight": { type: "string" },
  arm: { type: "string", default: "fused" },
  run: { type: "string" },
  answers: { type: "string" },
  grounding: { type: "string", default: "flag" },
  json: { type: "boolean", default: false },
});

if (values.set === undefined) refuseUse("it takes a set", usage);

for (const folder of values.set) {
  const set = await readSet(folder).catch((error: unknown) => {
    console.error(`cannot read the set in ${folder}: ${String(error)}`);
    process.exit(66);
  });
  await evaluateOne(set);
}

async function evaluateOne(set: EvalSet): Promise<void> {
  const weight = values["vector-weight"];
  const report = await evaluateSet(set, {
    oneCollection: values["one-collection"],
    own: values.own,
    ...(weight === undefined ? {} : { vectorWeight: Number(weight) }),
    progress: (text) => process.stderr.write(values.json ? "" : `${text}\n`),
    answer:
      values.answers === undefined
        ? undefined
        : (context) =>
            answerQueries(set, context, z.enum(GROUNDING_POLICIES).parse(values.grounding)),
  });
  if (values.run !== undefined) await writeFile(values.run, toTrecRun(report, values.arm));
  if (values.answers !== undefined) {
    const lines = report.answers.map((line) => JSON.stringify(line));
    await writeFile(values.answers, `${lines.join("\n")}\n`);
  }
  const { rankings: _rankings, answers: _answers, ...summary } = report;
  if (values.json) console.log(JSON.stringify(summary));
  else print(report);
}

function print({ name, collections, queries, arms, msPerQuery }: SetReport): void {
  console.log(
    `\n${name}: ${queries} judged queries, collections ${collections.join(", ")}, ${msPerQuery} ms a query`,
  );
  console.log("arm        nDCG@10  Recall@10  Recall@100  All@10   MRR@10");
  for (const [arm, m] of Object.entries(arms)) {
    const cells = [m.ndcg10, m.recall10, m.recall100, m.all10, m.mrr10].map((x) => x.toFixed(4));
    console.log(`${arm.padEnd(10)} ${cells.map((cell) => cell.padEnd(9)).join("")}`);
  }
}

/** One line a document; the score falls with the rank, so that no scorer can order ties its own way. */
function toTrecRun({ rankings }: SetReport, arm: string): string {
  const lines: string[] = [];
  for (const [query, documents] of rankings[arm] ?? []) {
    for (const [index, document] of documents.entries()) {
      lines.push(`${query} Q0 ${document} ${index + 1} ${1000 - index} tributary-${arm}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
