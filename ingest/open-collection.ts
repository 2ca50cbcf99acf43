/** Opens the collection to write into: the one that is there if it was built alike, else a new one. */
import type { CollectionInfo, CollectionSpec, MetadataType } from "../src/domain/collection.ts";
import { AppError } from "../src/errors.ts";
import type { Embedder } from "../src/models/model.ts";
import type { CollectionWriter, WriteStore } from "../src/stores/store.ts";
import { detectLanguage } from "./detect-language.ts";
import type { SyncPlan } from "./sync-plan.ts";

/** What a run would build with. */
export interface Fingerprint {
  readonly embedder: Embedder;
  readonly chunker: string;
}

/** The collection's writer, or undefined when there is no such collection yet. Throws AppError embedder_mismatch, unsupported_option, ingest_locked. */
export async function openExisting(
  store: WriteStore,
  plan: SyncPlan,
  fingerprint: Fingerprint,
  signal: AbortSignal,
): Promise<CollectionWriter | undefined> {
  let writer: CollectionWriter;
  try {
    writer = await store.openWriter(plan.collection, signal);
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === "collection_not_found") return undefined;
    throw thrown;
  }
  try {
    checkFingerprint(writer.info, plan, fingerprint);
    return writer;
  } catch (thrown) {
    await writer.close();
    throw thrown;
  }
}

/** Throws AppError embedder_mismatch or unsupported_option when the collection was built with something else. */
export function checkFingerprint(
  info: CollectionInfo,
  plan: SyncPlan,
  { embedder, chunker }: Fingerprint,
): void {
  const { name } = info;
  const again = `drop it and ingest again (pnpm ingest drop ${name})`;
  const dimensions = embedder.dimensions ?? info.dimensions;
  if (info.embedder !== embedder.id || info.dimensions !== dimensions) {
    throw new AppError("embedder_mismatch", {
      detail: `collection ${name} was built with the embedder ${info.embedder} (${info.dimensions} dimensions), this run would use ${embedder.id} (${dimensions} dimensions): set EMBEDDING_MODEL and its endpoint as they were, or ${again}`,
    });
  }
  if (info.chunker !== chunker) {
    throw new AppError("embedder_mismatch", {
      detail: `collection ${name} was cut by the chunker ${info.chunker}, this version cuts with ${chunker}: ${again}`,
    });
  }
  if (plan.language !== undefined && plan.language !== info.language) {
    throw new AppError("unsupported_option", {
      detail: `collection ${name} has the language ${info.language}, which is set when it is made: leave --language out, or ${again}`,
    });
  }
  if (plan.metadata !== undefined && !haveSameFields(plan.metadata, info.metadata)) {
    const fields = formatFields(info.metadata);
    throw new AppError("unsupported_option", {
      detail: `collection ${name} declares the metadata fields ${fields}, which is set when it is made: leave --metadata out, or ${again}`,
    });
  }
}

function haveSameFields(
  one: CollectionSpec["metadata"],
  other: CollectionSpec["metadata"],
): boolean {
  return formatFields(one) === formatFields(other);
}

/** `year:number,tags:string[]`, or `none`. */
export function formatFields(fields: Readonly<Record<string, MetadataType>>): string {
  const pairs = Object.entries(fields).map(([name, type]) => `${name}:${type}`);
  return pairs.length === 0 ? "none" : pairs.toSorted().join(",");
}

/** Makes the collection; `texts` are those of its first documents, for the language. Throws AppError as the store does. */
export async function createCollection(
  store: WriteStore,
  plan: SyncPlan,
  { embedder, chunker, texts }: Fingerprint & { readonly texts: Iterable<string> },
  signal: AbortSignal,
): Promise<CollectionWriter> {
  const detected = detectLanguage(texts);
  const spec: CollectionSpec = {
    name: plan.collection,
    embedder: embedder.id,
    dimensions: embedder.dimensions ?? (await probeDimensions(embedder, signal)),
    chunker,
    language: plan.language ?? detected.language,
    tokenizer: detected.tokenizer,
    metadata: plan.metadata ?? {},
  };
  return store.create(spec, signal);
}

async function probeDimensions(embedder: Embedder, signal: AbortSignal): Promise<number> {
  const [vector] = await embedder.embed(["How long is a vector?"], "document", signal);
  if (vector === undefined) {
    throw new AppError("embedding_invalid", {
      detail: `the embedder ${embedder.id} gave no vector for a plain question`,
    });
  }
  return vector.length;
}
