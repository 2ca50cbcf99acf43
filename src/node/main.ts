/** `pnpm start`: settings, store, models, application, server; and how they end. */
import { type Config, parseConfig } from "../config.ts";
import { type AppDeps, createApp, toApiFacts } from "../app.ts";
import { AppError } from "../errors.ts";
import { takesUploads } from "../http/check-origin.ts";
import { inspectCollections } from "../http/inspect-collections.ts";
import { addLanceRoutes } from "../http/lance/routes.ts";
import { addApiPages } from "../http/openapi/routes.ts";
import { toArchiveLimits } from "../http/runs/archive.ts";
import { isLoopback } from "../http/access-guard.ts";
import { openAccess } from "./access.ts";
import { createGate } from "./create-gate.ts";
import { createAnswerDeps } from "./answer-deps.ts";
import { toBanner } from "./banner.ts";
import { checkDataDir, checkWritable } from "./check-data-dir.ts";
import { checkAddress, createServer, listen } from "./create-server.ts";
import { countStreams } from "./count-streams.ts";
import { drain } from "./drain.ts";
import { createFileArchive } from "./file-archive.ts";
import { loadSamples } from "./load-samples.ts";
import { createUploads } from "./create-uploads.ts";
import { createLog } from "./log.ts";
import type { SharedLimits } from "./redis/open-shared-limits.ts";
import { readExamples } from "./read-examples.ts";
import { createPageReader } from "./read-page.ts";
import { createTelemetry, watchService } from "./telemetry.ts";
import type { Log } from "../telemetry/log.ts";
import { withCompression } from "./with-compression.ts";

const log = createLog(process.stderr);
process.on("unhandledRejection", (thrown) => die("unhandled-rejection", thrown));
process.on("uncaughtException", (thrown) => die("uncaught-exception", thrown));

try {
  await main(parseConfig(process.env));
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown;
  process.stderr.write(`tributary: ${thrown.message}\n`);
  process.exit(thrown.code === "invalid_request" ? 2 : 1);
}

async function main(config: Config): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);

  await checkDataDir(config.dataDir);
  const { runJournalDir } = config;
  const telemetry = await createTelemetry(config, process.stderr);
  const { log } = telemetry;
  const sharedLimits = await openSharing(config, log);
  const access = await openAccess(config, log, sharedLimits?.counts);
  const { upstreams, tables, ...answerDeps } = await createAnswerDeps(
    config,
    log,
    telemetry.tracer,
    sharedLimits?.turns,
  );
  const deps: AppDeps & { readonly sharedLimits?: SharedLimits } = {
    ...answerDeps,
    ...createGate(config),
    telemetry,
    readPage: createPageReader(),
    ...(access === undefined ? {} : { access }),
    ...(sharedLimits === undefined ? {} : { sharedLimits }),
    ...(runJournalDir === undefined
      ? {}
      : { archive: await createFileArchive(runJournalDir, toArchiveLimits(config), log) }),
    ...(takesUploads(config, access?.isOn === true)
      ? { documents: await createUploads(config, answerDeps) }
      : {}),
  };
  if (config.lanceUrl === undefined && (await deps.store.list(stop.signal)).length === 0) {
    await checkWritable(config.dataDir);
    await checkAddress(config.host, config.port);
    await fill(stop.signal);
  }
  if (stop.signal.aborted) process.exit(0);

  const app = addApiPages(createApp(deps), toApiFacts(deps), await readExamples(log));
  if (config.lanceGateway && tables !== undefined) addLanceRoutes(app, { ...deps, tables });
  const streams = countStreams(withCompression(app.fetch));
  watchService(telemetry, { ...deps, upstreams, streams });
  const server = createServer(streams.fetch, config);
  const port = await listen(server, config.host, config.port);
  const end = (): void => {
    const { gate, clock } = deps;
    void drain({ gate, server, clock, log, graceMs: config.drainGraceMs })
      .then(() => telemetry.flush())
      .then(() => process.exit(0));
  };
  if (stop.signal.aborted) return end();
  stop.signal.addEventListener("abort", end);
  // Not with the signal: a service that is told to end drains, whatever the banner was waiting for.
  await announce(deps, port, new AbortController().signal);
}

/** Limits in Redis; nothing of it is loaded where REDIS_URL is not set. */
async function openSharing(config: Config, log: Log) {
  const { redisUrl } = config;
  if (redisUrl === undefined) return undefined;
  const { openSharedLimits } = await import("./redis/open-shared-limits.ts");
  return openSharedLimits({ ...config, redisUrl }, log);
}

async function fill(signal: AbortSignal): Promise<void> {
  process.stdout.write("The store is empty: loading the sample collections.\n");
  const failed = await loadSamples(signal);
  if (failed.length === 0 || signal.aborted) return;
  warn(`the samples ${failed.join(", ")} could not be loaded; serving without them`);
}

async function announce(deps: AppDeps, port: number, signal: AbortSignal): Promise<void> {
  const { config, clock, store, chat } = deps;
  const embedders = new Set(deps.embedders.keys());
  const collections = await inspectCollections({ config, clock, store, embedders }, signal).catch(
    (thrown: unknown) => {
      // A server that is down now may be up soon; until then /readyz says what it lacks.
      if (config.lanceUrl === undefined || !(thrown instanceof AppError)) throw thrown;
      warn(thrown.message);
      return [];
    },
  );
  process.stdout.write(
    toBanner({
      url: `http://${toReachable(config.host)}:${port}`,
      store: store.kind,
      embedder: [...embedders].join(", "),
      answerer: chat?.id ?? "extractive (no chat model is set)",
      keys: describeKeys(deps),
      collections,
    }),
  );
  if (deps.access !== undefined || isLoopback(config.host)) return;
  warn(
    `HOST is ${config.host} and AUTH is off: everyone who reaches it can ask and read; put it behind something that asks for keys`,
  );
}

function describeKeys({ access, config }: AppDeps): string {
  if (access?.isOn === true) return "asked for (pnpm run keys list)";
  if (config.auth === "off") return "none: AUTH is off";
  return "none: only this machine reaches the service (pnpm run keys create)";
}

/** Where this machine reaches the server. */
function toReachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

function warn(sentence: string): void {
  process.stderr.write(`tributary: WARNING: ${sentence}\n`);
}

function die(event: string, thrown: unknown): never {
  log.error(event, thrown);
  process.exit(1);
}
