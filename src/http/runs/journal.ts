/** The runs of the service, each with everything it has said: they belong to the journal, and responses only read them. */
import type { Clock } from "../../async/clock.ts";
import { createReplay, type Reader, type Replay } from "../../async/replay.ts";
import type { Config } from "../../config.ts";
import type { Ask } from "../../domain/ask.ts";
import type { Caller } from "../../domain/caller.ts";
import type { RunEvent } from "../../domain/event.ts";
import { AppError, toAppError } from "../../errors.ts";
import type { Log } from "../../telemetry/log.ts";
import { completeRun } from "../complete-run.ts";
import type { RunGate, RunTicket } from "../run-gate.ts";
import type { RequestKey, RunArchive, StoredRun } from "./archive.ts";

export interface JournalRun {
  /** Empty until the run has said it. */
  readonly id: string;
  /** Everything so far; an event's id is its place, counted from 1. */
  readonly events: readonly RunEvent[];
  /** Its last event is there. */
  readonly ended: boolean;
  /** A reader of what comes after the event with this id. The run is cancelled when the last reader has left, unless it is kept. */
  read(afterId?: number): Reader<RunEvent>;
  /** Ends the run with this reason. Nothing happens when it is over. */
  cancel(reason: AppError): void;
}

export interface RunStart {
  readonly ask: Ask;
  readonly run: (ask: Ask, signal: AbortSignal) => AsyncIterable<RunEvent>;
  readonly requestId: string;
  /** The run goes on when nobody reads it any more. */
  readonly isKept?: boolean | undefined;
  /** A repeated request under the same key gets the run of the first. */
  readonly key?: RequestKey | undefined;
  /** Not to be found later. */
  readonly isUnlisted?: boolean;
}

export interface RunJournal {
  /** Starts a run, or finds the one that the key belongs to. Throws AppError: draining, overloaded, idempotency_conflict. */
  start(start: RunStart): Promise<JournalRun>;
  /** A run of this caller, running or over. Throws AppError: not_found, run_expired. */
  find(id: string, caller: Caller): Promise<JournalRun>;
}

export interface JournalDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: RunGate;
  readonly archive: RunArchive;
}

/** Events the foremost reader may be behind before an unkept run waits for it. */
const AHEAD_MAX = 64;

interface LiveRun extends JournalRun {
  readonly callerId: string;
  readonly key: RequestKey | undefined;
  /** It was told to end: its key is free again. */
  readonly isCancelled: boolean;
}

/** Creates a journal without runs. */
export function createRunJournal(deps: JournalDeps): RunJournal {
  const { clock, archive } = deps;
  const byId = new Map<string, LiveRun>();
  const byKey = new Map<string, LiveRun>();

  return {
    async start(given) {
      const { key, isUnlisted } = given;
      const callerId = given.ask.caller.id;
      if (key !== undefined) {
        const scoped = toScoped(callerId, key);
        const found = byKey.get(scoped) ?? (await archive.findByKey(callerId, key.name));
        // From here to its entry nothing waits, so that of two requests at once only one starts a run.
        const known = byKey.get(scoped) ?? found;
        if (known !== undefined && isWorthRepeating(known)) return repeat(known, key, clock);
      }
      const live = startLive(deps, given, {
        onId(run) {
          if (isUnlisted !== true) byId.set(run.id, run);
        },
        async onEnd(run) {
          const { id, events } = run;
          if (isUnlisted !== true) {
            await archive.put({ id, callerId, events, ...(key === undefined ? {} : { key }) });
          }
          byId.delete(id);
          const scoped = key && toScoped(callerId, key);
          if (scoped !== undefined && byKey.get(scoped) === run) byKey.delete(scoped);
        },
      });
      if (key !== undefined) byKey.set(toScoped(callerId, key), live);
      return live;
    },
    async find(id, caller) {
      const live = byId.get(id);
      if (live?.callerId === caller.id) return live;
      const found = await archive.find(id);
      if (found.status === "kept" && found.run.callerId === caller.id)
        return toRun(found.run, clock);
      if (found.status === "expired" && found.callerId === caller.id) {
        throw new AppError("run_expired", {
          detail: "this run was too long ago; its record is no longer kept",
        });
      }
      throw new AppError("not_found", { detail: "there is no run of this id" });
    },
  };
}

interface Hooks {
  readonly onId: (run: LiveRun) => void;
  readonly onEnd: (run: LiveRun) => Promise<void>;
}

function startLive(deps: JournalDeps, start: RunStart, hooks: Hooks): LiveRun {
  const { config, clock, log, gate } = deps;
  const { ask, requestId, key, isKept = false } = start;
  // Who leaves is a matter of the readers: the run ends when there are none, not with one request.
  const ticket = gate.enter(new AbortController().signal);
  let id = "";
  let isCancelled = false;
  const cancel = (reason: AppError): void => {
    isCancelled ||= !replay.closed;
    ticket.abort(reason);
  };
  const replay: Replay<RunEvent> = createReplay<RunEvent>({
    clock,
    aheadMax: isKept ? Number.POSITIVE_INFINITY : AHEAD_MAX,
    onAlone: (reason = new AppError("cancelled", { detail: "the client left" })) => {
      if (!isKept) cancel(toAppError(reason));
    },
  });
  const live: LiveRun = {
    get id() {
      return id;
    },
    get ended() {
      return replay.closed;
    },
    get isCancelled() {
      return isCancelled;
    },
    events: replay.items,
    callerId: ask.caller.id,
    key,
    read: (afterId) => replay.read(afterId),
    cancel,
  };
  const events = completeRun(start.run(ask, ticket.signal), {
    clock,
    log,
    requestId,
    onOver: () => undefined, // it counts as running until it is kept
  });
  const record = async (): Promise<void> => {
    for await (const event of withinBytes(events, config.runBytesMax, ticket)) {
      if (event.type === "run-start") {
        id = event.runId;
        hooks.onId(live);
      }
      const isRoom = replay.push(event);
      if (event.type === "run-end") replay.close();
      await isRoom;
    }
  };
  const keep = async (): Promise<void> => {
    const report = (thrown: unknown): void =>
      log.error("run-not-recorded", thrown, { runId: id, requestId });
    await record().catch(report);
    replay.close();
    await hooks.onEnd(live).catch(report);
    ticket.leave();
  };
  void keep();
  return live;
}

/** Ends a run that says more than the journal takes; what it says after that, but for its end, is dropped. */
async function* withinBytes(
  events: AsyncIterable<RunEvent>,
  bytesMax: number,
  ticket: RunTicket,
): AsyncGenerator<RunEvent> {
  let bytes = 0;
  for await (const event of events) {
    bytes += event.type === "text-delta" ? event.text.length : JSON.stringify(event).length;
    if (bytes > bytesMax && event.type !== "run-end") {
      ticket.abort(new AppError("internal", { detail: "the run said more than is kept of one" }));
    } else yield event;
  }
}

/** A cancelled run, or one that failed in a way that another attempt may mend, is not what a repetition should get. */
function isWorthRepeating(run: LiveRun | StoredRun): boolean {
  if ("isCancelled" in run && run.isCancelled) return false;
  const end = run.events.at(-1);
  if (end?.type !== "run-end") return true;
  return end.outcome !== "cancelled" && end.error?.retryable !== true;
}

/** The run once more. Throws AppError idempotency_conflict. */
function repeat(run: LiveRun | StoredRun, { fingerprint }: RequestKey, clock: Clock): JournalRun {
  if (run.key?.fingerprint === fingerprint) return "read" in run ? run : toRun(run, clock);
  throw new AppError("idempotency_conflict", {
    detail: "this Idempotency-Key was used with another request; use a new key for each question",
  });
}

/** A run from the archive; it is over, and there is nothing left to cancel. */
function toRun({ id, events }: StoredRun, clock: Clock): JournalRun {
  const replay = createReplay<RunEvent>({ clock, aheadMax: Number.POSITIVE_INFINITY });
  for (const event of events) void replay.push(event);
  replay.close();
  return {
    id,
    events,
    ended: true,
    read: (afterId) => replay.read(afterId),
    cancel: () => undefined,
  };
}

function toScoped(callerId: string, { name }: RequestKey): string {
  return `${callerId}\n${name}`;
}
