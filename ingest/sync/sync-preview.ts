/** What a sync would do: the same reading and comparing, and nothing written. */
import { toContent } from "../../src/domain/chunk.ts";
import type { CollectionInfo } from "../../src/domain/collection.ts";
import { ifThere } from "../../src/stores/check.ts";
import type { DocumentState, ReadStore, Snapshot } from "../../src/stores/store.ts";
import { estimateTokens } from "../../src/text/tokens.ts";
import { findKept, readKept } from "./carry-over.ts";
import { findGone } from "./find-missing.ts";
import { type ChangedDocument, readChanges, type ReadScope } from "./read-changes.ts";
import { SYNC_LIMITS } from "../sync-limits.ts";
import type { SyncDeps, SyncPlan } from "./sync-plan.ts";
import type { SyncTally } from "./sync-tally.ts";

export interface Stored {
  readonly info: CollectionInfo;
  readonly documents: ReadonlyMap<string, DocumentState>;
  readonly snapshot: Snapshot;
}

/** What is stored, read without the writer's lock; undefined when there is no such collection. */
export async function readStored(
  store: ReadStore,
  collection: string,
  signal: AbortSignal,
): Promise<Stored | undefined> {
  return ifThere(readAll(store, collection, signal));
}

async function readAll(store: ReadStore, collection: string, signal: AbortSignal): Promise<Stored> {
  const snapshot = await store.open(collection, signal);
  const documents = new Map<string, DocumentState>();
  const limit = SYNC_LIMITS.pageDocumentsMax;
  for (let after: string | undefined; ;) {
    const page = after === undefined ? { limit } : { limit, after };
    const states = await snapshot.documents(page, signal);
    for (const state of states) documents.set(state.id, state);
    after = states.at(-1)?.id;
    // A store may give fewer than were asked for: only an empty page is the end.
    if (states.length === 0) return { info: snapshot.info, documents, snapshot };
  }
}

/** Counts into the scope's tally. `old` is what the collection would be built anew from; absent: it would not be. */
export async function previewChanges(
  deps: SyncDeps,
  plan: SyncPlan,
  { scope, old }: { readonly scope: ReadScope; readonly old?: Snapshot | undefined },
  signal: AbortSignal,
): Promise<void> {
  const { tally, stored } = scope;
  const present = new Map<string, Pick<DocumentState, "source" | "hash">>();
  for await (const change of readChanges(deps, plan, scope, signal)) {
    const { document, hash, chunks, wasStored, chunksChanged } = change;
    tally.chunksRemoved += (stored.get(document.id)?.chunks ?? 0) - chunksChanged;
    if (chunks.length === 0) tally.removed += 1;
    else if (wasStored) tally.changed += 1;
    else tally.added += 1;
    tally.chunksAdded += chunks.length - chunksChanged;
    tally.chunksChanged += chunksChanged;
    if (chunks.length > 0) present.set(document.id, { source: document.source, hash });
    countTokens(deps, change, tally);
  }
  const { missing, replaced } = findGone(plan, scope, stored);
  const gone = new Set([...(plan.deleteMissing ? missing : []), ...replaced]);
  if (!plan.deleteMissing) tally.missing = missing.length;
  tally.removed += gone.size;
  for (const id of gone) tally.chunksRemoved += stored.get(id)?.chunks ?? 0;
  if (old === undefined) return;
  const kept = findKept({ old: stored, present, gone }, scope);
  for await (const change of readKept(old, kept, scope, signal)) {
    tally.carried += 1;
    tally.chunksChanged += change.chunks.length;
    countTokens(deps, change, tally);
  }
}

function countTokens({ isPaid }: SyncDeps, { chunks }: ChangedDocument, tally: SyncTally): void {
  for (const content of chunks.map(toContent)) {
    if (isPaid?.(content) !== true) tally.tokens += estimateTokens(content);
  }
}
