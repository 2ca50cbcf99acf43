/** The vector arm: the question is embedded once per distinct embedder, then searched in its collections. */
import pMap from "p-map";
import { type Ask, searchesInSteps } from "../domain/ask.ts";
import { toEmbedderAdvice } from "../domain/embedder-name.ts";
import { AppError, toAppError } from "../errors.ts";
import type { Embedder } from "../models/model.ts";
import type { Run } from "../run.ts";
import type { Snapshot } from "../stores/store.ts";
import { type Ahead, embedQuestion } from "./embed-question.ts";
import { type Arm, type LegResult, type LegWork, reportLeg, runLeg, searchIn } from "./leg.ts";

export interface VectorDeps {
  /** By id; a collection is searched with the embedder it was built with. */
  readonly embedders: ReadonlyMap<string, Embedder>;
  /** Questions whose embedding was begun before the collections were open. */
  readonly ahead?: Ahead;
}

/** Searches by meaning, one arm for each embedder the collections were built with. Never throws. */
export async function searchByVector(
  deps: VectorDeps,
  snapshots: readonly Snapshot[],
  ask: Ask,
  run: Run,
): Promise<readonly Arm[]> {
  const byEmbedder = Map.groupBy(snapshots, (snapshot) => snapshot.info.embedder);
  return Promise.all(
    // bounded by collectionsMax; the embedder's own limiter bounds the calls
    [...byEmbedder].map(async ([id, group]): Promise<Arm> => {
      const embedder = deps.embedders.get(id);
      const legs =
        embedder === undefined
          ? await reportAll(group, run, toMissing(id, deps.embedders.keys()))
          : await searchGroup(
              () =>
                deps.ahead?.find(id, ask.question) ?? embedQuestion(embedder, ask.question, run),
              group,
              ask,
              run,
            );
      return {
        name: `vector ${id}`,
        weight: ask.retrieval.vectorWeight ?? weigh(embedder, group, ask),
        ...(embedder?.zero === undefined ? {} : { zero: embedder.zero }),
        legs,
      };
    }),
  );
}

/** For the log, which tells the operator what to set. */
function toMissing(id: string, atHand: Iterable<string>): AppError {
  return new AppError("embedder_mismatch", {
    detail: `the embedder ${id} is not at hand: ${toEmbedderAdvice(id, atHand)}, or in a Worker AI_EMBEDDING_MODEL`,
  });
}

/**
 * The embedder's share; less of it where the question names something that it knows little of; none
 * where it does not know the language: then its hits stand behind those that words found. Told by the
 * words and the script of the question and by the language of the collections.
 */
function weigh(
  embedder: Embedder | undefined,
  group: readonly Snapshot[],
  ask: Ask,
): number | undefined {
  if (embedder === undefined) return undefined;
  const { question } = ask;
  const { fusionWeight, namesShare = 1, namesShareInSteps = namesShare, languages } = embedder;
  const ofNames = searchesInSteps(ask) ? namesShareInSteps : namesShare;
  const weight = fusionWeight * (holdsName(question) ? ofNames : 1);
  if (languages === undefined) return weight;
  const isForeign = ({ info }: Snapshot): boolean =>
    info.tokenizer === "icu" || (info.language !== "none" && !languages.includes(info.language));
  return isMostlyLatin(question) && !group.every(isForeign) ? weight : 0;
}

/** A word with a capital that does not merely open the question, or anything with a digit. */
function holdsName(question: string): boolean {
  return /\S\s+["'“‘(]?\p{Lu}[\p{L}\p{N}]|\p{N}/u.test(question);
}

function isMostlyLatin(text: string): boolean {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return latin * 2 >= letters;
}

async function searchGroup(
  embed: () => Promise<Float32Array | undefined>,
  group: readonly Snapshot[],
  ask: Ask,
  run: Run,
): Promise<readonly LegResult[]> {
  let vector: Float32Array | undefined;
  try {
    vector = await embed();
  } catch (thrown) {
    return reportAll(group, run, toAppError(thrown));
  }
  return pMap(
    group,
    (snapshot) =>
      runLeg({ collection: snapshot.info.name, retriever: "vector" }, run, (signal) =>
        searchOne(snapshot, vector, ask, { run, signal }),
      ),
    { concurrency: run.config.searchConcurrencyMax },
  );
}

async function searchOne(
  snapshot: Snapshot,
  vector: Float32Array | undefined,
  ask: Ask,
  { run, signal }: { readonly run: Run; readonly signal: AbortSignal },
): Promise<LegWork> {
  if (vector === undefined) return { skipped: "no_known_word" };
  if (vector.length !== snapshot.info.dimensions) throw new AppError("embedder_mismatch");
  return searchIn(snapshot, { type: "vector", vector }, ask, { run, signal });
}

function reportAll(
  group: readonly Snapshot[],
  run: Run,
  error: AppError,
): Promise<readonly LegResult[]> {
  return Promise.all(
    group.map(({ info }) => reportLeg({ collection: info.name, retriever: "vector" }, run, error)),
  );
}
