/** Questions with what was read of the passages found for them: those that should be answered, and those that should be refused. */
import pMap from "p-map";
import type { Passage } from "../../src/domain/event.ts";
import type { Filter } from "../../src/domain/filter.ts";
import { type Read, read } from "../../src/grounding/extract/answerability.ts";
import { scoreSentences, toInput } from "../../src/grounding/extract/extractive.ts";
import { type EvalQuery, type EvalSet, readSet } from "./beir.ts";
import { type AnswerContext, OWN_COLLECTIONS, withSet } from "./evaluate-set.ts";
import { findPassages } from "./find-passages.ts";
import { toAsk } from "./to-ask.ts";

/**
 * `left-out`: asked of everything but its relevant documents. `look-alike`: marked by the set as unanswerable,
 * although its documents speak of the like.
 */
export type Kind = "answerable" | "left-out" | "look-alike";

export interface Case {
  readonly kind: Kind;
  readonly set: string;
  /** The set, or the part of it in one language: each weighs the same in a fit. */
  readonly group: string;
  readonly read: Read;
  /** Of the best passage. */
  readonly searchScore: number;
}

const CONCURRENCY = 4;

/** The cases of a set in BEIR form, by the product's own search and reading. */
export async function readCases(
  folder: string,
  progress: (text: string) => void,
): Promise<readonly Case[]> {
  const set = await readSet(folder);
  const cases: Case[] = [];
  await withSet(set, { ...OWN_COLLECTIONS, progress }, async (context) => {
    const found = await pMap(set.queries, (query) => toCases(set, query, context), {
      concurrency: CONCURRENCY,
    });
    cases.push(...found.flat());
  });
  return cases;
}

async function toCases(
  set: EvalSet,
  query: EvalQuery,
  context: AnswerContext,
): Promise<readonly Case[]> {
  const { lang } = query.metadata;
  const about = { set: set.name, group: lang === undefined ? set.name : `${set.name}-${lang}` };
  const build = async (kind: Kind, without: readonly string[]): Promise<readonly Case[]> => {
    const filter: Filter = { not: { field: "documentId", op: "in", values: without } };
    const ask = { ...toAsk(query, context), ...(without.length === 0 ? {} : { filter }) };
    const found = await toRead(query, await findPassages(context, ask), context);
    return found === undefined ? [] : [{ ...about, kind, ...found }];
  };
  const judgments = set.judgments.get(query._id);
  if (judgments === undefined) return build("look-alike", []);
  const relevant = [...judgments].filter(([, grade]) => grade > 0).map(([id]) => id);
  return [...(await build("answerable", [])), ...(await build("left-out", relevant))];
}

async function toRead(
  { text }: EvalQuery,
  passages: readonly Passage[],
  { sentenceEmbedder: embedder }: AnswerContext,
): Promise<Pick<Case, "read" | "searchScore"> | undefined> {
  const { signal } = new AbortController();
  const scored = await scoreSentences(text, passages, embedder, signal);
  const best = scored.toSorted((a, b) => b.score - a.score)[0];
  if (best === undefined) return undefined;
  return {
    read: await read(toInput(text, best, scored), embedder, signal),
    searchScore: best.candidate.passage.score,
  };
}
