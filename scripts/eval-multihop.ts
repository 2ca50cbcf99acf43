/**
 * `node scripts/eval-multihop.ts <folder of the multi-hop set>`: how often everything a question needs is in
 * the context, when it is searched once and when sub-agents look into the set's own decomposition of it.
 * Both are cut at the same number of documents: the first of one search, and in research the first of every
 * search in turn. Skips loudly where the set is not at hand.
 */
import pMap from "p-map";
import * as z from "zod";
import { answer } from "../src/answer.ts";
import type { Ask } from "../src/domain/ask.ts";
import type { RunEnd } from "../src/domain/event.ts";
import { type EvalQuery, type EvalSet, readSet } from "./eval/beir.ts";
import { type AnswerContext, OWN_COLLECTIONS, withSet } from "./eval/evaluate-set.ts";
import { evaluate } from "./eval/metrics.ts";
import { isMissing } from "./eval/missing.ts";
import { createScriptedPlanner } from "./eval/scripted-planner.ts";
import { toAsk } from "./eval/to-ask.ts";
import { readCommandLine } from "./command-line.ts";

const Decomposed = z.looseObject({ decomposition: z.array(z.string().min(1)).min(2) });

/** Questions whose documents are all in the first ten, by sub-agents and by one search. */
const GAIN_MIN = 1.2;

const [folder = ""] = readCommandLine(
  "node scripts/eval-multihop.ts <folder of the multi-hop set>",
  {},
  1,
).positionals;
if (!isMissing(folder)) await measure(await readSet(folder));

async function measure(set: EvalSet): Promise<void> {
  const queries = set.queries.filter(({ metadata }) => Decomposed.safeParse(metadata).success);
  const judgments = new Map(queries.flatMap(({ _id }) => toEntry(set.judgments, _id)));
  await withSet(set, { ...OWN_COLLECTIONS, own: false }, async (context) => {
    console.log(`${queries.length} questions with a decomposition, all collections at once`);
    console.log("mode       All@10   Recall@10  All in the context  (documents in it)");
    const measured: number[] = [];
    for (const mode of ["direct", "research"] as const) {
      const searches = await pMap(queries, (query) => askOne(query, context, mode), {
        concurrency: 2,
      });
      const found = new Map(queries.map(({ _id }, at) => [_id, takeTurns(searches[at] ?? [])]));
      const { all10, recall10 } = evaluate(found, judgments);
      measured.push(all10);
      const whole = queries.filter(({ _id }) => isWhole(found.get(_id) ?? [], judgments.get(_id)));
      const documents = [...found.values()].reduce((sum, ids) => sum + ids.length, 0);
      const figures = [all10, recall10, whole.length / queries.length].map((one) => one.toFixed(3));
      const cells = [mode.padEnd(9), figures[0], figures[1]?.padEnd(9), figures[2]?.padEnd(18)];
      console.log(`${cells.join("  ")}  (${(documents / queries.length).toFixed(1)})`);
    }
    const [once = 0, researched = 0] = measured;
    if (researched >= once * GAIN_MIN) return;
    console.error(`LOW: sub-agents find less than ${GAIN_MIN} times what one search does`);
    process.exitCode = 1;
  });
}

function toEntry<K, V>(map: ReadonlyMap<K, V>, key: K): readonly (readonly [K, V])[] {
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}

function isWhole(ids: readonly string[], grades: ReadonlyMap<string, number> = new Map()): boolean {
  return [...grades].every(([id, grade]) => grade === 0 || ids.includes(id));
}

/** What each search of one run brought, through the product; throws where it did not go as planned. */
async function askOne(
  query: EvalQuery,
  context: AnswerContext,
  mode: Ask["mode"],
): Promise<readonly (readonly string[])[]> {
  const { decomposition } = Decomposed.parse(query.metadata);
  const asked = toAsk(query, context);
  const { candidatesMax } = context.config;
  const retrieval =
    mode === "direct" ? { ...asked.retrieval, passagesMax: candidatesMax } : asked.retrieval;
  const deps = { ...context, chat: createScriptedPlanner(decomposition) };
  const searches: (readonly string[])[] = [];
  let end: RunEnd | undefined;
  const { signal } = new AbortController();
  for await (const event of answer(deps, { ...asked, mode, retrieval }, signal)) {
    if (event.type === "retrieval-end") {
      searches.push(event.passages.map(({ documentId }) => documentId));
    }
    if (event.type === "run-end") end = event;
  }
  if (end?.outcome !== "finished" || end.degraded.length > 0) {
    throw new Error(`${query._id} did not go as planned: ${JSON.stringify(end)}`);
  }
  return searches;
}

/** The first of every search, then the second of every search, and so on; each document once. */
function takeTurns(searches: readonly (readonly string[])[]): readonly string[] {
  const rounds = Math.max(0, ...searches.map(({ length }) => length));
  const turns = Array.from({ length: rounds }, (_, at) =>
    searches.flatMap((ids) => ids.slice(at, at + 1)),
  );
  return [...new Set(turns.flat())];
}
