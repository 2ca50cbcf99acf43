/** Brings a collection to the state of its files: what changed is embedded and replaced, everything else stays. */
import type { CollectionInfo } from "../src/domain/collection.ts";
import { AppError } from "../src/errors.ts";
import type { CollectionWriter, DocumentState } from "../src/stores/store.ts";
import { DEFAULT_CHUNKING, toChunkerId } from "./chunk.ts";
import {
  checkFingerprint,
  createCollection,
  type Fingerprint,
  openExisting,
} from "./open-collection.ts";
import { findMissing } from "./find-missing.ts";
import { readChanges, type ReadScope } from "./read-changes.ts";
import { previewChanges, readStored } from "./sync-preview.ts";
import { SYNC_LIMITS } from "./sync-limits.ts";
import type { SyncDeps, SyncPlan, SyncReport } from "./sync-plan.ts";
import { createTally, type SyncTally } from "./sync-tally.ts";
import { createNotices } from "./sync-notices.ts";
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
 * Throws AppError when it cannot begin: ingest_locked, embedder_mismatch, unsupported_option, store_unavailable.
 */
export async function syncDocuments(
  deps: SyncDeps,
  plan: SyncPlan,
  signal: AbortSignal,
): Promise<SyncReport> {
  const run = startRun(deps, plan);
  return plan.dryRun ? preview(run, signal) : update(run, signal);
}

async function preview(run: SyncRun, signal: AbortSignal): Promise<SyncReport> {
  const { deps, plan, fingerprint } = run;
  const before = await readStored(deps.store, plan.collection, signal);
  if (before !== undefined) checkFingerprint(before.info, plan, fingerprint);
  const scope = toScope(run, before?.documents ?? new Map(), before?.info.metadata);
  const end = await endOf(previewChanges(deps, plan, scope, signal), signal);
  return toReport(run, end, { info: before?.info, created: before === undefined });
}

async function update(run: SyncRun, signal: AbortSignal): Promise<SyncReport> {
  const { deps, plan, fingerprint } = run;
  const writer = await openExisting(deps.store, plan, fingerprint, signal);
  const target: Target = { writer, created: false, commits: 0 };
  try {
    const end = await endOf(write(run, target, signal), signal);
    return toReport(run, end, { info: target.writer?.info, created: target.created });
  } finally {
    await target.writer?.close();
    if (target.created && target.commits === 0) await deps.store.drop(plan.collection, NEVER);
  }
}

/** What has begun to be written is written to its end: a signal that stops it would leave us not knowing. */
const NEVER = new AbortController().signal;

interface SyncRun {
  readonly deps: SyncDeps;
  readonly plan: SyncPlan;
  readonly fingerprint: Fingerprint;
  readonly tally: SyncTally;
  readonly startMs: number;
}

interface Target {
  writer: CollectionWriter | undefined;
  created: boolean;
  commits: number;
}

function startRun(deps: SyncDeps, plan: SyncPlan): SyncRun {
  const tally = createTally(plan.strict);
  const chunker = toChunkerId(plan.chunking ?? DEFAULT_CHUNKING);
  const fingerprint = { embedder: deps.embedder, chunker };
  return { deps, plan, tally, fingerprint, startMs: performance.now() };
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
    tally,
  };
}

async function write(run: SyncRun, target: Target, signal: AbortSignal): Promise<void> {
  const { deps, plan, tally } = run;
  const stored = (await target.writer?.documents(signal)) ?? new Map<string, DocumentState>();
  const scope = toScope(run, stored, target.writer?.info.metadata);
  const notices = createNotices(plan, tally, deps.progress);
  const changes = readChanges(deps, plan, scope, signal);
  for await (const batch of writeBatches(deps.embedder, changes, tally, signal)) {
    signal.throwIfAborted();
    target.writer ??= await create(run, target, batch, signal);
    const { put, remove } = batch;
    const commit = await target.writer.commit({ put, remove }, NEVER);
    target.commits += 1;
    countCommit(tally, batch, commit);
    notices.notify();
  }
  await removeMissing(run, target, scope, signal);
  await deps.onEmbedded?.();
  // Also when nothing changed: the run before may have ended between its commits and its index.
  await target.writer?.index(signal, (step) => notices.notify(step));
}

async function create(
  { deps, plan, fingerprint }: SyncRun,
  target: Target,
  { put }: Batch,
  signal: AbortSignal,
): Promise<CollectionWriter> {
  const texts = put.flatMap(({ chunks }) => chunks.map(({ chunk }) => chunk.text));
  const writer = await createCollection(deps.store, plan, { ...fingerprint, texts }, signal);
  target.created = true;
  return writer;
}

function countCommit(
  tally: SyncTally,
  { put, remove, changed }: Batch,
  { chunksAdded, chunksRemoved }: { chunksAdded: number; chunksRemoved: number },
): void {
  tally.added += put.length - changed;
  tally.changed += changed;
  tally.removed += remove.length;
  tally.chunksAdded += chunksAdded;
  tally.chunksRemoved += chunksRemoved;
}

async function removeMissing(
  { plan, tally }: SyncRun,
  target: Target,
  scope: ReadScope,
  signal: AbortSignal,
): Promise<void> {
  const missing = findMissing(plan, scope);
  tally.missing = missing.length;
  if (!plan.deleteMissing || target.writer === undefined) return;
  for (let at = 0; at < missing.length; at += SYNC_LIMITS.removalsMax) {
    signal.throwIfAborted();
    const remove = missing.slice(at, at + SYNC_LIMITS.removalsMax);
    const commit = await target.writer.commit({ put: [], remove }, NEVER);
    target.commits += 1;
    countCommit(tally, { put: [], remove, changed: 0 }, commit);
    tally.missing -= remove.length;
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
}

function toReport(
  { plan, tally, startMs }: SyncRun,
  end: End,
  { info, created }: After,
): SyncReport {
  const { filesDone: _, spoiled: __, strict: ___, tokens, ...counts } = tally;
  return {
    collection: plan.collection,
    dryRun: plan.dryRun,
    ...end,
    created,
    ...counts,
    ...(plan.dryRun ? { tokens } : {}),
    documents: info?.documents ?? 0,
    chunks: info?.chunks ?? 0,
    version: info?.version ?? 0,
    elapsedMs: Math.round(performance.now() - startMs),
  };
}
