/** Answers a set's questions through the product's own run, in the form the answer scorer reads. */
import pMap from "p-map";
import { answer } from "../../src/answer.ts";
import type { GroundingPolicy } from "../../src/domain/ask.ts";
import type { Citation, Passage, RunEvent } from "../../src/domain/event.ts";
import type { EvalQuery, EvalSet } from "./beir.ts";
import type { AnswerContext } from "./evaluate-set.ts";
import { toAsk } from "./to-ask.ts";

export interface AnswerLine {
  readonly _id: string;
  readonly answer: string;
  readonly abstain: boolean;
  /** Document ids. */
  readonly citations: readonly string[];
  readonly sentences: readonly { readonly text: string; readonly citations: readonly string[] }[];
}

/** One line a query, in the set's order. */
export async function answerQueries(
  set: EvalSet,
  context: AnswerContext,
  grounding: GroundingPolicy,
): Promise<readonly AnswerLine[]> {
  return pMap(set.queries, (query) => answerOne(query, context, grounding), { concurrency: 4 });
}

async function answerOne(
  query: EvalQuery,
  context: AnswerContext,
  grounding: GroundingPolicy,
): Promise<AnswerLine> {
  const events: RunEvent[] = [];
  const { signal } = new AbortController();
  for await (const event of answer(context, { ...toAsk(query, context), grounding }, signal))
    events.push(event);
  return toLine(query._id, events);
}

function toLine(id: string, events: readonly RunEvent[]): AnswerLine {
  const end = events.at(-1);
  if (end?.type !== "run-end" || end.outcome !== "finished") {
    throw new Error(`query ${id} did not finish: ${JSON.stringify(end)}`);
  }
  const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
  const passages = events.flatMap((event): readonly Passage[] =>
    event.type === "retrieval-end" ? event.passages : [],
  );
  const citations = events.filter((event) => event.type === "citation");
  const toDocument = ({ label }: Citation): string =>
    passages.find((passage) => passage.label === label)?.documentId ?? "";
  const sentences = events.flatMap((event) =>
    event.type === "sentence-check"
      ? [
          {
            text: stripMarkers(text.slice(event.start, event.end)),
            citations: citations.filter(({ start }) => start === event.start).map(toDocument),
          },
        ]
      : [],
  );
  const abstain = end.grounding === "no-evidence";
  return {
    _id: id,
    answer: abstain ? "" : stripMarkers(text),
    abstain,
    citations: [...new Set(citations.map(toDocument))],
    sentences,
  };
}

function stripMarkers(text: string): string {
  return text.replaceAll(/\s*\[\d+\]/g, "");
}
