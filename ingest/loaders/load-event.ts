/** What comes out of reading a file: documents, and problems as data, so that one bad record never loses the others. */
import type { Metadata } from "../../src/domain/chunk.ts";
import type { Format } from "../../src/domain/format.ts";
import type { IngestLimits } from "../limits.ts";
import type { LoadedDocument } from "../document.ts";

const PROBLEM_CODES = [
  "missing",
  "unreadable",
  "symlink",
  "special-file",
  "unsupported",
  "too-many-files",
  "too-large",
  "empty",
  "duplicate-id",
  "binary",
  "undecodable",
  "encoding-guessed",
  "encrypted",
  "damaged",
  "bomb",
  "too-deep",
  "timed-out",
  "no-text",
  "no-header",
  "bad-record",
  "rows-cut",
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

export interface Problem {
  readonly type: "problem";
  /** The file, or `file#record`. */
  readonly id: string;
  readonly code: ProblemCode;
  /** `error`: something was not loaded. `warning`: it was, but the reader should know. */
  readonly severity: "error" | "warning";
  /** Our own words: where, what is wrong, what to do. */
  readonly message: string;
  /** What a library threw, for the log only. */
  readonly cause?: unknown;
}

export type LoadEvent = { readonly type: "document"; readonly document: LoadedDocument } | Problem;

/** The document of a file that holds one. */
export function toDocumentEvent(
  { id }: Pick<FileReference, "id">,
  document: Omit<LoadedDocument, "id" | "source" | "metadata"> & { readonly metadata?: Metadata },
): LoadEvent {
  return { type: "document", document: { id, source: id, metadata: {}, ...document } };
}

/** A file as the loaders know it: the id of its documents and its name on this machine. */
export interface FileReference {
  readonly id: string;
  readonly path: string;
  readonly sizeBytes?: number;
  /** What it is read as; absent: what its id says. */
  readonly format?: Format;
}

/** Turns the bytes of one file into events. Pure: no disk, no network, no state. */
export type Loader = (
  bytes: Uint8Array,
  file: FileReference,
  limits: IngestLimits,
) => AsyncIterable<LoadEvent> | Iterable<LoadEvent>;

/** A problem whose message begins with where it is. */
export function toProblem(
  id: string,
  code: ProblemCode,
  text: string,
  options: Partial<Pick<Problem, "severity" | "cause">> = {},
): Problem {
  const message = `${toPrintable(id)}: ${text}`;
  return { type: "problem", id, code, severity: "error", message, ...options };
}

/** A name that cannot play tricks on a terminal or a log. */
export function toPrintable(name: string): string {
  return name.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16) ?? ""}}`,
  );
}
