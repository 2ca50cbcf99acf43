/** Identical questions are answered once: those under way share one run, and answers may be kept for a while. */
import { createBroadcast, type Reader } from "../async/broadcast.ts";
import { startDeadline } from "../async/deadline.ts";
import { untilAborted } from "../async/until-aborted.ts";
import type { Ask } from "../domain/ask.ts";
import type { RunEvent } from "../domain/event.ts";
import { type AnswerCache, areEqual, createAnswerCache, type Versions } from "./answer-cache.ts";
import { toEarlyEnd } from "./early-end.ts";
import { toEventSize } from "./event-size.ts";
import { type Flight, type FlightDeps, leaveAt, startFlight } from "./flight.ts";
import { readVersions } from "./read-versions.ts";
import { toClientReason } from "./run-gate.ts";
import { toRunKey } from "./run-key.ts";
import type { Runner, Service } from "./service.ts";

export interface RunRequest {
  readonly ask: Ask;
  readonly run: Runner;
  /** Aborts when the client leaves. */
  readonly client: AbortSignal;
  readonly requestId: string;
}

export interface Listening {
  readonly reader: Reader<RunEvent>;
  /** Where the events come from: a run of its own, one that was under way, or an answer that was kept. */
  readonly source: "own" | "shared" | "hit";
}

export interface RunSharing {
  /**
   * A reader of the run that answers the request, from its first event. It leaves by itself when the
   * client does. Throws AppError: draining, overloaded, deadline_exceeded, cancelled.
   */
  listen(request: RunRequest): Promise<Listening>;
}

export type SharingDeps = FlightDeps & Pick<Service, "store">;

/** Of its own time a listener must get at least this share from a run that began before it came. */
const TIME_SHARE_MIN = 0.8;

/** Creates a sharing without runs. */
export function createRunSharing(deps: SharingDeps): RunSharing {
  return new Sharing(deps);
}

class Sharing implements RunSharing {
  readonly #deps: SharingDeps;
  readonly #flights = new Map<string, Flight>();
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
    const key = this.#toKey(request);
    const mustLook = this.#cache.has(key) || this.#find(key, request)?.versions !== undefined;
    const versions = mustLook ? await this.#look(request) : undefined;
    const kept = versions === undefined ? undefined : this.#cache.find(key, versions);
    if (kept !== undefined) {
      return { reader: leaveWith(request.client, replay(kept, this.#deps)), source: "hit" };
    }
    const found = this.#find(key, request);
    const shared = found !== undefined && isCurrent(found, versions) ? found : undefined;
    const flight = shared ?? this.#start(key, request);
    const reader = await this.#board(flight, request, untilMs);
    return { reader, source: shared === undefined ? "own" : "shared" };
  }

  #toKey({ ask, run }: RunRequest): string {
    if (!this.#runners.includes(run)) this.#runners.push(run);
    return `${this.#runners.indexOf(run)} ${toRunKey(ask)}`;
  }

  /** A run under way that this request may join, as far as versions allow. */
  #find(key: string, { ask }: RunRequest): Flight | undefined {
    const { config, clock } = this.#deps;
    const flight = config.shareRuns ? this.#flights.get(key) : undefined;
    const hasTime = (flight?.untilMs ?? 0) - clock.now() >= ask.deadlineMs * TIME_SHARE_MIN;
    return hasTime && flight?.isOpen === true ? flight : undefined;
  }

  #start(key: string, { ask, run, requestId }: RunRequest): Flight {
    const flight = startFlight(this.#deps, {
      ask,
      run,
      requestId,
      isKept: this.#deps.config.answerCacheRunsMax > 0,
      onClosed: () => {
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      },
      onEnd: (events, versions) => {
        if (isWorthKeeping(events)) this.#cache.put(key, versions, events);
      },
    });
    this.#flights.set(key, flight);
    return flight;
  }

  /** The versions a run would read now; undefined when they cannot be known. */
  async #look({ ask, client, requestId }: RunRequest): Promise<Versions | undefined> {
    try {
      return await readVersions(this.#deps, ask, client);
    } catch (thrown) {
      if (client.aborted) throw toClientReason(client.reason);
      this.#deps.log.error("versions-unknown", thrown, { requestId });
      return undefined;
    }
  }

  /** A listener of the flight, once it is admitted. It leaves when its client does, or at its own deadline. */
  async #board(flight: Flight, { client }: RunRequest, untilMs: number): Promise<Reader<RunEvent>> {
    const { clock } = this.#deps;
    const heard = flight.listen();
    const isShorter = untilMs < flight.untilMs;
    const reader = leaveWith(client, isShorter ? leaveAt(heard, untilMs, clock, toExpired) : heard);
    const budgetMs = Math.max(0, untilMs - clock.now());
    using deadline = startDeadline({ clock, budgetMs, parent: client, stage: "admission" });
    try {
      await untilAborted(flight.admitted, deadline.signal);
      return reader;
    } catch (thrown) {
      reader.leave();
      throw client.aborted ? toClientReason(client.reason) : thrown;
    }
  }
}

/** A run that has opened nothing yet will read what is there now, or newer. */
function isCurrent(flight: Flight, versions: Versions | undefined): boolean {
  if (flight.versions === undefined) return true;
  return versions !== undefined && areEqual(flight.versions, versions);
}

/** Whole answers only: another attempt may do better than one that had to do without something. */
function isWorthKeeping(events: readonly RunEvent[]): boolean {
  const end = events.at(-1);
  return (
    end?.type === "run-end" &&
    end.outcome === "finished" &&
    end.degraded.length === 0 &&
    end.truncated !== true
  );
}

function toExpired(seen: readonly RunEvent[]): RunEvent {
  return toEarlyEnd(seen, "expired", { code: "deadline_exceeded", retryable: true });
}

/** A reader of events that are all there. */
function replay(events: readonly RunEvent[], { config, clock }: SharingDeps): Reader<RunEvent> {
  const broadcast = createBroadcast<RunEvent>({
    clock,
    sizeOf: toEventSize,
    aheadBytesMax: config.streamBytesMax,
    keptBytesMax: Number.POSITIVE_INFINITY,
  });
  for (const event of events) void broadcast.push(event);
  broadcast.close();
  return broadcast.read();
}

/** The same reader, which leaves when the client does. */
function leaveWith(client: AbortSignal, reader: Reader<RunEvent>): Reader<RunEvent> {
  const onClient = (): void => leave(toClientReason(client.reason));
  const leave = (reason?: Error): void => {
    client.removeEventListener("abort", onClient);
    reader.leave(reason);
  };
  if (client.aborted) onClient();
  else client.addEventListener("abort", onClient, { once: true });
  return {
    get over() {
      return reader.over;
    },
    read: (waitMs, bytesMin) => reader.read(waitMs, bytesMin),
    leave,
  };
}
