/** The process that writes uploads: takes batches over its channel, one after the other, and ends when the channel does. */
import { systemClock } from "../../src/async/clock.ts";
import type { Config } from "../../src/config.ts";
import { toAppError } from "../../src/errors.ts";
import type { Embedder } from "../../src/models/model.ts";
import { createLog, outliveOutput } from "../../src/node/telemetry/log.ts";
import type {
  UploadAnswer,
  UploadBatch,
  UploadRequest,
} from "../../src/node/uploads/upload-protocol.ts";
import { createTracing, flushExporters, toExportTarget } from "../../src/node/telemetry/tracing.ts";
import { createEmbedders, createEndpoints, createStore } from "../../src/node/wire.ts";
import type { SpanExporter } from "../../src/telemetry/span-exporter.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { openEmbeddingCache, toCacheFolder } from "../embed/embedding-cache.ts";
import { createLoadPool } from "../load/load-pool.ts";
import { withPatience } from "../embed/with-patience.ts";
import { type UploadDeps, writeUploads } from "./write-uploads.ts";

/** For connections to endpoints, which nobody closes, to be given up. */
const END_MS_MAX = 5_000;

outliveOutput();
const log = createLog(process.stderr);
const cancelled = new Set<number>();
/** The batch under way, behind those before it. */
let tail: Promise<void> = Promise.resolve();
let deps: Promise<UploadDeps & { readonly spans?: SpanExporter }> | undefined;

process.on("message", (request: UploadRequest) => {
  if (request.type === "start") deps = open(request.config);
  else if (request.type === "cancel") cancelled.add(request.key);
  else tail = tail.then(() => answer(request));
});
// A signal to the whole group is for the service, which lets this process finish its commit.
for (const kind of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(kind, () => undefined);
process.once("disconnect", () => void tail.then(flush).then(endByItself));

/** What LanceDB has in the folder for temporary files goes only where the process is not cut off by `exit`. */
function endByItself(): void {
  setTimeout(() => process.exit(0), END_MS_MAX).unref();
}

async function flush(): Promise<void> {
  const opened = await deps?.catch(() => undefined); // told to those who sent a batch
  await flushExporters([opened?.spans]);
}

async function open(config: Config): Promise<UploadDeps & { readonly spans?: SpanExporter }> {
  const tracing = await createTracing(toExportTarget(config, log));
  const [store, { forIngest, bundled }] = await Promise.all([
    createStore({ ...config, residentBytesMax: 0 }, log),
    createEmbedders(config, createEndpoints(createUpstreamRegistry(), tracing.tracer)),
  ]);
  const embedder = forIngest === bundled ? bundled : await cacheRemote(forIngest, config);
  return { store, embedder, pool: createLoadPool(), clock: systemClock, ...tracing };
}

/** An endpoint that is waited for, and not asked again for the parts of a document that stayed. */
async function cacheRemote(remote: Embedder, config: Config): Promise<Embedder> {
  const { dataDir, embeddingCacheBytesMax: bytesMax, uploadWaitMs: patienceMs } = config;
  const patience = { patienceMs, clock: systemClock, onPause: () => undefined };
  const folder = toCacheFolder(dataDir);
  const onTrouble = (thrown: unknown): void => log.error("embedding-cache-unusable", thrown);
  const cache = await openEmbeddingCache(
    withPatience(remote, patience),
    { folder, bytesMax },
    onTrouble,
  );
  return cache.embedder;
}

async function answer(batch: UploadBatch): Promise<void> {
  const told = new Set<number>();
  const tell = (message: UploadAnswer): void => {
    if ("key" in message && message.type !== "stage") told.add(message.key);
    process.send?.(message);
  };
  try {
    if (deps === undefined) throw new Error("a batch came before the settings");
    await writeUploads(await deps, batch, { tell, isCancelled: (key) => cancelled.has(key) });
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === "internal") log.error("upload-failed", thrown);
    for (const { key } of batch.items) {
      if (told.has(key)) continue;
      tell({ type: "failed", key, error: { code: error.code, detail: error.detail } });
    }
  }
  for (const { key } of batch.items) cancelled.delete(key);
  tell({ type: "batch-end" });
}
