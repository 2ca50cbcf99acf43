/** The runs of the service, each with everything it has said: they belong to the journal, and responses only read them. */
import { type Broadcast, createBroadcast } from "../../async/broadcast.ts";
import type { Clock } from "../../async/clock.ts";
import { once } from "../../async/once.ts";
import type { Config } from "../../config.ts";
import type { Ask } from "../../domain/ask.ts";
import type { Caller } from "../../domain/caller.ts";
import type { RunEvent } from "../../domain/event.ts";
import { AppError } from "../../errors.ts";
import type { Log } from "../../telemetry/log.ts";
import { completeRun } from "../response/complete-run.ts";
import { toEventSize } from "../response/event-size.ts";
import { type RunGate, type RunTicket, toClientReason } from "../admission/run-gate.ts";
import { type RequestKey, type RunArchive, type StoredRun, toScopedKey } from "./archive.ts";
import { type JournalRun, toRun } from "./journal-run.ts";
import { maySee } from "./may-see.ts";
import { isLost, type Losable, loseAll, toLostEnd, watchOwner } from "./lost.ts";
import { createLookUp } from "./look-up.ts";
import { createTaker } from "./taker.ts";

export interface RunStart {
  readonly ask: Ask;
  readonly run: (ask: Ask, signal: AbortSignal) => AsyncIterable<RunEvent>;
  readonly requestId: string;
  /** Aborts when who asks leaves: a run that has not begun yet does not begin. */
  readonly client?: AbortSignal | undefined;
  /** The run goes on when nobody reads it any more. */
  readonly isKept?: boolean | undefined;
  /** A repeated request under the same key gets the run of the first. */
  readonly key?: RequestKey | undefined;
  /** Not to be found later. */
  readonly isUnlisted?: boolean | undefined;
  /** Called once, when there is nothing more to come; `events` are the run's, none when it was not admitted. */
  readonly onOver?: (events: readonly RunEvent[]) => void;
}

/** The run of a request. */
export interface Started {
  readonly run: JournalRun;
  /** It was begun by an earlier request under the same key, with the time that one had. */
  readonly isRepeated: boolean;
}

export interface RunJournal {
  /**
   * Starts a run as soon as the gate has a place for it, or finds the one that the key belongs to. Read
   * it at once: a run that nobody reads ends when its first reader has left. Throws AppError: idempotency_conflict,
   * and what the gate's `check` throws where a run has to be begun.
   */
  start(start: RunStart): Promise<Started>;
  /** The same for a run without a key, at once. Throws what the gate's `check` throws. */
  begin(start: Omit<RunStart, "key">): JournalRun;
  /** A run of this caller, running or over, of collections that it may still see. Throws AppError: not_found, run_expired. */
  find(id: string, caller: Caller): Promise<JournalRun>;
}

export interface JournalDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: RunGate;
  readonly archive: RunArchive;
  /** The platform may end runs without a word. */
  readonly losesRuns?: boolean | undefined;
}

interface LiveRun extends JournalRun, Losable {
  readonly caller: Caller;
  readonly key: RequestKey | undefined;
}

/** Creates a journal without runs. */
export function createRunJournal(deps: JournalDeps): RunJournal {
  const { clock, archive } = deps;
  const byId = new Map<string, LiveRun>();
  const byKey = new Map<string, LiveRun>();
  const lookUp = createLookUp(deps);

  const endLost = async (): Promise<void> => {
    if (deps.losesRuns === true) await loseAll([...byId.values(), ...byKey.values()], clock);
  };

  const begin = (given: RunStart): LiveRun => {
    const { key, isUnlisted } = given;
    const callerId = given.ask.caller.id;
    deps.gate.check(callerId);
    void endLost();
    const scoped = key && toScopedKey(callerId, key.name);
    const live = startLive(deps, given, {
      onId(run) {
        if (isUnlisted !== true) byId.set(run.id, run);
      },
      async onEnd(run) {
        const { id, events } = run;
        try {
          given.onOver?.(events);
          if (isUnlisted === true || events.length === 0) return;
          // One that was cancelled and ends late has lost its key to the next.
          const isTaken = scoped !== undefined && byKey.get(scoped) !== run;
          const own = key === undefined || isTaken ? {} : { key };
          await archive.put({ id, callerId, events, ...own });
        } finally {
          byId.delete(id);
          if (scoped !== undefined && byKey.get(scoped) === run) byKey.delete(scoped);
        }
      },
    });
    if (scoped !== undefined) byKey.set(scoped, live);
    return live;
  };

  return {
    begin,
    async start(given) {
      const { key } = given;
      if (key === undefined) return { run: begin(given), isRepeated: false };
      const scoped = toScopedKey(given.ask.caller.id, key.name);
      const untilMs = clock.now() + given.ask.deadlineMs;
      const found = byKey.get(scoped) ?? (await lookUp(given, key));
      // From here to its entry nothing waits, so that of two requests at once only one starts a run.
      const known = byKey.get(scoped) ?? found;
      const isRepeated =
        known !== undefined && isWorthRepeating(known, clock) && isVisible(known, given.ask.caller);
      if (isRepeated) return { run: repeat(known, given, clock), isRepeated };
      const own = { ...given, ask: { ...given.ask, deadlineMs: untilMs - clock.now() } };
      return { run: begin(own), isRepeated };
    },
    async find(id, caller) {
      await endLost();
      const live = byId.get(id);
      if (live !== undefined && isVisible(live, caller)) return live;
      const found = await archive.find(id);
      if (found.status === "kept" && isVisible(found.run, caller)) return toRun(found.run, clock);
      if (found.status === "expired" && found.callerId === caller.id) {
        throw new AppError("run_expired", {
          detail: "this run was too long ago; its record is no longer kept",
        });
      }
      throw new AppError("not_found", { detail: "there is no run of this id" });
    },
  };
}

/** Its own, of collections that it may still see. */
function isVisible(run: LiveRun | StoredRun, caller: Caller): boolean {
  const [owner, rights] =
    "caller" in run ? [run.caller.id, run.caller.collections] : [run.callerId, []];
  return owner === caller.id && maySee(run.events, rights, caller);
}

interface Hooks {
  readonly onId: (run: LiveRun) => void;
  readonly onEnd: (run: LiveRun) => Promise<void>;
}

function startLive(deps: JournalDeps, start: RunStart, hooks: Hooks): LiveRun {
  const { clock, log, gate, losesRuns = false } = deps;
  const { ask, requestId, key } = start;
  let { isKept = false } = start;
  // Who leaves is a matter of the readers: the run ends when there are none, not with one request.
  const everyone = new AbortController();
  const admission = Promise.withResolvers<void>();
  let id = "";
  const cancel = (reason: AppError): void => {
    if (!broadcast.closed) everyone.abort(reason);
  };
  const owner = losesRuns ? watchOwner(clock, cancel) : undefined;
  const broadcast = broadcastRun(deps, () => isKept, cancel);
  const live: LiveRun = {
    get id() {
      return id;
    },
    get ended() {
      return broadcast.closed;
    },
    get isCancelled() {
      return everyone.signal.aborted;
    },
    admitted: admission.promise,
    untilMs: clock.now() + ask.deadlineMs,
    events: broadcast.items,
    caller: ask.caller,
    key,
    read(afterId) {
      const reader = broadcast.read(afterId);
      return owner?.watch(reader) ?? reader;
    },
    cancel,
    keep() {
      isKept = true;
    },
    async lose() {
      log.warn("run-lost", { runId: id, requestId });
      if (id !== "") void broadcast.push(toLostEnd(broadcast.items));
      broadcast.close();
      await onEnd();
    },
  };
  const onStart = (runId: string): void => {
    id = runId;
    hooks.onId(live);
  };
  const report = (thrown: unknown): void =>
    log.error("run-not-recorded", thrown, { runId: id, requestId });
  const onEnd = once(() => hooks.onEnd(live).catch(report));
  const admitAndRecord = async (): Promise<void> => {
    const { deadlineMs, caller } = ask;
    const entrant = { callerId: caller.id, signal: everyone.signal, deadlineMs };
    const ticket = await gate.enter(entrant).catch(admission.reject);
    admission.resolve();
    const leftMs = live.untilMs - clock.now();
    if (ticket !== undefined) {
      await recordRun(deps, start, { broadcast, ticket, leftMs, onStart }).catch(report);
    }
    broadcast.close();
    owner?.off();
    await onEnd();
    ticket?.leave();
  };
  admission.promise.catch(() => undefined); // each reader hears of it for itself
  void admitAndRecord();
  return live;
}

/** What is said, for its readers; `onAlone` ends the run when there are none, unless it is kept. */
function broadcastRun(
  { clock, config }: JournalDeps,
  isKept: () => boolean,
  onAlone: (reason: AppError) => void,
): Broadcast<RunEvent> {
  return createBroadcast({
    clock,
    sizeOf: toEventSize,
    get aheadBytesMax() {
      return isKept() ? Number.POSITIVE_INFINITY : config.streamBytesMax;
    },
    onAlone: (reason) => (isKept() ? undefined : onAlone(toClientReason(reason))),
  });
}

interface Recording {
  readonly broadcast: Broadcast<RunEvent>;
  readonly ticket: RunTicket;
  /** The wait for its place was the caller's time too. */
  readonly leftMs: number;
  readonly onStart: (runId: string) => void;
}

/** Runs to the end, and keeps what is said. */
function recordRun(
  { clock, log, config }: JournalDeps,
  { ask, run, requestId }: RunStart,
  { broadcast, ticket, leftMs, onStart }: Recording,
): Promise<void> {
  const timed = { ...ask, deadlineMs: Math.max(1, Math.ceil(leftMs)) };
  const take = createTaker(broadcast, config.runBytesMax, ticket);
  return completeRun(run(timed, ticket.signal), { clock, log, requestId }, (event) => {
    if (event.type === "run-start") onStart(event.runId);
    return take(event);
  });
}

/** A cancelled run, one that is lost, or one that failed in a way that another attempt may mend, is not what a repetition should get. */
function isWorthRepeating(run: LiveRun | StoredRun, clock: Clock): boolean {
  if ("untilMs" in run && isLost(run, clock)) return false;
  if ("isCancelled" in run && (run.isCancelled || (run.ended && run.events.length === 0)))
    return false;
  const end = run.events.at(-1);
  if (end?.type !== "run-end") return true;
  return end.outcome !== "cancelled" && end.error?.retryable !== true;
}

/** The run once more, kept if either request wants it so. Throws AppError idempotency_conflict. */
function repeat(run: LiveRun | StoredRun, { key, isKept }: RunStart, clock: Clock): JournalRun {
  if (run.key?.fingerprint === key?.fingerprint) {
    if (!("read" in run)) return toRun(run, clock);
    if (isKept === true) run.keep();
    return run;
  }
  throw new AppError("idempotency_conflict", {
    detail: "this Idempotency-Key was used with another request; use a new key for each question",
  });
}
