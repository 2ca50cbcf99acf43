/** Brings a collection to the state of its files: what changed is embedded and replaced, everything else stays. */
import type { CollectionInfo, MetadataType } from "../../src/domain/collection.ts";
import { NEVER } from "../../src/async/never.ts";
import { AppError } from "../../src/errors.ts";
import type { CollectionWriter, DocumentState } from "../../src/stores/store.ts";
import { inSpan } from "../../src/telemetry/in-span.ts";
import { noTracer } from "../../src/telemetry/tracer.ts";
import { DEFAULT_CHUNKING, toChunkerId } from "../chunk/chunk.ts";
import {
  createCollection,
  findMismatch,
  type Mismatch,
  openExisting,
} from "../collection/open-collection.ts";
import { carryOver } from "./carry-over.ts";
import { checkMirror } from "./find-missing.ts";
import { createIndexTurns, type IndexTurns } from "../collection/index-turns.ts";
import { publishRebuild } from "./publish-rebuild.ts";
import { removeGone } from "./remove-gone.ts";
import { readChanges, type ReadScope } from "./read-changes.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import { previewChanges, readStored, type Stored } from "./sync-preview.ts";
import type { SyncDeps, SyncPlan, SyncProblem, SyncReport } from "./sync-plan.ts";
import { commitBatch, type SyncRun, type Target } from "./sync-run.ts";
import { addProblem, createTally } from "./sync-tally.ts";
import { createNotify } from "./create-notify.ts";
import { traceItems, traceReport } from "./trace-sync.ts";
import { type Batch, writeBatches } from "./write-batches.ts";

/**
 * Loads, compares, chunks, embeds and commits, each stage a batch ahead of the next, in commits of
 * whole documents, so that memory is bounded by a few batches and readers never see half a document.
 * A document is stored with the hash of what decides its chunks; an equal hash costs no embedding.
 *
 * Deleting (`deleteMissing`): a stored document is missing when the plan covers its source and this
 * run met neither it nor a problem with it, its file, or a folder around it. Whatever could not be
 * read keeps what is stored of it.
 *
 * A run that fails or is aborted on the way ends with that outcome in its report; the commits before
 * it stay, each of whole documents, and the next run goes on from there. A collection made by this
 * run into which nothing was committed is dropped again.
 * A collection that was built with something else is built anew beside itself, and readers are pointed there
 * when it is complete; begun and not finished, it is gone on with by the next run. What an ordinary run would leave
 * as it is, an upload or a file that cannot be read, is carried over from its stored chunks.
 * Throws AppError when it cannot begin: ingest_locked, store_unavailable; embedder_mismatch, unsupported_option
 * where the store cannot build anew.
 */
export async function syncDocuments(
  deps: SyncDeps,
  plan: SyncPlan,
  signal: AbortSignal,
): Promise<SyncReport> {
  const run = startRun(deps, plan);
  const { collection, dryRun, files } = plan;
  const attributes = {
    "tributary.collection": collection,
    "tributary.dry_run": dryRun,
    "tributary.files": files.length,
  };
  return inSpan(run.tracer, "ingest", { attributes }, async (span) => {
    const report = await (dryRun ? preview(run, signal) : update(run, signal));
    traceReport(span, report);
    return report;
  });
}

async function preview(run: SyncRun, signal: AbortSignal): Promise<SyncReport> {
  const { deps, plan, fingerprint } = run;
  const before = await readStored(deps.store, plan.collection, signal);
  const mismatch = before === undefined ? undefined : findMismatch(before.info, plan, fingerprint);
  if (mismatch !== undefined && deps.store.generations === undefined) throw mismatch.error;
  const stored = before?.documents ?? new Map<string, DocumentState>();
  checkMirror(plan, stored);
  // Built anew, every document is embedded again.
  const compared = mismatch === undefined ? stored : withoutHashes(stored);
  const scope = toScope(run, compared, toFields(plan, mismatch, before));
  const old = mismatch === undefined ? undefined : before?.snapshot;
  const end = await endOf(previewChanges(deps, plan, { scope, old }, signal), signal);
  const after = { info: before?.info, created: before === undefined };
  return toReport(run, end, { ...after, rebuilt: mismatch?.reason });
}

/** The fields that documents are typed by: those there are, unless the collection is built anew with others. */
function toFields(
  { metadata }: SyncPlan,
  mismatch: Mismatch | undefined,
  before: Stored | undefined,
): Readonly<Record<string, MetadataType>> | undefined {
  return (mismatch === undefined ? undefined : metadata) ?? before?.info.metadata;
}

async function update(run: SyncRun, signal: AbortSignal): Promise<SyncReport> {
  const { deps, plan, fingerprint } = run;
  const opened = await inSpan(run.tracer, "open", {}, () =>
    openExisting(deps.store, plan, fingerprint, signal),
  );
  const { writer, rebuild } = opened ?? {};
  const target: Target = { writer, rebuild, created: false, commits: 0 };
  for (const line of writer?.recovered ?? []) {
    const message = `${plan.collection}: ${line}`;
    addProblem(run.tally, { id: plan.collection, code: "recovered", severity: "warning", message });
  }
  try {
    const end = await endOf(write(run, target, signal), signal);
    const after = { info: target.writer?.info, created: target.created };
    return toReport(run, end, { ...after, rebuilt: rebuild?.reason });
  } finally {
    await target.writer?.close();
    if (target.created && target.commits === 0) await deps.store.drop(plan.collection, NEVER);
  }
}

function withoutHashes(
  documents: ReadonlyMap<string, DocumentState>,
): ReadonlyMap<string, DocumentState> {
  return new Map([...documents].map(([id, state]) => [id, { ...state, hash: "" }]));
}

function startRun(deps: SyncDeps, plan: SyncPlan): SyncRun {
  const tally = createTally(plan.strict);
  const chunker = toChunkerId(plan.chunking ?? DEFAULT_CHUNKING);
  const fingerprint = { embedder: deps.embedder, chunker };
  const { tracer = noTracer } = deps;
  return { deps, plan, tally, fingerprint, tracer, startMs: performance.now() };
}

function toScope(
  { plan, fingerprint, tally }: SyncRun,
  stored: ReadonlyMap<string, DocumentState>,
  metadata = plan.metadata ?? {},
): ReadScope {
  return {
    embedder: fingerprint.embedder.id,
    chunker: fingerprint.chunker,
    chunking: plan.chunking ?? DEFAULT_CHUNKING,
    metadata,
    stored,
    seen: new Set(),
    sources: new Set(),
    hashes: new Map(),
    tally,
  };
}

async function write(run: SyncRun, target: Target, signal: AbortSignal): Promise<void> {
  const { deps, plan, tally, tracer } = run;
  const { rebuild } = target;
  const stored = (await target.writer?.documents(signal)) ?? new Map<string, DocumentState>();
  checkMirror(plan, new Map([...(rebuild?.documents ?? []), ...stored]));
  const scope = toScope(run, stored, target.writer?.info.metadata);
  const notify = createNotify(plan, tally, deps.progress);
  const changes = traceItems(tracer, "read", readChanges(deps, plan, scope, signal));
  const index = (): Promise<boolean> =>
    inSpan(tracer, "index", {}, async () => (await target.writer?.index(signal, notify)) ?? true);
  const { embedder } = deps;
  const turns = createIndexTurns(target.writer?.info.chunks ?? 0);
  for await (const batch of writeBatches({ embedder, tracer }, changes, tally, signal)) {
    signal.throwIfAborted();
    target.writer ??= await create(run, target, batch, signal);
    if (isDue(turns, target)) await index();
    turns.committed(await commitBatch(run, target.writer, batch));
    target.commits += 1;
    notify();
  }
  await rehash(target, scope.hashes, signal);
  const read = { scope, gone: await removeGone(run, target, scope, signal) };
  await carryOver(run, target, read, signal);
  await deps.onEmbedded?.();
  // Also when nothing changed: the run before may have ended between its commits and its index.
  if (!(await index())) addProblem(tally, toNotIndexed(plan.collection));
  if (rebuild === undefined) return;
  await inSpan(tracer, "publish", {}, () => publishRebuild(rebuild, plan, read, signal));
}

/** Readers see nothing of a collection that is built anew before it is whole. */
function isDue(turns: IndexTurns, { rebuild }: Target): boolean {
  return rebuild === undefined && turns.isDue();
}

/** So that the next run need not parse again what this one found to be the same. */
async function rehash(
  { writer }: Target,
  hashes: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const all = [...hashes];
  for (let at = 0; at < all.length; at += SYNC_LIMITS.rehashedMax) {
    signal.throwIfAborted();
    await writer?.rehash?.(new Map(all.slice(at, at + SYNC_LIMITS.rehashedMax)), NEVER);
  }
}

function toNotIndexed(id: string): SyncProblem {
  const message = `${id}: another writer kept changing it, so that its indexes were left as they are; mend it with: pnpm ingest optimize ${id}`;
  return { id, code: "not-indexed", severity: "warning", message };
}

async function create(
  { deps, plan, fingerprint }: SyncRun,
  target: Target,
  { put }: Batch,
  signal: AbortSignal,
): Promise<CollectionWriter> {
  const texts = put.flatMap(({ chunks }) => chunks.map(({ chunk }) => chunk.text));
  try {
    const writer = await createCollection(deps.store, plan, { ...fingerprint, texts }, signal);
    target.created = true;
    return writer;
  } catch (thrown) {
    // It was not there when this run began.
    if (!(thrown instanceof AppError) || thrown.code !== "invalid_request") throw thrown;
    throw new AppError("ingest_locked", {
      detail: `another process has made collection ${plan.collection} meanwhile; run the same command again`,
      cause: thrown,
    });
  }
}

type End = Pick<SyncReport, "outcome" | "error">;

/** An expected failure is how the run ended; a bug is thrown on. */
async function endOf(work: Promise<void>, signal: AbortSignal): Promise<End> {
  try {
    await work;
    return { outcome: "finished" };
  } catch (thrown) {
    if (signal.aborted) return { outcome: "cancelled" };
    if (thrown instanceof AppError) return { outcome: "failed", error: thrown };
    throw thrown;
  }
}

interface After {
  readonly info: CollectionInfo | undefined;
  readonly created: boolean;
  readonly rebuilt?: string | undefined;
}

function toReport(
  { plan, tally, startMs }: SyncRun,
  end: End,
  { info, created, rebuilt }: After,
): SyncReport {
  const { filesDone: _, bytesDone: __, spoiled: ___, strict: ____, tokens, ...counts } = tally;
  return {
    collection: plan.collection,
    dryRun: plan.dryRun,
    ...end,
    created,
    ...(rebuilt === undefined ? {} : { rebuilt }),
    ...counts,
    ...(plan.dryRun ? { tokens } : {}),
    documents: info?.documents ?? 0,
    chunks: info?.chunks ?? 0,
    version: info?.version ?? 0,
    elapsedMs: Math.round(performance.now() - startMs),
  };
}
