/** What the HTTP surface needs from below: how to run, what can be read, how to log. */
import type { Clock } from "../async/clock.ts";
import type { Access } from "../access/access.ts";
import type { Rate } from "../access/key-limits.ts";
import type { Config } from "../config.ts";
import type { Ask } from "../domain/ask.ts";
import type { Caller } from "../domain/caller.ts";
import type { RunEvent } from "../domain/event.ts";
import type { AnswerDeps, ExplainRequest } from "../answer.ts";
import type { ReadStore } from "../stores/store.ts";
import type { Log } from "../telemetry/log.ts";
import type { DocumentWriter } from "./uploads/document-writer.ts";
import type { ReadPage } from "./routes/playground.ts";
import type { RequestLimit } from "./guards/request-limit.ts";
import type { RunGate } from "./admission/run-gate.ts";
import type { RunJournal } from "./runs/journal.ts";
import type { RunSharing } from "./admission/run-sharing.ts";
import type { AskParser } from "./request/schemas.ts";
import type { Telemetry } from "./telemetry.ts";

/** One run: its events, `run-end` last. Leaving the iteration early cancels it. */
export type Runner = (
  ask: Ask,
  signal: AbortSignal,
  watch?: Pick<AnswerDeps, "onOpening" | "onOpened" | "isWhole">,
) => AsyncIterable<RunEvent>;

/** What a service does without where it is absent. */
export interface ServiceExtras {
  /** Absent: nothing is seen. */
  readonly telemetry?: Telemetry | undefined;
  /** Absent: no keys are asked for. */
  readonly access?: Access | undefined;
  /** Absent: requests are not counted elsewhere. */
  readonly requestLimit?: RequestLimit | undefined;
  /** Limits that several processes count together; absent: each process counts its own. */
  readonly sharedLimits?: { readonly isUp: boolean } | undefined;
  /** Absent: documents are not written over HTTP. */
  readonly documents?: DocumentWriter | undefined;
  /** Absent: there is no playground. */
  readonly readPage?: ReadPage | undefined;
  /** Has work go on although the request that began it is over; absent: it does so by itself. */
  readonly keepAlive?: ((work: Promise<unknown>) => void) | undefined;
}

export interface Service extends ServiceExtras {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ReadStore;
  /** Ids of the embedders at hand: a collection of another one can be searched by keyword only. */
  readonly embedders: ReadonlySet<string>;
  readonly gate: RunGate;
  readonly journal: RunJournal;
  readonly sharing: RunSharing;
  /** An answer may call a tool of one's own that changes something. */
  readonly mayChange?: boolean;
  readonly parseAsk: AskParser;
  readonly answer: Runner;
  readonly search: Runner;
  readonly explain: (request: ExplainRequest) => Runner;
}

/** What a request carries from the guards to its route. */
export interface Env {
  readonly Variables: {
    readonly requestId: string;
    readonly caller: Caller;
    readonly rate?: Rate;
    /** Behind whatever waits for the client: keys may have changed meanwhile. Throws AppError: unauthenticated, forbidden. */
    readonly checkAgain?: () => Promise<void>;
  };
}
