/** Builds what a command needs, by the settings, and has it done. What it imports takes longest of a short command. */
import { systemClock } from "../../src/async/clock.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { type Config, parseConfig } from "../../src/config.ts";
import { AppError } from "../../src/errors.ts";
import { checkDataDir } from "../../src/node/files/check-data-dir.ts";
import { createEndpoints, createStore } from "../../src/node/wire.ts";
import { orNameAll } from "../../src/domain/or-name-all.ts";
import type { Command, SyncCommand } from "./arguments.ts";
import { runCollectionCommand } from "./collection-command.ts";
import { runDoctor } from "./doctor-command.ts";
import { runFileCommand } from "./file-command.ts";
import type { CommandDeps } from "./command-deps.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";
import { openEmbedders } from "./open-embedders.ts";
import type { Output } from "./output.ts";
import { runPush } from "./push-command.ts";
import { runSync } from "./sync-command.ts";
import { createEmbedThread } from "../embed/embed-thread.ts";
import {
  type EmbeddingCache,
  openEmbeddingCache,
  toCacheFolder,
} from "../embed/embedding-cache.ts";
import { traceIngest } from "./trace-ingest.ts";
import { formatCount, formatDuration } from "./progress.ts";
import { withPatience } from "../embed/with-patience.ts";
import { withWaitNotice } from "../embed/with-wait-notice.ts";
import { countOf } from "../../src/text/count-of.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import type { Embedder } from "../../src/models/model.ts";
import type { WriteStore } from "../../src/stores/store.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";

/** Ingest reads almost nothing twice. */
const INGEST_CACHE_BYTES_MAX = 32 * 2 ** 20;

/** Throws AppError as the settings, the store and the embedder do. */
export async function executeCommand(
  command: Exclude<Command, { readonly action: "help" }>,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const config = parseSettings(output);
  if (config === undefined) return EXIT_CODES.settings;
  const traced = (work: (tracer: Tracer) => Promise<ExitCode>): Promise<ExitCode> =>
    traceIngest(config, (text) => output.warn(text), work);
  // A folder that is no store must not become one.
  if (command.action === "doctor") {
    return traced((tracer) => runDoctor(command, { config, output, tracer }, signal));
  }
  await checkDataDir(config.dataDir);
  if (command.action === "push") {
    return traced((tracer) => runPush(command, { config, output, tracer }, signal));
  }
  const storeCacheBytesMax = Math.min(config.storeCacheBytesMax, INGEST_CACHE_BYTES_MAX);
  const store = await createStore({ ...config, storeCacheBytesMax });
  const nameAll = (work: Promise<ExitCode>): Promise<ExitCode> =>
    orNameAll(work, () => store.list(signal));
  if (command.action === "export" || command.action === "import") {
    const asked = { ...command, cwd: findCwd() };
    return traced((tracer) =>
      nameAll(runFileCommand(asked, store, { config, output, tracer }, signal)),
    );
  }
  if (command.action !== "sync") {
    return nameAll(runCollectionCommand(command, store, output, signal));
  }
  return traced(async (tracer) => {
    const code = await ingest(command, store, { config, output, tracer }, signal);
    const { url, collection } = command;
    // What could not be read is not in the collection, and no reason to keep the rest from readers.
    if (url === undefined || (code !== EXIT_CODES.ok && code !== EXIT_CODES.partly)) return code;
    await runPush({ collection, url }, { config, output, tracer }, signal);
    return code;
  });
}

async function ingest(
  command: SyncCommand,
  store: WriteStore,
  { config, output, tracer }: CommandDeps,
  signal: AbortSignal,
): Promise<ExitCode> {
  const shared = await openSharedTurns(config, output);
  const endpoints = createEndpoints(createUpstreamRegistry(shared?.turns), tracer);
  const { forIngest, bundled } = await openEmbedders(config, endpoints);
  const thread = createEmbedThread(bundled);
  // The bundled one is computed again faster than it is read.
  const cache = forIngest === bundled ? undefined : await cacheRemote(forIngest, config, output);
  const embedder = cache?.embedder ?? thread.embedder;
  const { embeddingUsdPerMillionTokens: usdPerMillionTokens } = config;
  const releaseEmbedder = async (): Promise<void> => {
    await thread.close();
    // There with --expose-gc only, which the entry sets. A plain clean-up would keep the pages it emptied.
    globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  };
  const deps = {
    store,
    embedder,
    tracer,
    ...(cache === undefined ? {} : { isPaid: (text: string) => cache.has(text) }),
    ...(usdPerMillionTokens === undefined ? {} : { usdPerMillionTokens }),
    releaseEmbedder,
    output,
    cwd: findCwd(),
  };
  try {
    return await runSync(command, deps, signal);
  } finally {
    shared?.close();
    await thread.close();
  }
}

/** Rates that the services keep too; nothing of Redis is loaded where there is none to keep. */
async function openSharedTurns(config: Config, output: Output) {
  const { redisUrl, embeddingModel, embedRequestsPerMinuteMax, embedTokensPerMinuteMax } = config;
  const isLimited = (embedRequestsPerMinuteMax ?? embedTokensPerMinuteMax) !== undefined;
  if (redisUrl === undefined || embeddingModel === undefined || !isLimited) return undefined;
  const { openSharedLimits } = await import("../../src/node/redis/open-shared-limits.ts");
  const warn = (): void =>
    output.warn("ingest: Redis does not answer: the rate of embedding is kept by this run alone");
  return openSharedLimits({ ...config, redisUrl }, { ...silentLog, warn });
}

/** An endpoint that is waited for, and asked nothing twice. */
function cacheRemote(remote: Embedder, config: Config, output: Output): Promise<EmbeddingCache> {
  const watched = withWaitNotice(remote, systemClock, (wait) => {
    const { waitedMs, texts, textsEmbedded } = wait;
    const asked = `${countOf(texts, "text")} asked for, ${formatCount(textsEmbedded)} embedded so far`;
    output.data({ type: "waiting", for: "embeddings", ...wait });
    output.warn(
      `ingest: the embedding endpoint has not answered for ${formatDuration(waitedMs)} (${asked})`,
    );
  });
  const patient = withPatience(watched, {
    patienceMs: config.ingestPatienceMs,
    clock: systemClock,
    onPause: (waitMs) =>
      output.warn(
        `ingest: the embedding endpoint does not answer; trying again in ${Math.ceil(waitMs / 1_000)} s`,
      ),
  });
  const { dataDir, embeddingCacheBytesMax: bytesMax } = config;
  return openEmbeddingCache(patient, { folder: toCacheFolder(dataDir), bytesMax }, () =>
    output.warn("ingest: the cache of embeddings cannot be used; check the disk of the store"),
  );
}

function parseSettings(output: Output): Config | undefined {
  try {
    return parseConfig(process.env);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    output.fail(thrown);
    return undefined;
  }
}

/** pnpm runs scripts in the project's folder; the paths are relative to where the user is. */
function findCwd(): string {
  const { INIT_CWD, npm_lifecycle_event } = process.env;
  return npm_lifecycle_event === "ingest" && INIT_CWD !== undefined ? INIT_CWD : process.cwd();
}
