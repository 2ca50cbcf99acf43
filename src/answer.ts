/** The product on one screen: a question becomes a sequence of events that ends with exactly one `run-end`. */
import { createChannel } from "./async/channel.ts";
import type { Clock } from "./async/clock.ts";
import { type Budget, createBudget } from "./agent/budget.ts";
import { rewriteFollowUp } from "./agent/rewrite.ts";
import { type Planning, startPlan } from "./agent/plan.ts";
import { type Answered, type Found, respond, type RespondDeps } from "./agent/respond.ts";
import type { Pressure } from "./async/pressure.ts";
import type { Config } from "./config.ts";
import { type Ask, type Mode, MODES } from "./domain/ask.ts";
import {
  addUsage,
  type Leg,
  NO_USAGE,
  type Outcome,
  type RunEvent,
  type RunFailure,
  type Usage,
} from "./domain/event.ts";
import type { Explanation, ExplainTarget } from "./domain/explanation.ts";
import { AppError, toAppError } from "./errors.ts";
import { embedAhead } from "./retrieval/embed-question.ts";
import { explain as explainDocument } from "./retrieval/explain/explain.ts";
import { type Opened, openCollections } from "./retrieval/open-collections.ts";
import { retrieve, type Retrieved, type RetrieveDeps, toRetrieved } from "./retrieval/retrieve.ts";
import { type Run, startRun, toOutcome } from "./run.ts";
import type { ReadStore, Snapshot } from "./stores/store.ts";
import type { Log } from "./telemetry/log.ts";
import type { Tracer } from "./telemetry/tracer.ts";

/** What a run reads, by the collection's name; one that does not open is not among them. */
export interface Pinned {
  readonly versions: Readonly<Record<string, number>>;
  /** Which making of the collection the version belongs to, see Snapshot; empty where the store cannot tell. */
  readonly instances: Readonly<Record<string, string>>;
}

export interface AnswerDeps extends RespondDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ReadStore;
  /** Absent: never pressed. */
  readonly pressure?: Pressure;
  /** Absent: no spans. */
  readonly tracer?: Tracer;
  /** Sees every event as it is emitted. */
  readonly observe?: (event: RunEvent) => void;
  /** Told before the store is asked what there is: what is written from then on the run may not read. */
  readonly onOpening?: () => void;
  /** Told once, before the run says which versions it reads: these, and which making of each collection they belong to. */
  readonly onOpened?: (opened: Pinned) => void;
}

/** The modes that can be answered: all but `direct` need a model. */
export function listModes({ chat }: Pick<AnswerDeps, "chat">): readonly Mode[] {
  return chat === undefined ? ["direct"] : MODES;
}

/** Answers a question. Never throws; leaving the iteration early cancels the run and everything it waits for. */
export function answer(deps: AnswerDeps, ask: Ask, signal: AbortSignal): AsyncIterable<RunEvent> {
  const { chat } = deps;
  return produce(deps, ask, signal, {
    // Beside the search for the question itself.
    ...(ask.mode === "research" && chat !== undefined
      ? { plan: (run, budget) => startPlan(chat, ask, run, budget) }
      : {}),
    finish: async (run, found) => respond(deps, ask, found, run),
  });
}

/** Retrieval alone: the same run, the same ledger, no answer. */
export function search(deps: AnswerDeps, ask: Ask, signal: AbortSignal): AsyncIterable<RunEvent> {
  return produce(deps, ask, signal, { finish: finishSearch });
}

async function finishSearch(_run: Run, { passages }: Found): Promise<Answered> {
  return {
    answerer: "none",
    grounding: passages.length > 0 ? "ungrounded" : "no-evidence",
    truncated: false,
  };
}

export interface ExplainRequest {
  readonly target: ExplainTarget;
  /** Called once, before the run's end, unless it fails. */
  readonly onExplained: (explanation: Explanation) => void;
}

/** A search that also tells how far one document came in it. Ends with not_found where there is no such document. */
export function explain(
  deps: AnswerDeps,
  ask: Ask,
  signal: AbortSignal,
  { target, onExplained }: ExplainRequest,
): AsyncIterable<RunEvent> {
  return produce(deps, ask, signal, {
    async retrieve(own, opened, run) {
      const { store } = deps;
      const found = await explainDocument({ ...own, store }, { opened, target }, ask, run);
      onExplained(found.explanation);
      return toRetrieved(found.stages);
    },
    finish: finishSearch,
  });
}

/** What a run does beside its retrieval, and after it. */
interface Parts {
  readonly plan?: (run: Run, budget: Budget) => Planning;
  /** Instead of `retrieve`. */
  readonly retrieve?: (
    deps: RetrieveDeps,
    opened: readonly Opened[],
    run: Run,
  ) => Promise<Retrieved>;
  readonly finish: (run: Run, found: Found) => Promise<Answered>;
}

/** Every consumer leaves, also those that have the end: made once, because an error's stack costs more than all else of it. */
const LEFT = new AppError("cancelled");

/** Events the consumer may be behind before the run waits for it; buffers that count bytes come after it. */
const EVENTS_AHEAD_MAX = 16;

function produce(
  deps: AnswerDeps,
  ask: Ask,
  signal: AbortSignal,
  parts: Parts,
): AsyncIterable<RunEvent> {
  const consumer = new AbortController();
  const channel = createChannel<RunEvent>({
    capacity: EVENTS_AHEAD_MAX,
    onLeave: () => consumer.abort(LEFT),
  });
  const progress: Progress = {
    early: [],
    collections: ask.collections,
    versions: {},
    ledger: [],
    usage: NO_USAGE,
  };
  const run = startRun({
    config: deps.config,
    clock: deps.clock,
    log: deps.log,
    pressure: deps.pressure,
    tracer: deps.tracer,
    deadlineMs: ask.deadlineMs,
    parent: AbortSignal.any([signal, consumer.signal]),
    emit: (event) => {
      if (progress.early !== undefined) {
        progress.early.push(event);
        return Promise.resolve();
      }
      if (event.type === "leg-end") progress.ledger = [...progress.ledger, toLeg(event)];
      if (event.type === "usage") progress.usage = addUsage(progress.usage, event);
      deps.observe?.(event);
      return channel.push(event);
    },
  });
  void execute(deps, ask, { run, progress }, parts).finally(() => {
    // Whatever of it is still under way ends with it, such as the rewriting of a question that cannot be searched.
    consumer.abort(LEFT);
    run.deadline[Symbol.dispose]();
    channel.close();
  });
  return channel;
}

/** What is known so far, so that a run that fails midway still says what it did. */
interface Progress {
  /** What is to be told before the run has started: it waits for that, which comes first. */
  early: RunEvent[] | undefined;
  collections: readonly string[];
  versions: Record<string, number>;
  ledger: readonly Leg[];
  /** Of every model call so far, those that failed too. */
  usage: Usage;
}

async function execute(
  deps: AnswerDeps,
  ask: Ask,
  { run, progress }: { readonly run: Run; readonly progress: Progress },
  { plan, finish, retrieve: retrieveOwn }: Parts,
): Promise<void> {
  try {
    using ahead = embedAhead(deps, ask, run);
    deps.onOpening?.();
    const opened = await run.timeline.leaf("open", [], () =>
      openCollections(deps.store, ask.collections, run),
    );
    progress.collections = opened.map(({ collection }) => collection);
    progress.versions = ofEach(opened, ({ info }) => info.version);
    const instances = ofEach(opened, ({ instance = "" }) => instance);
    deps.onOpened?.({ versions: progress.versions, instances });
    await start(run, ask, progress);
    const budget = createBudget(ask.limits, run.config);
    await using planning = plan?.(run, budget);
    const rewriting = rewriteFollowUp(deps.chat, ask, run, budget);
    const own = { ...deps, rewriting, ahead };
    const retrieved = await (retrieveOwn?.(own, opened, run) ?? retrieve(own, opened, ask, run));
    progress.ledger = retrieved.ledger;
    // Not waited for: the model is asked before the passages are written out.
    const shown = run.emit({ type: "retrieval-end", passages: [...retrieved.passages] });
    const { exhausted, ...response } = await finish(run, {
      ...retrieved,
      opened,
      planning,
      budget,
    });
    await shown;
    run.signal.throwIfAborted();
    const outcome = exhausted === true ? "exhausted" : "finished";
    await end(run, progress, { outcome, ...response });
  } catch (thrown) {
    const error = toAppError(run.signal.aborted ? run.signal.reason : thrown);
    if (error.code === "internal") deps.log.error("run-failed", thrown, { runId: run.id });
    if (progress.early !== undefined) await start(run, ask, progress);
    await end(run, progress, {
      ...unfinished,
      outcome: toOutcome(error),
      error: toFailure(error, run),
    });
  }
}

const unfinished: Answered = {
  answerer: "none",
  grounding: "ungrounded",
  truncated: false,
};

async function start(run: Run, ask: Ask, progress: Progress): Promise<void> {
  const { early = [] } = progress;
  progress.early = undefined;
  await run.emit({
    type: "run-start",
    runId: run.id,
    question: ask.question,
    collections: [...progress.collections],
    mode: ask.mode,
    deadlineMs: ask.deadlineMs,
    versions: progress.versions,
  });
  for (const event of early) await run.emit(event);
}

type Ending = Answered & { readonly outcome: Outcome; readonly error?: RunFailure };

async function end(run: Run, progress: Progress, ending: Ending): Promise<void> {
  const { truncated, error, ...rest } = ending;
  await run.emit({
    type: "run-end",
    runId: run.id,
    ...rest,
    versions: progress.versions,
    ledger: [...progress.ledger],
    usage: progress.usage,
    degraded: [...run.degraded],
    timeline: run.timeline.entries(),
    ...(truncated ? { truncated } : {}),
    ...(error === undefined ? {} : { error }),
  });
}

function toLeg({ type: _type, ...leg }: Extract<RunEvent, { type: "leg-end" }>): Leg {
  return leg;
}

function ofEach<T>(opened: readonly Opened[], read: (snapshot: Snapshot) => T): Record<string, T> {
  return Object.fromEntries(
    opened.flatMap((one) => ("snapshot" in one ? [[one.collection, read(one.snapshot)]] : [])),
  );
}

/** A run's own deadline knows no stage: it is the one that was cut last. */
function toFailure(error: AppError, run: Run): RunFailure {
  const { code, retryable, detail, retryAfterMs } = error;
  const stage = error.stage ?? (code === "deadline_exceeded" ? run.timeline.findCut() : undefined);
  return {
    code,
    retryable,
    ...(stage === undefined ? {} : { stage }),
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}
