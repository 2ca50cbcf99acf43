/** Writes documents through a process of its own: a bounded queue, changes of one collection in order and together, collections in turn. */
import type { Clock } from "../../async/clock.ts";
import { once } from "../../async/once.ts";
import type { Config } from "../../config.ts";
import type { DocumentReceipt, UploadStage } from "../../domain/upload-event.ts";
import { AppError } from "../../errors.ts";
import type { DocumentChange, DocumentWriter } from "../../http/uploads/document-writer.ts";
import type { ReadStore } from "../../stores/store.ts";
import { toTraceparent } from "../../telemetry/trace-context.ts";
import type { Tracer } from "../../telemetry/tracer.ts";
import type { UploadChild } from "./upload-child.ts";
import type { UploadAnswer, UploadItem } from "./upload-protocol.ts";
import type { UploadSpool } from "./upload-spool.ts";

export interface DocumentWriterDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Pick<ReadStore, "forget">;
  readonly spool: UploadSpool;
  readonly child: UploadChild;
  /** Absent: the process that writes begins a trace of its own. */
  readonly tracer?: Pick<Tracer, "current"> | undefined;
}

/** Documents of one commit. */
const BATCH_MAX = 64;
/** Collections whose last turn is known. */
const TURNS_MAX = 1_000;
/** So many times as many places as are free a caller may have: alone three quarters of all, and others find some. */
const OWN_TO_FREE = 3;
const LOCK_RETRY_MS = 250;
const RETRY_AFTER_MS = 2_000;

interface Entry {
  readonly key: number;
  readonly change: DocumentChange;
  readonly traceparent: string | undefined;
  readonly onStage: (stage: UploadStage) => void;
  readonly result: PromiseWithResolvers<DocumentReceipt>;
  /** Of waiting for another process. */
  readonly endMs: number;
  notBeforeMs: number;
  state: "queued" | "sent" | "settled";
  /** Its client is gone: it is not tried again. */
  hasLeft: boolean;
}

/** Creates the writer; its process starts with the first change. */
export function createDocumentWriter(deps: DocumentWriterDeps): DocumentWriter {
  const { config, clock, spool } = deps;
  const queue = createQueue(deps);
  let lastKey = 0;
  /** Whose they are: of uploads, from their first byte until nothing of them is on disk, and of deletions. */
  const places: string[] = [];
  const idlers: (() => void)[] = [];
  const takePlace = (callerId: string): (() => void) => {
    const own = places.filter((id) => id === callerId).length;
    if (own >= OWN_TO_FREE * (config.uploadsMax - places.length)) throw toOverloaded();
    places.push(callerId);
    return once(() => {
      places.splice(places.indexOf(callerId), 1);
      if (places.length === 0) for (const resolve of idlers.splice(0)) resolve();
    });
  };
  return {
    async receive(body, bytesMax, callerId) {
      const leave = takePlace(callerId);
      try {
        const upload = await spool.receive(body, bytesMax);
        return { ...upload, discard: () => upload.discard().finally(leave) };
      } catch (thrown) {
        leave();
        throw thrown;
      }
    },
    async write(change, signal, onStage) {
      signal.throwIfAborted();
      // An upload has its place already.
      const leave = change.put === undefined ? takePlace(change.callerId) : () => undefined;
      lastKey += 1;
      const entry: Entry = {
        key: lastKey,
        change,
        traceparent: toTraceparent(deps.tracer?.current()),
        onStage,
        result: Promise.withResolvers(),
        endMs: clock.now() + config.uploadWaitMs,
        notBeforeMs: 0,
        state: "queued",
        hasLeft: false,
      };
      const onAbort = (): void => queue.leave(entry);
      signal.addEventListener("abort", onAbort, { once: true });
      onStage("waiting");
      queue.push(entry);
      try {
        return await entry.result.promise;
      } finally {
        signal.removeEventListener("abort", onAbort);
        leave();
      }
    },
    idle: () =>
      places.length === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve)),
  };
}

interface Queue {
  push(entry: Entry): void;
  /** Its client is gone; what is not committed is called off. */
  leave(entry: Entry): void;
}

function createQueue({ clock, store, child }: DocumentWriterDeps): Queue {
  const entries = new Map<number, Entry>();
  let busy = false;
  /** Collections, the one that was written last at the end. */
  let turns: readonly string[] = [];

  const settle = (entry: Entry, outcome: DocumentReceipt | AppError): void => {
    entry.state = "settled";
    entries.delete(entry.key);
    if (outcome instanceof AppError) entry.result.reject(outcome);
    else {
      store.forget?.(entry.change.collection);
      entry.result.resolve(outcome);
    }
  };
  const onAnswer = (answer: UploadAnswer): void => {
    const entry = answer.type === "batch-end" ? undefined : entries.get(answer.key);
    if (entry === undefined) return;
    if (answer.type === "stage") entry.onStage(answer.stage);
    if (answer.type === "done") settle(entry, answer.receipt);
    if (answer.type === "later") {
      if (entry.hasLeft) settle(entry, toCancelled());
      else entry.state = "queued";
    }
    if (answer.type !== "failed") return;
    const { code, detail } = answer.error;
    if (code === "ingest_locked" && !entry.hasLeft && clock.now() + LOCK_RETRY_MS < entry.endMs) {
      entry.state = "queued";
      entry.notBeforeMs = clock.now() + LOCK_RETRY_MS;
      entry.onStage("waiting");
      return;
    }
    const wait = code === "ingest_locked" ? { retryAfterMs: RETRY_AFTER_MS } : {};
    settle(entry, new AppError(code, { ...(detail === undefined ? {} : { detail }), ...wait }));
  };
  const work = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    for (;;) {
      const batch = chooseBatch([...entries.values()], clock.now(), turns);
      const collection = batch[0]?.change.collection;
      if (collection === undefined) break;
      turns = [...turns.filter((name) => name !== collection), collection].slice(-TURNS_MAX);
      for (const entry of batch) entry.state = "sent";
      const items: UploadItem[] = batch.map(({ key, change }) => ({ key, change }));
      const [{ traceparent } = { traceparent: undefined }] = batch;
      await child.run({ type: "batch", collection, traceparent, items }, onAnswer);
      for (const entry of batch) if (entry.state === "sent") settle(entry, toBroken());
    }
    busy = false;
    if (entries.size > 0) clock.timer(LOCK_RETRY_MS, () => void work());
  };

  return {
    push(entry) {
      entries.set(entry.key, entry);
      void work();
    },
    leave(entry) {
      entry.hasLeft = true;
      if (entry.state === "sent") child.cancel(entry.key);
      else settle(entry, toCancelled());
    },
  };
}

/** Of the collection whose turn it is the oldest; a second change of a document waits for the first. */
function chooseBatch(
  entries: readonly Entry[],
  nowMs: number,
  turns: readonly string[],
): readonly Entry[] {
  const queued = entries.filter(({ state }) => state === "queued");
  const collections = new Set(queued.map(({ change }) => change.collection));
  for (const { change, notBeforeMs } of queued) {
    if (notBeforeMs > nowMs) collections.delete(change.collection);
  }
  const [next] = [...collections].toSorted((a, b) => turns.indexOf(a) - turns.indexOf(b));
  const batch = new Map<string, Entry>();
  for (const entry of queued) {
    const { collection, documentId } = entry.change;
    if (collection !== next) continue;
    if (batch.size >= BATCH_MAX || batch.has(documentId)) break;
    batch.set(documentId, entry);
  }
  return [...batch.values()];
}

function toCancelled(): AppError {
  return new AppError("cancelled", { detail: "the client left" });
}

function toBroken(): AppError {
  return new AppError("ingest_failed", {
    detail:
      "the process that writes documents ended on the way; the document is stored whole or not at all, send it again",
    retryAfterMs: RETRY_AFTER_MS,
  });
}

function toOverloaded(): AppError {
  return new AppError("overloaded", {
    detail: "too many documents are waiting to be written; send it again shortly",
  });
}
