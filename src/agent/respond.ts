/** From passages to an answer: by the model where there is one, else by extraction, else an honest no. */
import type { Ask } from "../domain/ask.ts";
import type { Grounding, Usage } from "../domain/event.ts";
import { toAppError } from "../errors.ts";
import type { ChatModel, Embedder } from "../models/model.ts";
import type { Retrieved } from "../retrieval/retrieve.ts";
import type { Run } from "../run.ts";
import { generate } from "./generate.ts";
import { quote } from "./quote.ts";

export interface RespondDeps {
  readonly chat?: ChatModel;
  /** Local; judges sentences. */
  readonly sentenceEmbedder: Embedder;
}

/** What the part of a run after retrieval came to. */
export interface Response {
  /** `extractive`, or the model's id. */
  readonly answerer: string;
  readonly grounding: Grounding;
  readonly usage: Usage;
  /** The model stopped at its token limit. */
  readonly truncated: boolean;
}

export const noUsage: Usage = { inputTokens: 0, outputTokens: 0, requests: 0 };

/** Shown when the evidence carries no answer. Says it, and nothing else. */
const NO_EVIDENCE_TEXT = "The documents searched hold no answer to this question.";

/**
 * Emits the answer. A model that fails before its first word is replaced by extraction, which the run
 * reports; after that its failure is the run's, because nothing shown is ever silently replaced.
 * Throws AppError: upstream_*, content_filtered, context_too_long, deadline_exceeded, cancelled.
 */
export async function respond(
  deps: RespondDeps,
  ask: Ask,
  { passages }: Retrieved,
  run: Run,
): Promise<Response> {
  if (passages.length === 0) return refuse("none", noUsage, run);
  if (deps.chat !== undefined) {
    const generated = await tryGenerate(deps.chat, ask, { passages, ledger: [] }, run);
    if (generated !== undefined) return generated;
  }
  return run.timeline.stage("answer", ["take", "rerank"], async () => {
    const quoted = await quote(ask.question, passages, deps.sentenceEmbedder, run);
    if (!quoted) return refuse("extractive", noUsage, run);
    return { answerer: "extractive", grounding: "grounded", usage: noUsage, truncated: false };
  });
}

/** Undefined when the model failed and nothing of it was shown. */
async function tryGenerate(
  chat: ChatModel,
  ask: Ask,
  { passages }: Retrieved,
  run: Run,
): Promise<Response | undefined> {
  const progress = { shown: false };
  try {
    return await run.timeline.stage("answer", ["take", "rerank"], async () => {
      const generated = await generate(chat, ask.question, passages, { run, progress });
      if (generated.text.trim() === "") return refuse(chat.id, generated.usage, run);
      return { answerer: chat.id, ...generated };
    });
  } catch (thrown) {
    run.signal.throwIfAborted();
    const { code } = toAppError(thrown);
    if (progress.shown || code === "content_filtered" || code === "internal") throw thrown;
    run.log.error("model-failed", thrown, { runId: run.id, model: chat.id, code });
    await run.degrade("extractive");
    return undefined;
  }
}

async function refuse(answerer: string, usage: Usage, run: Run): Promise<Response> {
  await run.emit({ type: "text-delta", text: NO_EVIDENCE_TEXT });
  return { answerer, grounding: "no-evidence", usage, truncated: false };
}
