/** A batch of uploads and deletions to one commit: each is read and checked by itself, and refused by itself. */
import { readFileSync } from "node:fs";
import type { Clock } from "../../src/async/clock.ts";
import { NEVER } from "../../src/async/never.ts";
import type { DocumentReceipt, UploadStage } from "../../src/domain/upload-event.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";
import type {
  UploadAnswer,
  UploadBatch,
  UploadItem,
} from "../../src/node/uploads/upload-protocol.ts";
import { ifThere } from "../../src/stores/check.ts";
import type {
  Change,
  CollectionWriter,
  DocumentState,
  WriteStore,
} from "../../src/stores/store.ts";
import { inSpan } from "../../src/telemetry/in-span.ts";
import { parseTraceparent } from "../../src/telemetry/trace-context.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";
import { DEFAULT_CHUNKING, toChunkerId } from "../chunk/chunk.ts";
import type { LoadPool } from "../load/load-pool.ts";
import { createCollection, findMismatch } from "../collection/open-collection.ts";
import { type Prepared, prepareUpload, type UploadScope } from "./prepare-upload.ts";
import { toUploadSource } from "./upload-source.ts";

export interface UploadDeps {
  readonly store: WriteStore;
  readonly embedder: Embedder;
  readonly pool: LoadPool;
  readonly tracer: Tracer;
  readonly clock: Pick<Clock, "now">;
}

export interface UploadTalk {
  readonly tell: (answer: UploadAnswer) => void;
  /** Has its client left? Counts until the commit. */
  readonly isCancelled: (key: number) => boolean;
}

/** No more files are begun in this batch afterwards: 64 slow ones would hold up all others for a quarter of an hour. */
const BEGIN_MS = 30_000;
const CHUNKER = toChunkerId(DEFAULT_CHUNKING);

interface Ready extends Prepared {
  readonly item: UploadItem;
}

/**
 * Tells `done`, `failed` or `later` of every item, or throws AppError for all that nothing was told of: ingest_locked,
 * embedder_mismatch, and those of the store and the embedder. The span is below that of whoever sent the first item.
 */
export function writeUploads(
  deps: UploadDeps,
  batch: UploadBatch,
  talk: UploadTalk,
): Promise<void> {
  const parent = parseTraceparent(batch.traceparent);
  const attributes = {
    "tributary.collection": batch.collection,
    "tributary.documents": batch.items.length,
  };
  const start = { attributes, ...(parent === undefined ? {} : { parent }) };
  return inSpan(deps.tracer, "ingest", start, () => writeAll(deps, batch, talk));
}

async function writeAll(deps: UploadDeps, batch: UploadBatch, talk: UploadTalk): Promise<void> {
  const { store } = deps;
  const { collection } = batch;
  let writer = await openWriter(deps, collection);
  const isNew = writer === undefined;
  let committed = false;
  try {
    const documents = (await writer?.documents(NEVER)) ?? new Map<string, DocumentState>();
    const scope = { ...deps, chunker: CHUNKER, metadata: writer?.info.metadata ?? {} };
    const stored = groupBySource(documents);
    const before = { stored, isNew, beginUntilMs: deps.clock.now() + BEGIN_MS };
    const ready = await prepareAll(scope, batch, before, talk);
    const going = ready.filter(({ item }) => !refuseCancelled(item, talk));
    const change = {
      put: going.flatMap((prepared) => prepared.put),
      remove: going.flatMap((prepared) => prepared.remove),
    };
    if (writer === undefined && change.put.length > 0)
      writer = await create(deps, collection, change);
    if (writer === undefined) return;
    const indexed = await commit({ writer, tracer: deps.tracer }, change, (stage) =>
      tellAll(going, stage, talk),
    );
    committed = true;
    const after = { collection, created: isNew, version: writer.info.version, indexed };
    for (const prepared of going) {
      talk.tell({ type: "done", key: prepared.item.key, receipt: toReceipt(prepared, after) });
    }
  } finally {
    await writer?.close();
    if (isNew && writer !== undefined && !committed) await store.drop(collection, NEVER);
  }
}

async function openWriter(
  { store, embedder }: UploadDeps,
  collection: string,
): Promise<CollectionWriter | undefined> {
  const writer = await ifThere(store.openWriter(collection, NEVER));
  if (writer === undefined) return undefined;
  const mismatch = findMismatch(writer.info, toPlan(collection), { embedder, chunker: CHUNKER });
  if (mismatch === undefined) return writer;
  await writer.close();
  // A folder builds it anew with all its documents; from one upload that cannot be done.
  throw new AppError("embedder_mismatch", {
    detail: `collection ${collection} ${mismatch.reason}; ingest it again with pnpm ingest before writing to it`,
  });
}

function toPlan(collection: string) {
  return {
    collection,
    files: [],
    problems: [],
    covers: () => false,
    deleteMissing: false,
    dryRun: false,
  };
}

interface Before {
  readonly stored: ReadonlyMap<string, readonly DocumentState[]>;
  readonly isNew: boolean;
  readonly beginUntilMs: number;
}

/** Those that can be written; the others are told why not. */
async function prepareAll(
  scope: UploadScope & Pick<UploadDeps, "clock">,
  { items }: UploadBatch,
  { stored, isNew, beginUntilMs }: Before,
  talk: UploadTalk,
): Promise<readonly Ready[]> {
  const ready: Ready[] = [];
  for (const item of items) {
    if (refuseCancelled(item, talk)) continue;
    const { key, change } = item;
    if (scope.clock.now() > beginUntilMs) {
      talk.tell({ type: "later", key });
      continue;
    }
    const { documentId } = change;
    try {
      if (isNew && change.put === undefined) {
        throw new AppError("collection_not_found", {
          detail: "there is no collection of this name",
        });
      }
      const sources = [documentId, toUploadSource(documentId), `id ${documentId}`];
      const mine = new Map(
        sources.flatMap((source) => stored.get(source) ?? []).map((state) => [state.id, state]),
      );
      const onStage = (stage: "loading" | "embedding"): void =>
        talk.tell({ type: "stage", key, stage });
      const read = (path: string): Uint8Array => readFileSync(path);
      ready.push({
        item,
        ...(await prepareUpload({ ...scope, read }, change, [...mine.values()], onStage)),
      });
    } catch (thrown) {
      const { code, detail } = toAppError(thrown);
      if (code === "internal") throw thrown;
      talk.tell({ type: "failed", key, error: { code, detail } });
    }
  }
  return ready;
}

/** By source, and by `id …`: an id with a blank in front is no source. */
function groupBySource(documents: ReadonlyMap<string, DocumentState>) {
  const groups = new Map<string, DocumentState[]>();
  for (const state of documents.values()) {
    for (const name of [state.source, `id ${state.id}`]) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [state]);
      else group.push(state);
    }
  }
  return groups;
}

function refuseCancelled({ key }: UploadItem, { isCancelled, tell }: UploadTalk): boolean {
  if (!isCancelled(key)) return false;
  tell({ type: "failed", key, error: { code: "cancelled", detail: "the client left" } });
  return true;
}

function create({ store, embedder }: UploadDeps, collection: string, { put }: Change) {
  const texts = put.flatMap(({ chunks }) => chunks.map(({ chunk }) => chunk.text));
  return createCollection(store, toPlan(collection), { embedder, chunker: CHUNKER, texts }, NEVER);
}

/** Is it indexed too? What is committed is found without its index as well, only slower. */
async function commit(
  { writer, tracer }: { readonly writer: CollectionWriter; readonly tracer: Tracer },
  change: Change,
  onStage: (stage: "committing" | "indexing") => void,
): Promise<boolean> {
  if (change.put.length + change.remove.length === 0) return true;
  onStage("committing");
  const attributes = {
    "tributary.documents": change.put.length,
    "tributary.documents.removed": change.remove.length,
  };
  await inSpan(tracer, "commit", { attributes }, () => writer.commit(change, NEVER));
  onStage("indexing");
  try {
    return await inSpan(tracer, "index", {}, () => writer.index(NEVER));
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return false;
  }
}

function tellAll(ready: readonly Ready[], stage: UploadStage, { tell }: UploadTalk): void {
  for (const { item } of ready) tell({ type: "stage", key: item.key, stage });
}

type After = Pick<DocumentReceipt, "collection" | "created" | "version" | "indexed">;

function toReceipt(
  { item, put, remove, etag, warnings, ...counts }: Ready,
  after: After,
): DocumentReceipt {
  return {
    ...after,
    documentId: item.change.documentId,
    unchanged: put.length + remove.length === 0,
    ...counts,
    warnings: [...warnings],
    ...(etag === undefined ? {} : { etag }),
  };
}
