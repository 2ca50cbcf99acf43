/** What the command's exit codes mean, in one table. */
import type { AppError, ErrorCode } from "../../src/errors.ts";

export const EXIT_CODES = {
  ok: 0,
  /** Some documents could not be ingested, or verify or doctor found faults. The rest is done. */
  partly: 2,
  /** The disk of the store is full: make room; the same command goes on from there. */
  diskFull: 28,
  /** The command line is wrong. */
  usage: 64,
  /** The collection was built with another embedder, chunker, language or metadata. */
  mismatch: 65,
  /** A file, folder or collection that was named is not there. */
  noInput: 66,
  /** The embedding endpoint cannot be reached or refuses. */
  unavailable: 69,
  /** A bug: please report it. */
  internal: 70,
  /** The store cannot be read or written. */
  store: 74,
  /** Another process is writing the collection: try later. Doctor did not examine it. */
  locked: 75,
  /** A setting in the environment is wrong. */
  settings: 78,
  /** Stopped by a signal; the same command goes on from there. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

const BY_ERROR: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  invalid_request: EXIT_CODES.usage,
  embedder_mismatch: EXIT_CODES.mismatch,
  unsupported_option: EXIT_CODES.mismatch,
  not_found: EXIT_CODES.noInput,
  collection_not_found: EXIT_CODES.noInput,
  collection_unavailable: EXIT_CODES.store,
  store_unavailable: EXIT_CODES.store,
  store_full: EXIT_CODES.diskFull,
  store_read_only: EXIT_CODES.store,
  ingest_locked: EXIT_CODES.locked,
  unauthenticated: EXIT_CODES.settings,
  misconfigured: EXIT_CODES.settings,
  cancelled: EXIT_CODES.interrupted,
  internal: EXIT_CODES.internal,
};

/** An expected error's exit code; what the embedding endpoint does wrong has one for all. */
export function toExitCode({ code }: AppError): ExitCode {
  return BY_ERROR[code] ?? EXIT_CODES.unavailable;
}
