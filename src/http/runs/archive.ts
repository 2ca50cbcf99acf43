/** Port: where runs are kept after their end. */
import type { Config } from "../../config.ts";
import type { RunEvent } from "../../domain/event.ts";

/** A run that is over, whole. */
export interface StoredRun {
  readonly id: string;
  /** Whose it is; for everyone else it does not exist. */
  readonly callerId: string;
  readonly events: readonly RunEvent[];
  /** The caller's name for the request, and what the request was. */
  readonly key?: RequestKey;
}

export interface RequestKey {
  /** What the caller sent as Idempotency-Key. */
  readonly name: string;
  /** Hash of the address and the body. */
  readonly fingerprint: string;
}

/** What an archive says about an id. */
export type Found =
  | { readonly status: "kept"; readonly run: StoredRun }
  /** It was there and had to go: too old, or others needed the room. */
  | { readonly status: "expired"; readonly callerId: string }
  | { readonly status: "unknown" };

export interface RunArchive {
  /** Keeps the run; older ones go when there is no more room. Never throws: what cannot be kept is not kept, and is logged. */
  put(run: StoredRun): Promise<void>;
  find(id: string): Promise<Found>;
  /** The latest run of this caller under this key that is still kept. */
  findByKey(callerId: string, name: string): Promise<StoredRun | undefined>;
}

export interface ArchiveLimits {
  readonly runsMax: number;
  readonly bytesMax: number;
  readonly ageMsMax: number;
}

/** A key belongs to its caller; neither of the two can hold the character between them. */
export function toScopedKey(callerId: string, name: string): string {
  return `${callerId}\n${name}`;
}

/** The limits that operators set. */
export function toArchiveLimits(config: Config): ArchiveLimits {
  return {
    runsMax: config.runJournalRunsMax,
    bytesMax: config.runJournalBytesMax,
    ageMsMax: config.runJournalAgeMsMax,
  };
}
