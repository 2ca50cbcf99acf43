/** `pnpm ingest <paths> --collection NAME`: files in, a report out. */
import { stat } from "node:fs/promises";
import { basename, isAbsolute, matchesGlob, resolve } from "node:path";
import { AppError } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";
import { toAnalyser } from "../../src/node/lance/analyser.ts";
import type { WriteStore } from "../../src/stores/store.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";
import { type Found, findFiles } from "../files/find-files.ts";
import { toPaths } from "../sync/find-missing.ts";
import { INGEST_LIMITS } from "../limits.ts";
import { loadFile } from "../load/load-file.ts";
import { createLoadPool, type LoadPool } from "../load/load-pool.ts";
import { createProgressView } from "./progress.ts";
import { readRegular } from "../files/read-regular.ts";
import { syncDocuments } from "../sync/sync.ts";
import type { SyncPlan, SyncReport } from "../sync/sync-plan.ts";
import { isUploaded } from "../uploads/upload-source.ts";
import { watchFiles } from "./watch.ts";
import type { SyncCommand } from "./arguments.ts";
import { EXIT_CODES, type ExitCode, toExitCode } from "./exit-codes.ts";
import type { Output } from "./output.ts";
import { writeReport } from "./write-report.ts";

export interface SyncCommandDeps {
  readonly store: WriteStore;
  readonly embedder: Embedder;
  /** Is the vector of this text paid for already? Absent: nothing is paid for. */
  readonly isPaid?: (text: string) => boolean;
  /** For the cost of a dry run. */
  readonly usdPerMillionTokens?: number;
  /** Lets go of what only embedding needs; the next embedding takes it up again. */
  readonly releaseEmbedder: () => Promise<void>;
  readonly output: Output;
  readonly tracer: Tracer;
  /** What relative paths are relative to. */
  readonly cwd: string;
}

/** Runs once, or until the signal with --watch. Throws AppError when it cannot begin. */
export async function runSync(
  command: SyncCommand,
  deps: SyncCommandDeps,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { language = "none", paths, watch } = command;
  toAnalyser({ language, tokenizer: "words" }); // refuses an unknown language before any work
  const pool = createLoadPool();
  const { output, cwd } = deps;
  try {
    if (!watch) return await syncOnce(command, deps, pool, signal);
    let isFirst = true;
    const sync = async (): Promise<"done" | "again"> => {
      const code = await syncAgain(command, deps, { pool, isFirst }, signal);
      isFirst = false;
      return PASSING.has(code) ? "again" : "done";
    };
    const onWatching = (): void => output.line(`watching ${paths.join(", ")}; end with Ctrl-C`);
    const onRetry = (waitMs: number): void =>
      output.warn(`ingest: trying again in ${waitMs / 1_000} s, or when a file changes`);
    await watchFiles({ paths, cwd, onWatching, onRetry }, sync, signal);
    return EXIT_CODES.ok;
  } finally {
    await pool.close();
  }
}

/** What passes without a change of the files: another writer, an endpoint that is down, a full disk. */
const PASSING: ReadonlySet<ExitCode> = new Set([
  EXIT_CODES.locked,
  EXIT_CODES.unavailable,
  EXIT_CODES.diskFull,
  EXIT_CODES.store,
]);

/**
 * In watch mode an error is said, and the next change is another chance. The first time, what cannot begin is a
 * mistake of the command and ends it, other than a writer that came before.
 */
async function syncAgain(
  command: SyncCommand,
  deps: SyncCommandDeps,
  { pool, isFirst }: { readonly pool: LoadPool; readonly isFirst: boolean },
  signal: AbortSignal,
): Promise<ExitCode> {
  try {
    return await syncOnce(command, deps, pool, signal);
  } catch (thrown) {
    if (signal.aborted) return EXIT_CODES.interrupted;
    if (!(thrown instanceof AppError)) throw thrown;
    if (isFirst && toExitCode(thrown) !== EXIT_CODES.locked) throw thrown;
    deps.output.fail(thrown);
    return toExitCode(thrown);
  }
}

async function syncOnce(
  command: SyncCommand,
  deps: SyncCommandDeps,
  pool: LoadPool,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { store, embedder, tracer, isPaid, usdPerMillionTokens, releaseEmbedder, output, cwd } =
    deps;
  const found = await findFiles(command.paths, { cwd }, signal);
  checkNamed(found);
  const view = createProgressView(output.json ? { write: () => undefined } : output.stderr);
  const report = await syncDocuments(
    {
      store,
      embedder,
      tracer,
      ...(isPaid === undefined ? {} : { isPaid }),
      load: (file, loading, bytes) => loadFile(file, pool, loading, bytes),
      read(file) {
        const read = readRegular(file, INGEST_LIMITS);
        return "type" in read ? undefined : read; // the loader meets the same fault and says it
      },
      onEmbedded: releaseEmbedder,
      progress(progress) {
        view.show(progress);
        output.data({ type: "progress", ...progress });
      },
    },
    await toPlan(command, found, cwd),
    signal,
  );
  view.clear();
  writeReport(report, output, { usdPerMillionTokens, goesOn: command.watch && !signal.aborted });
  return toReportCode(report);
}

/** What was named and is not there ends the run before it begins. */
function checkNamed({ files, skipped }: Found): void {
  const named = skipped.filter(({ isNamed }) => isNamed);
  if (named.length > 0) {
    throw new AppError("not_found", { detail: named.map(({ message }) => message).join("; ") });
  }
  if (files.length === 0 && skipped.length === 0) {
    throw new AppError("not_found", { detail: "there is no file to ingest under these paths" });
  }
}

async function toPlan(command: SyncCommand, found: Found, cwd: string): Promise<SyncPlan> {
  const { collection, deleteMissing, acceptLoss, dryRun, strict, language, metadata, paths } =
    command;
  // Without a full look at what was named, nothing can be said to be gone.
  const isComplete = found.skipped.every(({ isNamed, id }) => !isNamed && !isAbsolute(id));
  const covers = await toCover(paths, cwd);
  return {
    collection,
    files: found.files,
    problems: found.skipped,
    // What was uploaded never was in a folder.
    covers: (source) => isComplete && !isUploaded(source) && covers(source),
    deleteMissing,
    acceptLoss,
    dryRun,
    strict,
    ...(language === undefined ? {} : { language }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/**
 * A folder covers every source, because all are named relative to it; a file its own name; a glob what matches it,
 * and all in a folder that does.
 */
async function toCover(
  paths: readonly string[],
  cwd: string,
): Promise<(source: string) => boolean> {
  const covers = await Promise.all(
    paths.map(async (path) => {
      const stats = await stat(resolve(cwd, path)).catch(() => undefined); // a glob, or gone
      if (stats?.isDirectory() === true) return () => true;
      if (stats !== undefined) return (source: string) => source === basename(path);
      const parts = path.split("/");
      const first = parts.findIndex((part) => /[*?[{(!]/.test(part));
      const pattern = parts.slice(Math.max(0, first)).join("/");
      return (source: string) => toPaths(source).some((place) => matchesGlob(place, pattern));
    }),
  );
  return (source) => covers.some((cover) => cover(source));
}

function toReportCode({ outcome, error, failed }: SyncReport): ExitCode {
  if (outcome === "cancelled") return EXIT_CODES.interrupted;
  // With --strict the first bad document ends the run.
  const isStrict = error?.code === "invalid_request" && failed > 0;
  if (error !== undefined && !isStrict) return toExitCode(error);
  return failed > 0 ? EXIT_CODES.partly : EXIT_CODES.ok;
}
