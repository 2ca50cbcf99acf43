/** What a sync would do: the same reading and comparing, and nothing written. */
import { toContent } from "../src/domain/chunk.ts";
import type { CollectionInfo } from "../src/domain/collection.ts";
import { AppError } from "../src/errors.ts";
import type { DocumentState, ReadStore } from "../src/stores/store.ts";
import { estimateTokens } from "../src/text/tokens.ts";
import { findMissing } from "./find-missing.ts";
import { readChanges, type ReadScope } from "./read-changes.ts";
import { SYNC_LIMITS } from "./sync-limits.ts";
import type { SyncDeps, SyncPlan } from "./sync-plan.ts";

export interface Stored {
  readonly info: CollectionInfo;
  readonly documents: ReadonlyMap<string, DocumentState>;
}

/** What is stored, read without the writer's lock; undefined when there is no such collection. */
export async function readStored(
  store: ReadStore,
  collection: string,
  signal: AbortSignal,
): Promise<Stored | undefined> {
  try {
    const snapshot = await store.open(collection, signal);
    const documents = new Map<string, DocumentState>();
    const limit = SYNC_LIMITS.pageDocumentsMax;
    for (let after: string | undefined; ;) {
      const page = after === undefined ? { limit } : { limit, after };
      const states = await snapshot.documents(page, signal);
      for (const state of states) documents.set(state.id, state);
      after = states.at(-1)?.id;
      // A store may give fewer than were asked for: only an empty page is the end.
      if (states.length === 0) return { info: snapshot.info, documents };
    }
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "collection_not_found") return undefined;
    throw thrown;
  }
}

/** Counts into the scope's tally. */
export async function previewChanges(
  deps: SyncDeps,
  plan: SyncPlan,
  scope: ReadScope,
  signal: AbortSignal,
): Promise<void> {
  const { tally, stored } = scope;
  for await (const change of readChanges(deps, plan, scope, signal)) {
    const { document, chunks, wasStored, chunksChanged } = change;
    tally.chunksRemoved += (stored.get(document.id)?.chunks ?? 0) - chunksChanged;
    if (chunks.length === 0) tally.removed += 1;
    else if (wasStored) tally.changed += 1;
    else tally.added += 1;
    tally.chunksAdded += chunks.length - chunksChanged;
    tally.chunksChanged += chunksChanged;
    for (const content of chunks.map(toContent)) {
      if (deps.isPaid?.(content) !== true) tally.tokens += estimateTokens(content);
    }
  }
  const missing = findMissing(plan, scope);
  if (!plan.deleteMissing) {
    tally.missing = missing.length;
    return;
  }
  tally.removed += missing.length;
  for (const id of missing) tally.chunksRemoved += stored.get(id)?.chunks ?? 0;
}
