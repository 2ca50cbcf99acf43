/** Research on one screen: a plan, a sub-agent for each part of it, all at the same time, and one pool of passages. */
import pMap from "p-map";
import { startDeadline } from "../async/deadline.ts";
import type { Ask } from "../domain/ask.ts";
import type { Outcome, Passage, RunEvent } from "../domain/event.ts";
import { type AppError, toAppError } from "../errors.ts";
import type { ChatModel } from "../models/model.ts";
import type { Opened } from "../retrieval/open-collections.ts";
import { type Run, toOutcome, withDeadline } from "../run.ts";
import { toInputMessages } from "../telemetry/gen-ai-messages.ts";
import { inSpan } from "../telemetry/in-span.ts";
import { toTenths } from "../telemetry/timeline.ts";
import type { Span } from "../telemetry/tracer.ts";
import { gather } from "./gather.ts";
import { isModelDown } from "./model-down.ts";
import type { Planning } from "./plan.ts";
import type { AddPassages, Pool } from "./pool.ts";
import type { Search } from "./search-once.ts";
import type { Tool } from "./tool.ts";

export interface ResearchOptions {
  readonly chat: ChatModel;
  readonly ask: Ask;
  readonly run: Run;
  readonly planning: Planning;
  readonly opened: readonly Opened[];
  readonly search: Search;
  readonly tools: readonly Tool[];
  /** Holds what the question itself has found; gets what the sub-agents find. */
  readonly pool: Pool;
}

export interface Researched {
  /** A limit of the run ended one of them. */
  readonly exhausted: boolean;
  /** All failed for want of a model: there is no use in asking it for the answer. */
  readonly isModelDown: boolean;
  /** Stages the answer waited for. */
  readonly stages: readonly string[];
}

/** How one sub-agent ended; an error that is `internal` is a mistake of ours, which ends the run. */
interface Ending {
  readonly outcome: Outcome;
  readonly error?: AppError;
}

/** Of the time the run has left; the rest is for the answer. */
const TIME_SHARE_MAX = 0.6;
const AFTER = ["take", "rerank", "plan"];

/**
 * Fills the pool. A sub-agent that fails or is late is said in `degraded` and costs only what it would
 * have found. Throws when the run itself ends, and our own mistakes, after every sub-agent has ended.
 */
export async function research(options: ResearchOptions): Promise<Researched> {
  const { run, planning, pool } = options;
  const { questions, isModelDown: isDown } = await planning.plan;
  run.signal.throwIfAborted();
  if (isDown) {
    await run.degrade("research_unavailable");
    return { exhausted: false, isModelDown: true, stages: ["plan"] };
  }
  const { passagesOfToolsMax, subagentsMax } = run.config;
  const room = passagesOfToolsMax - pool.passages.length;
  const share = Math.max(1, Math.floor(room / questions.length));
  const all = new AbortController();
  const endings = await pMap(
    questions,
    async (question, index): Promise<Ending> => {
      const ending = await runSubagent(options, {
        subrunId: String(index + 1),
        question,
        passagesMax: share,
        parent: AbortSignal.any([run.signal, all.signal]),
      });
      if (ending.error?.code === "internal") all.abort(ending.error);
      return ending;
    },
    { concurrency: subagentsMax },
  );
  run.signal.throwIfAborted();
  const bug = endings.find(({ error }) => error?.code === "internal");
  if (bug?.error !== undefined) throw bug.error;
  const failed = endings.filter(({ error }) => error !== undefined);
  if (failed.length === endings.length) await run.degrade("research_unavailable");
  return {
    exhausted: endings.some(({ outcome }) => outcome === "exhausted"),
    isModelDown: failed.length === endings.length && failed.every((one) => isDead(one, planning)),
    stages: questions.map((_, index) => toStage(String(index + 1))),
  };
}

interface Part {
  readonly subrunId: string;
  readonly question: string;
  /** Passages it may add. */
  readonly passagesMax: number;
  readonly parent: AbortSignal;
}

/** One sub-agent from its first event to its last, as a span. Never throws. */
function runSubagent(options: ResearchOptions, part: Part): Promise<Ending> {
  const { tracer } = options.run;
  const { subrunId, question } = part;
  const asked = [{ role: "user", content: question }];
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.id": subrunId,
    ...(tracer.hasContent ? { "gen_ai.input.messages": toInputMessages(asked) } : {}),
  };
  return inSpan(tracer, "invoke_agent sub-agent", { attributes }, (span) =>
    follow(options, part, span),
  );
}

async function follow(options: ResearchOptions, part: Part, span: Span): Promise<Ending> {
  const { run } = options;
  const { subrunId, question, parent } = part;
  using deadline = startDeadline({
    clock: run.clock,
    budgetMs: Math.min(run.config.subagentTimeoutMs, TIME_SHARE_MAX * run.deadline.remainingMs()),
    parent,
    stage: toStage(subrunId),
  });
  const own = withSubrunId(withDeadline(run, deadline), subrunId);
  const startMs = toTenths(run.timeline.elapsedMs());
  await run.emit({ type: "subrun-start", subrunId, question });
  let passages = 0;
  const add = createView(options, part);
  const count: AddPassages = async (found) => {
    const unseen = await add(found);
    passages += unseen.length;
    return unseen;
  };
  const ending = await run.timeline.measure(toStage(subrunId), AFTER, async (): Promise<Ending> => {
    try {
      return { outcome: await investigate(options, part, { run: own, addPassages: count }) };
    } catch (thrown) {
      const error = toAppError(own.signal.aborted ? own.signal.reason : thrown);
      return { outcome: toOutcome(error), error };
    }
  });
  const { outcome, error } = ending;
  span.set({ "tributary.outcome": outcome, "tributary.passages.count": passages });
  span.end(error?.code);
  await run.emit({
    type: "subrun-end",
    subrunId,
    outcome,
    ...(error === undefined ? {} : { code: error.code }),
    passages,
    startMs,
    endMs: toTenths(run.timeline.elapsedMs()),
  });
  if (error === undefined || parent.aborted) return ending;
  run.log.error("subrun-failed", error, { runId: run.id, subrunId, code: error.code });
  await run.degrade(`subrun_failed:${subrunId}`);
  return ending;
}

/** What belongs to the question as a whole it has seen from the start; of its own part it knows nothing yet. */
function createView({ pool, ask }: ResearchOptions, { question, passagesMax }: Part): AddPassages {
  return pool.view(question === ask.question ? pool.passages : [], passagesMax);
}

/** Searches for its part, then lets the model search on. A model that takes no tools leaves it at the search. */
async function investigate(
  { chat, ask, planning, opened, search, tools, pool }: ResearchOptions,
  { question, passagesMax }: Part,
  { run, addPassages }: { readonly run: Run; readonly addPassages: AddPassages },
): Promise<"finished" | "exhausted"> {
  const isWhole = question === ask.question;
  // The rest of its room is for what the model searches for after it has read these.
  const half = Math.ceil(passagesMax / 2);
  const passages: readonly Passage[] = isWhole
    ? [...pool.passages]
    : await addPassages((await search(question, opened, run)).slice(0, half));
  try {
    return await gather({
      chat,
      tools: tools.filter(({ readOnly }) => readOnly),
      ask: { question, history: isWhole ? ask.history : [] },
      stepsMax: Math.min(run.config.subagentStepsMax, ask.limits.stepsMax),
      run,
      budget: planning.budget,
      passages,
      addPassages,
    });
  } catch (thrown) {
    if (run.signal.aborted || toAppError(thrown).code !== "unsupported_option") throw thrown;
    await run.degrade("tools_unsupported");
    return "finished";
  }
}

function withSubrunId(run: Run, subrunId: string): Run {
  const emit = (event: RunEvent): Promise<void> =>
    run.emit(IN_SUBRUN.has(event.type) ? ({ ...event, subrunId } as RunEvent) : event);
  return { ...run, emit };
}

const IN_SUBRUN: ReadonlySet<RunEvent["type"]> = new Set([
  "step-start",
  "tool-call",
  "tool-result",
  "tool-error",
]);

/** Late counts only where the model has never answered in this run: it may have been a tool that took the time. */
function isDead({ error }: Ending, { budget }: Planning): boolean {
  return isModelDown(error) || (error?.code === "deadline_exceeded" && budget.answered === 0);
}

function toStage(subrunId: string): string {
  return `subrun:${subrunId}`;
}
