/** Opens the collection to write into: the one that is there if it was built alike, else a new one, or a new generation beside it. */
import type { CollectionInfo, CollectionSpec, MetadataType } from "../../src/domain/collection.ts";
import { AppError } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";
import { ifThere } from "../../src/stores/check.ts";
import type {
  CollectionWriter,
  DocumentState,
  GenerationWriter,
  WriteStore,
} from "../../src/stores/store.ts";
import { detectLanguage } from "./detect-language.ts";

/** What a run asks of the collection itself. */
export interface BuildPlan {
  readonly collection: string;
  /** For a new collection: otherwise guessed from its first documents. */
  readonly language?: string;
  /** Fields that can be filtered on, for a new collection. */
  readonly metadata?: Readonly<Record<string, MetadataType>>;
}

/** What a run would build with. */
export interface Fingerprint {
  readonly embedder: Embedder;
  readonly chunker: string;
}

/** A generation that is being built, and what it is to take the place of. */
export interface Rebuild {
  readonly writer: GenerationWriter;
  readonly documents: ReadonlyMap<string, DocumentState>;
  /** For people: what changed. */
  readonly reason: string;
}

/** A writer, and what it takes the place of when the collection is built anew. */
export interface Opened {
  readonly writer: CollectionWriter;
  readonly rebuild?: Rebuild;
}

/**
 * The collection's writer, or undefined when there is no such collection yet. For one that was built with something
 * else it is that of a new generation beside it, or AppError embedder_mismatch, unsupported_option where the store
 * has no generations. Throws AppError ingest_locked.
 */
export async function openExisting(
  store: WriteStore,
  plan: BuildPlan,
  fingerprint: Fingerprint,
  signal: AbortSignal,
): Promise<Opened | undefined> {
  const writer = await ifThere(store.openWriter(plan.collection, signal));
  if (writer === undefined) return undefined;
  try {
    const mismatch = findMismatch(writer.info, plan, fingerprint);
    if (mismatch === undefined) return { writer };
    if (store.generations === undefined) throw mismatch.error;
    const { embedder } = fingerprint;
    const dimensions = embedder.dimensions ?? (await probeDimensions(embedder, signal));
    const spec = toNextSpec(writer.info, plan, fingerprint, dimensions);
    const documents = await writer.documents(signal);
    // Both are written under one lock.
    await writer.close();
    const next = await store.generations.begin(spec, signal);
    return { writer: next, rebuild: { writer: next, documents, reason: mismatch.reason } };
  } catch (thrown) {
    await writer.close();
    throw thrown;
  }
}

/** What the collection was built with that this run would not use, and the error where that cannot be changed. */
export interface Mismatch {
  readonly reason: string;
  readonly error: AppError;
}

export function findMismatch(
  info: CollectionInfo,
  plan: BuildPlan,
  { embedder, chunker }: Fingerprint,
): Mismatch | undefined {
  const { name } = info;
  const again = `drop it and ingest again (pnpm ingest drop ${name})`;
  const dimensions = embedder.dimensions ?? info.dimensions;
  const refuse = (
    code: "embedder_mismatch" | "unsupported_option",
    reason: string,
    wayOut: string,
  ): Mismatch => ({
    reason,
    error: new AppError(code, { detail: `collection ${name} ${reason}: ${wayOut} ${again}` }),
  });
  if (info.embedder !== embedder.id || info.dimensions !== dimensions) {
    return refuse(
      "embedder_mismatch",
      `was built with the embedder ${info.embedder} (${info.dimensions} dimensions), this run would use ${embedder.id} (${dimensions} dimensions)`,
      "set EMBEDDING_MODEL, its EMBEDDING_DOCUMENT_PREFIX and its endpoint as they were, or",
    );
  }
  if (info.chunker !== chunker) {
    const reason = `was cut by the chunker ${info.chunker}, this version cuts with ${chunker}`;
    return refuse("embedder_mismatch", reason, "to go on");
  }
  if (plan.language !== undefined && plan.language !== info.language) {
    return refuse(
      "unsupported_option",
      `has the language ${info.language}, this run would use ${plan.language}`,
      "leave --language out, or",
    );
  }
  if (plan.metadata !== undefined && !haveSameFields(plan.metadata, info.metadata)) {
    return refuse(
      "unsupported_option",
      `declares the metadata fields ${formatFields(info.metadata)}, this run would declare ${formatFields(plan.metadata)}`,
      "leave --metadata out, or",
    );
  }
  return undefined;
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
  plan: BuildPlan,
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

/** What the collection is made of from now on: as before, but for what changed. */
function toNextSpec(
  info: CollectionInfo,
  plan: BuildPlan,
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

async function probeDimensions(embedder: Embedder, signal: AbortSignal): Promise<number> {
  const [vector] = await embedder.embed(["How long is a vector?"], "document", signal);
  if (vector === undefined) {
    throw new AppError("embedding_invalid", {
      detail: `the embedder ${embedder.id} gave no vector for a plain question`,
    });
  }
  return vector.length;
}
