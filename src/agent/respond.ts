/** From passages to an answer: by the model where there is one, else by extraction, else an honest no. */
import type { Ask } from "../domain/ask.ts";
import type { Grounding, LeafCheck, Passage } from "../domain/event.ts";
import { AppError, toAppError } from "../errors.ts";
import type { ChatModel, Embedder } from "../models/model.ts";
import type { Opened } from "../retrieval/open-collections.ts";
import type { Retrieved } from "../retrieval/retrieve.ts";
import { type Run, withDeadline } from "../run.ts";
import type { Budget } from "./budget.ts";
import { gather } from "./gather.ts";
import type { Progress } from "./generate.ts";
import { generateFitting } from "./generate-fitting.ts";
import { leaveTimeToAnswer, leaveTimeToQuote } from "./leave-time.ts";
import { isModelDown } from "./model-down.ts";
import type { Planning } from "./plan.ts";
import { createPool } from "./pool.ts";
import { quote } from "./quote.ts";
import { research, type Researched } from "./research.ts";
import { createSearchOnce, type SearchDeps } from "./search-once.ts";
import { createSearchTools } from "./search-tools.ts";
import { type Shown, structure } from "./structure.ts";
import type { Tool } from "./tool.ts";

/** Tools search with the embedders and rerankers of the question itself. */
export interface RespondDeps extends SearchDeps {
  readonly chat?: ChatModel;
  /** Local; judges sentences. */
  readonly sentenceEmbedder: Embedder;
  /** Beside those every run has. */
  readonly tools?: readonly Tool[];
  /** Whoever asks gets the answer when it is whole: words of a model that breaks off can be taken back. */
  readonly isWhole?: boolean | undefined;
}

/** What the part of a run after retrieval came to. */
export interface Answered {
  /** `extractive`, or the model's id. */
  readonly answerer: string;
  readonly grounding: Grounding;
  /** The model stopped at its token limit. */
  readonly truncated: boolean;
  /** A limit of the run ended the gathering; the answer is made from what was there. */
  readonly exhausted?: boolean;
  /** Where a schema was asked for: the value, and what bears out its leaves. */
  readonly output?: unknown;
  readonly outputChecks?: LeafCheck[];
}

const GATHER = "gather";
/** Shown when the evidence carries no answer. Says it, and nothing else. */
const NO_EVIDENCE_TEXT = "The documents searched hold no answer to this question.";
/** The same, where an answer may lie in what was not searched: some clients show the text and nothing else. */
const NO_EVIDENCE_REACHED =
  "A part of the search failed, and what it reached holds no answer to this question.";
/** An arm, a leg, a part of one, or a collection was lost. */
const LOST = /^(?:vector_unavailable|keyword_unavailable|leg_|collection_unavailable:)/;

/**
 * Emits the answer. A model that fails before its first word is replaced by extraction, which the run
 * reports; after that its failure is the run's, because nothing shown is ever silently replaced. Where the
 * answer is given whole nothing is shown before its end: what the model had written is withdrawn instead.
 * Throws AppError: upstream_*, content_filtered, context_too_long, deadline_exceeded, cancelled.
 */
export async function respond(
  deps: RespondDeps,
  ask: Ask,
  found: Found,
  run: Run,
): Promise<Answered> {
  const gathered = await gatherMore(deps, ask, found, run);
  const { exhausted } = gathered;
  // Sentences can be quoted in place of an answer, but not of a value.
  const isDone = gathered.isModelDown && ask.output === undefined;
  const { chat: _chat, ...withoutModel } = deps;
  if (isDone) await run.degrade("extractive");
  const { budget } = found;
  const what = { ...gathered, budget, foundFirst: found.passages.length };
  const response = await write(isDone ? withoutModel : deps, ask, what, run);
  return exhausted ? { ...response, exhausted } : response;
}

/** What the run had before: passages of the question itself, what may be searched on, and the plan in research. */
export interface Found extends Pick<Retrieved, "passages"> {
  readonly opened: readonly Opened[];
  readonly planning?: Planning | undefined;
  /** Of the whole run. */
  readonly budget: Budget;
}

interface Gathered extends Researched {
  readonly passages: readonly Passage[];
}

/** Where the caller wants tools used: what they bring beside what was found. A model that fails at it costs only that. */
async function gatherMore(
  { chat, embedders, rerankers, tools: own = [] }: RespondDeps,
  ask: Ask,
  { passages, opened, planning, budget }: Found,
  run: Run,
): Promise<Gathered> {
  const pool = createPool(passages, run);
  const nothing = { passages: pool.passages, exhausted: false, isModelDown: false, stages: [] };
  if (ask.mode === "direct" || chat === undefined) return nothing;
  const search = createSearchOnce({ embedders, rerankers }, ask);
  const tools = [...createSearchTools({ search, ask, opened }), ...own];
  if (planning !== undefined) {
    const options = { chat, ask, run, planning, opened, search, tools, pool };
    return { passages: pool.passages, ...(await research(options)) };
  }
  const { limits } = ask;
  const gathered = { ...nothing, stages: [GATHER] };
  using deadline = leaveTimeToAnswer(run);
  const part = withDeadline(run, deadline);
  const options = { chat, tools, ask, run: part, passages, stepsMax: limits.stepsMax };
  try {
    const ending = await run.timeline.stage(GATHER, ["take", "rerank"], () =>
      gather({ ...options, budget, addPassages: pool.view(passages) }),
    );
    return { ...gathered, exhausted: ending === "exhausted" };
  } catch (thrown) {
    run.signal.throwIfAborted();
    const { code } = toAppError(thrown);
    if (code === "internal") throw thrown;
    run.log.error("gathering-failed", thrown, { runId: run.id, model: chat.id, code });
    await run.degrade(code === "unsupported_option" ? "tools_unsupported" : "tools_unavailable");
    return { ...gathered, isModelDown: isModelDown(thrown) };
  }
}

interface ToWrite extends Pick<Gathered, "passages" | "stages">, Pick<Found, "budget"> {
  /** How many of the passages the question itself found. */
  readonly foundFirst: number;
}

async function write(
  deps: RespondDeps,
  ask: Ask,
  { passages, stages, budget, foundFirst }: ToWrite,
  run: Run,
): Promise<Answered> {
  if (passages.length === 0) return refuse("none", run);
  const { isWhole = false } = deps;
  const before = ["take", "rerank", ...stages];
  if (ask.output !== undefined) {
    const shown = { passages, before, budget, foundFirst };
    const { isRefusal, ...structured } = await structure(deps.chat, ask, shown, run);
    return isRefusal ? refuse(structured.answerer, run) : structured;
  }
  if (deps.chat !== undefined) {
    const shown = { passages, before, budget, foundFirst };
    const generated = await tryGenerate({ chat: deps.chat, isWhole }, ask, shown, run);
    if (generated !== undefined) return generated;
  }
  // After a model that failed this had to wait for it.
  const [stage, after] =
    deps.chat === undefined ? ["answer", []] : ["answer-extractive", ["answer"]];
  return run.timeline.stage(stage, [...before, ...after], async () => {
    const quoted = await quote(ask, passages, deps.sentenceEmbedder, run);
    if (!quoted) return refuse("extractive", run);
    return { answerer: "extractive", grounding: "grounded", truncated: false };
  });
}

/** Nobody sees a word. */
const NOTHING_SHOWN: Progress = { shown: false };

/** Undefined when the model failed and nothing of it was shown, or has been withdrawn. */
async function tryGenerate(
  { chat, isWhole }: { readonly chat: ChatModel; readonly isWhole: boolean },
  ask: Ask,
  { passages, before, budget, foundFirst }: Shown,
  run: Run,
): Promise<Answered | undefined> {
  const progress: Progress = { shown: false };
  const final = isWhole ? NOTHING_SHOWN : progress;
  try {
    return await run.timeline.stage("answer", before, async () => {
      using until = leaveTimeToQuote(run, final);
      const asked = { policy: ask.grounding, conversation: ask };
      const options = { run, signal: until.signal, progress, budget, foundFirst, ...asked };
      const generated = await generateFitting(chat, ask.question, passages, options);
      const { isRefusal, grounding, hasLeaked, truncated, answerer } = generated;
      // "The answer is:" and no more: that says nothing about the documents.
      if (hasLeaked && grounding === "ungrounded" && !final.shown) {
        throw new AppError("upstream_bad_response", { detail: `${answerer} repeated its prompt` });
      }
      if (isRefusal) return await refuse(answerer, run);
      return { answerer, grounding, truncated };
    });
  } catch (thrown) {
    run.signal.throwIfAborted();
    const { code } = toAppError(thrown);
    if (final.shown || code === "content_filtered" || code === "internal") throw thrown;
    run.log.error("model-failed", thrown, { runId: run.id, model: chat.id, code });
    if (progress.shown) await run.emit({ type: "text-reset" });
    await run.degrade("extractive");
    return undefined;
  }
}

async function refuse(answerer: string, run: Run): Promise<Answered> {
  const isPart = run.degraded.some((code) => LOST.test(code));
  await run.emit({ type: "text-delta", text: isPart ? NO_EVIDENCE_REACHED : NO_EVIDENCE_TEXT });
  return { answerer, grounding: "no-evidence", truncated: false };
}
