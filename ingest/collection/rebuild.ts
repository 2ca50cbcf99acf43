/** Building a collection anew beside itself: when the embedder, the chunker, the language or the fields have changed. */
import type { CollectionInfo, CollectionSpec } from "../../src/domain/collection.ts";
import { AppError } from "../../src/errors.ts";
import type {
  CollectionWriter,
  DocumentState,
  GenerationWriter,
  Generations,
} from "../../src/stores/store.ts";
import { findKept } from "./carry-over.ts";
import { toPrintable } from "../loaders/load-event.ts";
import type { Fingerprint } from "./open-collection.ts";
import type { ReadScope } from "../sync/read-changes.ts";
import type { SyncPlan } from "../sync/sync-plan.ts";

/** Documents that a refusal names. */
const LOST_SHOWN_MAX = 10;

/** A generation that is being built, and what it is to take the place of. */
export interface Rebuild {
  readonly writer: GenerationWriter;
  readonly documents: ReadonlyMap<string, DocumentState>;
  /** For people: what changed. */
  readonly reason: string;
}

/** What the collection is made of from now on: as before, but for what changed. */
export function toNextSpec(
  info: CollectionInfo,
  plan: Pick<SyncPlan, "language" | "metadata">,
  { embedder, chunker }: Fingerprint,
  dimensions: number,
): CollectionSpec {
  return {
    name: info.name,
    tokenizer: info.tokenizer,
    embedder: embedder.id,
    dimensions,
    chunker,
    language: plan.language ?? info.language,
    metadata: plan.metadata ?? info.metadata,
  };
}

/** Opens the generation beside the collection. `old` is closed: both are written under one lock. */
export async function beginRebuild(
  generations: Generations,
  old: CollectionWriter,
  { spec, reason }: { readonly spec: CollectionSpec; readonly reason: string },
  signal: AbortSignal,
): Promise<Rebuild> {
  const documents = await old.documents(signal);
  await old.close();
  return { writer: await generations.begin(spec, signal), documents, reason };
}

/**
 * Points readers to the new generation. Throws AppError unsupported_option when it lacks documents that are to stay
 * and could not be carried over: publishing it would lose them. `acceptLoss` gives them up.
 */
export async function publishRebuild(
  { writer, documents: old }: Rebuild,
  plan: Pick<SyncPlan, "collection" | "acceptLoss">,
  { scope, gone }: { readonly scope: ReadScope; readonly gone: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<void> {
  const present = await writer.documents(signal);
  const lost = findKept({ old, present, gone }, scope);
  if (lost.length > 0 && plan.acceptLoss !== true) {
    const shown = lost.slice(0, LOST_SHOWN_MAX).map(({ id }) => toPrintable(id));
    const more = lost.length > shown.length ? `, and ${lost.length - shown.length} more` : "";
    throw new AppError("unsupported_option", {
      detail: `the new generation of ${plan.collection} lacks ${lost.length} of its documents that could not be carried over (${shown.join(", ")}${more}): mend what is said about them above and run the same command again, or give them up with --accept-loss; questions are answered from the old generation`,
    });
  }
  scope.tally.removed += lost.length;
  await writer.publish(signal);
}
