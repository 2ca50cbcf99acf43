/** The service of one process, put together by its settings: what it is made of, then what answers requests. */
import { type AppDeps, createApp, toApiFacts } from "../app.ts";
import type { UpstreamStats } from "../async/upstream-stats.ts";
import type { Config } from "../config.ts";
import { takesUploads } from "../http/guards/check-origin.ts";
import { addLanceRoutes } from "../http/lance/routes.ts";
import { addApiPages } from "../http/openapi/routes.ts";
import { toArchiveLimits } from "../http/runs/archive.ts";
import { createMemoryArchive } from "../http/runs/memory-archive.ts";
import type { Log } from "../telemetry/log.ts";
import { openAccess } from "./keys/open-access.ts";
import { createAnswerDeps } from "./answer-deps.ts";
import { countStreams } from "./server/count-streams.ts";
import { createGate } from "./server/create-gate.ts";
import { createUploads } from "./uploads/create-uploads.ts";
import { createFileArchive } from "./files/file-archive.ts";
import { inTurns } from "./server/in-turns.ts";
import type { LogStream } from "./telemetry/log.ts";
import type { OpenStore } from "./open-store.ts";
import { readExamples } from "./load/read-examples.ts";
import { createPageReader } from "./load/read-page.ts";
import type { SharedLimits } from "./redis/open-shared-limits.ts";
import { createTelemetry, type ProcessTelemetry, watchService } from "./telemetry/telemetry.ts";
import { withCompression } from "./server/with-compression.ts";
import { zstdPacker } from "./files/zstd-packer.ts";

export interface ServiceParts {
  readonly deps: AppDeps &
    ReturnType<typeof createGate> & { readonly sharedLimits: SharedLimits | undefined };
  readonly telemetry: ProcessTelemetry;
  readonly upstreams: UpstreamStats;
  readonly tables: OpenStore["tables"];
}

/** Throws AppError: invalid_request, store_unavailable. `stream` gets the log. */
export async function composeParts(config: Config, stream: LogStream): Promise<ServiceParts> {
  const { runJournalDir } = config;
  const telemetry = await createTelemetry(config, stream);
  const { log } = telemetry;
  const sharedLimits = await openSharing(config, log);
  const access = await openAccess(config, log, sharedLimits?.counts);
  const { upstreams, tables, ...answerDeps } = await createAnswerDeps(
    config,
    log,
    telemetry.tracer,
    sharedLimits?.turns,
  );
  const deps = {
    ...answerDeps,
    ...createGate(config),
    telemetry,
    readPage: createPageReader(),
    access,
    sharedLimits,
    archive:
      runJournalDir === undefined
        ? createMemoryArchive(toArchiveLimits(config), answerDeps.clock, zstdPacker)
        : await createFileArchive(runJournalDir, toArchiveLimits(config), log),
    documents: takesUploads(config, access?.isOn === true)
      ? await createUploads(config, answerDeps)
      : undefined,
  };
  return { deps, telemetry, upstreams, tables };
}

/** Every route, whose figures are read from now on whenever someone asks for them. */
export async function composeFetch({ deps, telemetry, upstreams, tables }: ServiceParts) {
  const app = addApiPages(createApp(deps), toApiFacts(deps), await readExamples(deps.log));
  if (deps.config.lanceGateway && tables !== undefined) addLanceRoutes(app, { ...deps, tables });
  const streams = countStreams(inTurns(withCompression(app.fetch)));
  watchService(telemetry, { ...deps, upstreams, streams });
  return streams.fetch;
}

/** Limits in Redis; nothing of it is loaded where REDIS_URL is not set. */
async function openSharing(config: Config, log: Log) {
  const { redisUrl } = config;
  if (redisUrl === undefined) return undefined;
  const { openSharedLimits } = await import("./redis/open-shared-limits.ts");
  return openSharedLimits({ ...config, redisUrl }, log);
}
