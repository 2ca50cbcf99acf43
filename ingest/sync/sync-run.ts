/** A sync on its way: what it works with, where it writes, and its commits. */
import type { CollectionWriter, CommitReport } from "../../src/stores/store.ts";
import { NEVER } from "../../src/async/never.ts";
import { inSpan } from "../../src/telemetry/in-span.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";
import type { Fingerprint, Rebuild } from "../collection/open-collection.ts";
import type { SyncDeps, SyncPlan } from "./sync-plan.ts";
import type { SyncTally } from "./sync-tally.ts";
import type { Batch } from "./write-batches.ts";

export interface SyncRun {
  readonly deps: SyncDeps;
  readonly plan: SyncPlan;
  readonly fingerprint: Fingerprint;
  readonly tally: SyncTally;
  readonly tracer: Tracer;
  readonly startMs: number;
}

export interface Target {
  writer: CollectionWriter | undefined;
  readonly rebuild: Rebuild | undefined;
  created: boolean;
  commits: number;
}

/** One commit, counted. `carried`: its documents are those of the old generation. */
export async function commitBatch(
  { tally, tracer }: Pick<SyncRun, "tally" | "tracer">,
  writer: CollectionWriter,
  batch: Batch,
  origin: "files" | "carried" = "files",
): Promise<CommitReport> {
  const { put, remove } = batch;
  const attributes = {
    "tributary.documents": put.length,
    "tributary.documents.removed": remove.length,
  };
  const commit = await inSpan(tracer, "commit", { attributes }, () =>
    writer.commit({ put, remove }, NEVER),
  );
  countCommit(tally, batch, { ...commit, origin });
  return commit;
}

function countCommit(
  tally: SyncTally,
  { put, remove, changed, chunksChanged }: Batch,
  { chunksAdded, chunksRemoved, origin }: CommitReport & { readonly origin: "files" | "carried" },
): void {
  if (origin === "carried") tally.carried += put.length;
  else tally.added += put.length - changed;
  tally.changed += changed;
  tally.removed += remove.length;
  tally.chunksAdded += chunksAdded - chunksChanged;
  tally.chunksChanged += chunksChanged;
  // Another writer past the lock may have removed some of them before.
  tally.chunksRemoved += Math.max(0, chunksRemoved - chunksChanged);
}
