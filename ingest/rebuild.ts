/** Building a collection anew beside itself: when the embedder, the chunker, the language or the fields have changed. */
import type { CollectionInfo, CollectionSpec } from "../src/domain/collection.ts";
import { AppError } from "../src/errors.ts";
import type {
  CollectionWriter,
  DocumentState,
  GenerationWriter,
  Generations,
} from "../src/stores/store.ts";
import type { Fingerprint } from "./open-collection.ts";
import type { ReadScope } from "./read-changes.ts";
import type { SyncPlan } from "./sync-plan.ts";

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
 * Points readers to the new generation. Throws AppError unsupported_option when stored documents are not in it
 * that this run did not see to be blank: publishing it would lose them. `deleteMissing` accepts that.
 */
export async function publishRebuild(
  { writer, documents }: Rebuild,
  plan: Pick<SyncPlan, "collection" | "deleteMissing">,
  { seen, tally }: Pick<ReadScope, "seen" | "tally">,
  signal: AbortSignal,
): Promise<void> {
  const present = await writer.documents(signal);
  const lost = [...documents.keys()].filter(
    (id) => !present.has(id) && (!seen.has(id) || tally.spoiled.has(id)),
  );
  const [example] = lost;
  if (example !== undefined && !plan.deleteMissing) {
    throw new AppError("unsupported_option", {
      detail: `the new generation of ${plan.collection} lacks ${lost.length} of its documents, such as ${example}: name all folders of the collection in one command, or give them up with --delete-missing; questions are answered from the old one`,
    });
  }
  await writer.publish(signal);
}
