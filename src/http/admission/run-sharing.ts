/** Identical questions are answered once: those under way share one run, and answers may be kept for a while. */
import type { Pinned } from "../../answer.ts";
import { BUILT_IN_TOOLS } from "../../agent/search-tools.ts";
import type { Reader } from "../../async/broadcast.ts";
import type { Clock } from "../../async/clock.ts";
import { startDeadline } from "../../async/deadline.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import type { Config } from "../../config.ts";
import type { RunEnd, RunEvent } from "../../domain/event.ts";
import type { Log } from "../../telemetry/log.ts";
import type { ReadStore } from "../../stores/store.ts";
import { type AnswerCache, createAnswerCache } from "./answer-cache.ts";
import { toEventSize } from "../response/event-size.ts";
import { leaveAt, leaveWith } from "../response/leave-early.ts";
import { isSame, readVersions, toLookBudgetMs } from "./read-versions.ts";
import { toClientReason } from "./run-gate.ts";
import { toRunKey } from "./run-key.ts";
import type { RunJournal, RunStart, Started } from "../runs/journal.ts";
import { type JournalRun, toRun } from "../runs/journal-run.ts";
import type { Runner } from "../service.ts";

export interface RunRequest extends Omit<RunStart, "onOver" | "run"> {
  readonly run: Runner;
  /** Aborts when the client leaves. */
  readonly client: AbortSignal;
  /** Shares no run: what it wants of its run is not in the ask. */
  readonly isAlone?: boolean | undefined;
  /** Gets its answer at the end and whole. Its run may take words back that it has said, so it shares none with who is shown them. */
  readonly isWhole?: boolean | undefined;
}

export interface Listening {
  readonly run: JournalRun;
  readonly reader: Reader<RunEvent>;
  /** Where the events come from: a run of its own, one that was under way, or an answer that was kept. */
  readonly source: "own" | "shared" | "hit";
}

export interface RunSharing {
  /**
   * A reader of the run that answers the request, from its first event. It leaves by itself when the
   * client does. Throws AppError: draining, overloaded, deadline_exceeded, cancelled, idempotency_conflict.
   */
  listen(request: RunRequest): Promise<Listening>;
}

export interface SharingDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ReadStore;
  readonly journal: RunJournal;
}

/** A run that others may join. */
interface SharedRun {
  readonly run: JournalRun;
  /** Whether it has begun to open its collections: before that, it will read what is there now, or newer. */
  readonly hasBegun: boolean;
  /** What it reads, once all are open; undefined when it has ended without. */
  readonly opened: Promise<Pinned | undefined>;
}

/** Of the time it has left a listener must get at least this share from a run that began before. */
const TIME_SHARE_MIN = 0.8;

/** Creates a sharing without runs. */
export function createRunSharing(deps: SharingDeps): RunSharing {
  return new Sharing(deps);
}

class Sharing implements RunSharing {
  readonly #deps: SharingDeps;
  /** Under way: those whose words are shown, and those whose answers are given whole. */
  readonly #shown = new Map<string, SharedRun>();
  readonly #whole = new Map<string, SharedRun>();
  readonly #cache: AnswerCache;
  /** A runner's place here is part of the key: an answer is no search. */
  readonly #runners: Runner[] = [];

  constructor(deps: SharingDeps) {
    const { config, clock } = deps;
    this.#deps = deps;
    this.#cache = createAnswerCache({
      clock,
      sizeOf: toEventSize,
      runsMax: config.answerCacheRunsMax,
      bytesMax: config.answerCacheBytesMax,
      ageMsMax: config.answerCacheAgeMsMax,
    });
  }

  async listen(request: RunRequest): Promise<Listening> {
    const untilMs = this.#deps.clock.now() + request.ask.deadlineMs;
    // A run that was asked for by name, or that outlives its reader, is its caller's own.
    const { key, isKept, isAlone } = request;
    const isOwn = key !== undefined || isKept === true || isAlone === true;
    const { run, source, isRepeated } = isOwn
      ? { ...(await this.#startOwn(request)), source: "own" as const }
      : { ...(await this.#findOrStart(request, untilMs)), isRepeated: false };
    const leaveAtMs = source === "own" && !isRepeated ? Infinity : untilMs;
    return { run, source, reader: await this.#board(run, request, { untilMs, leaveAtMs }) };
  }

  #startOwn(request: RunRequest): Promise<Started> {
    const { isWhole, run } = request;
    const own: Runner = (ask, signal) => run(ask, signal, { isWhole });
    return this.#deps.journal.start({ ...request, run: own });
  }

  async #findOrStart(
    request: RunRequest,
    untilMs: number,
  ): Promise<Pick<Listening, "run" | "source">> {
    const key = this.#toKey(request);
    const hasBegun = this.#find(key, request, untilMs)?.hasBegun === true;
    const mustLook = hasBegun || this.#deps.config.answerCacheRunsMax > 0;
    const seen = mustLook ? await this.#look(request) : undefined;
    const kept = seen === undefined ? undefined : this.#cache.find(key, seen);
    if (kept !== undefined) {
      const id = kept.find((event) => event.type === "run-start")?.runId ?? "";
      return { run: toRun({ id, events: kept }, this.#deps.clock), source: "hit" };
    }
    return this.#joinOrStart(key, request, { untilMs, seen });
  }

  /** From the last look at what is under way to the start of a run nothing waits, so that of two requests at once only one starts it. */
  async #joinOrStart(
    key: string,
    request: RunRequest,
    { untilMs, seen }: { readonly untilMs: number; readonly seen: Pinned | undefined },
  ): Promise<Pick<Listening, "run" | "source">> {
    let old: SharedRun | undefined;
    for (;;) {
      const found = this.#find(key, request, untilMs);
      if (found === undefined || found === old) break;
      const isCurrent = !found.hasBegun || (await this.#isCurrent(found, seen, request));
      if (isCurrent && this.#find(key, request, untilMs) === found) {
        return { run: found.run, source: "shared" };
      }
      old = found;
    }
    // What looking has taken was the caller's time too.
    const deadlineMs = Math.max(1, Math.ceil(untilMs - this.#deps.clock.now()));
    const own = { ...request, ask: { ...request.ask, deadlineMs } };
    return { run: this.#start(key, own, seen), source: "own" };
  }

  #toKey({ ask, run }: RunRequest): string {
    if (!this.#runners.includes(run)) this.#runners.push(run);
    return `${this.#runners.indexOf(run)} ${toRunKey(ask)}`;
  }

  #underWay({ isWhole }: RunRequest): Map<string, SharedRun> {
    return isWhole === true ? this.#whole : this.#shown;
  }

  /** A run under way that who has so much time may join, as far as versions allow. */
  #find(key: string, request: RunRequest, untilMs: number): SharedRun | undefined {
    const { config, clock } = this.#deps;
    const shared = config.shareRuns ? this.#underWay(request).get(key) : undefined;
    if (shared === undefined || shared.run.isCancelled || shared.run.ended) return undefined;
    const nowMs = clock.now();
    const isEnough = shared.run.untilMs - nowMs >= (untilMs - nowMs) * TIME_SHARE_MIN;
    return isEnough ? shared : undefined;
  }

  /** Whether a run that has begun reads what there was when it was asked for: it may wait for its last collection, and have opened the others long before. */
  async #isCurrent(
    { opened }: SharedRun,
    seen: Pinned | undefined,
    { ask, client }: RunRequest,
  ): Promise<boolean> {
    if (seen === undefined) return false;
    const { clock, config } = this.#deps;
    const budgetMs = toLookBudgetMs(config, ask);
    using deadline = startDeadline({ clock, budgetMs, parent: client, stage: "open" });
    try {
      const pinned = await untilAborted(opened, deadline.signal);
      return pinned !== undefined && isSame(pinned, seen);
    } catch {
      if (client.aborted) throw toClientReason(client.reason);
      return false;
    }
  }

  /** `seen`: what there was just before, so that its answer is never kept under what came after it. */
  #start(key: string, request: RunRequest, seen: Pinned | undefined): JournalRun {
    let hasBegun = false;
    let pinned: Pinned | undefined;
    const opening = Promise.withResolvers<Pinned | undefined>();
    const { isWhole } = request;
    const runs = this.#underWay(request);
    const onOpening = (): void => void (hasBegun = true);
    const onOpened = (opened: Pinned): void => {
      pinned = opened;
      opening.resolve(opened);
    };
    const run = this.#deps.journal.begin({
      ...request,
      run: (ask, signal) => request.run(ask, signal, { onOpening, onOpened, isWhole }),
      onOver: (events) => {
        opening.resolve(undefined);
        if (runs.get(key) === shared) runs.delete(key);
        const end = events.at(-1);
        if (seen === undefined || !isWorthKeeping(end) || events.some(isOfOwnTool)) return;
        if (pinned !== undefined && isSame(pinned, seen)) this.#cache.put(key, seen, events);
      },
    });
    const shared: SharedRun = {
      run,
      get hasBegun() {
        return hasBegun;
      },
      opened: opening.promise,
    };
    runs.set(key, shared);
    return run;
  }

  /** What a run would read now; undefined when it cannot be known. */
  async #look({ ask, client, requestId }: RunRequest): Promise<Pinned | undefined> {
    try {
      return await readVersions(this.#deps, ask, client);
    } catch (thrown) {
      if (client.aborted) throw toClientReason(client.reason);
      this.#deps.log.error("versions-unknown", thrown, { requestId });
      return undefined;
    }
  }

  /** A reader of the run, once it is admitted. It leaves when its client does, or, of a run that another request began, at its own deadline. */
  async #board(
    run: JournalRun,
    request: RunRequest,
    { untilMs, leaveAtMs }: { readonly untilMs: number; readonly leaveAtMs: number },
  ): Promise<Reader<RunEvent>> {
    const { clock } = this.#deps;
    const { client } = request;
    const heard = run.read();
    const isShorter = !run.ended && leaveAtMs < run.untilMs;
    const reader = leaveWith(client, isShorter ? leaveAt(heard, leaveAtMs, clock) : heard);
    const budgetMs = Math.max(0, untilMs - clock.now());
    using deadline = startDeadline({ clock, budgetMs, parent: client, stage: "admission" });
    try {
      await untilAborted(run.admitted, deadline.signal);
      return reader;
    } catch (thrown) {
      reader.leave();
      throw client.aborted ? toClientReason(client.reason) : thrown;
    }
  }
}

/** Whole answers only: another attempt may do better than one that had to do without something. */
function isWorthKeeping(end: RunEvent | undefined): end is RunEnd {
  return (
    end?.type === "run-end" &&
    end.outcome === "finished" &&
    end.degraded.length === 0 &&
    end.truncated !== true
  );
}

/** What a tool of one's own says may be different the next time, whatever the versions. */
function isOfOwnTool(event: RunEvent): boolean {
  return event.type === "tool-call" && !BUILT_IN_TOOLS.has(event.name);
}
