/** One question of a set answered by a chat model through the product's own run, with what the checks made of it. */
import { answer, type AnswerDeps } from "../../src/answer.ts";
import type { GroundingPolicy } from "../../src/domain/ask.ts";
import type { Grounding, RunEvent, SentenceCheck } from "../../src/domain/event.ts";
import { toFinishedRun } from "../../src/http/response/run-record.ts";
import type { ChatModel } from "../../src/models/model.ts";
import type { EvalQuery } from "./beir.ts";
import type { AnswerContext } from "./evaluate-set.ts";
import { toAsk } from "./to-ask.ts";

export interface Asked {
  readonly id: string;
  readonly question: string;
  /** Whether the set says that its documents hold an answer. */
  readonly answerable: boolean;
  readonly gold: readonly string[];
  readonly outcome: string;
  readonly grounding: Grounding;
  readonly degraded: readonly string[];
  readonly answerer: string;
  readonly answer: string;
  /** What the model wrote, before anything was taken out or left out. */
  readonly raw: string;
  readonly citations: number;
  /** Numbers in brackets that the model wrote and that no passage has. */
  readonly strippedMarkers: number;
  readonly holdsGold: boolean;
  readonly sentences: readonly (Pick<SentenceCheck, "verdict" | "labels"> & {
    readonly text: string;
  })[];
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly truncated: boolean;
  readonly firstMs: number | undefined;
  readonly wholeMs: number;
}

export interface Asking {
  readonly context: AnswerContext;
  readonly chat: ChatModel;
  readonly grounding: GroundingPolicy;
}

/** Never throws for what the model does; a run that failed says so in its outcome. */
export async function askModel(
  query: EvalQuery,
  { context, chat, grounding }: Asking,
): Promise<Asked> {
  let raw = "";
  const recorded: ChatModel = {
    ...chat,
    async *stream(request, signal) {
      for await (const delta of chat.stream(request, signal)) {
        if (delta.type === "text") raw += delta.text;
        yield delta;
      }
    },
  };
  const deps: AnswerDeps = { ...context, chat: recorded };
  const events: RunEvent[] = [];
  const startMs = performance.now();
  let firstMs: number | undefined;
  const { signal } = new AbortController();
  for await (const event of answer(deps, { ...toAsk(query, context), grounding }, signal)) {
    events.push(event);
    if (event.type === "text-delta") firstMs ??= Math.round(performance.now() - startMs);
  }
  const run = toFinishedRun(events);
  const gold = [query.metadata["answers"] ?? []].flat(2).map(String);
  const isAnswer = run.grounding !== "no-evidence";
  const labels = new Set(run.passages.map(({ label }) => label));
  const markers = [...raw.matchAll(/\[\^?(\d+)\]/g)].map(([, digits]) => Number(digits));
  return {
    id: query._id,
    question: query.text,
    answerable: gold.length > 0,
    gold,
    outcome: run.outcome,
    grounding: run.grounding,
    degraded: run.degraded,
    answerer: run.answerer,
    answer: isAnswer ? run.answer : "",
    raw,
    citations: run.citations.length,
    strippedMarkers: markers.filter((label) => !labels.has(label)).length,
    holdsGold: isAnswer && gold.some((one) => toPlain(run.answer).includes(toPlain(one))),
    sentences: isAnswer
      ? run.checks.map(({ start, end, verdict, labels: own }) => ({
          text: run.answer.slice(start, end),
          verdict,
          labels: own,
        }))
      : [],
    inputTokens: run.usage.inputTokens,
    outputTokens: run.usage.outputTokens,
    truncated: run.truncated === true,
    firstMs,
    wholeMs: Math.round(performance.now() - startMs),
  };
}

function toPlain(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return ` ${words.join(" ")} `;
}
