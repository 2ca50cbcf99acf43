/** `pnpm start`: settings, store, models, application, server; and how they end. */
import { systemClock } from "../../async/clock.ts";
import { NEVER } from "../../async/never.ts";
import { type Config, parseConfig } from "../../config.ts";
import type { AppDeps } from "../../app.ts";
import { AppError } from "../../errors.ts";
import { inspectCollections } from "../../http/inspect-collections.ts";
import { isLoopback } from "../../http/guards/access-guard.ts";
import { toBanner } from "./banner.ts";
import { checkDataDir, checkWritable } from "../files/check-data-dir.ts";
import { composeFetch, composeParts } from "../compose.ts";
import { checkAddress, createServer, listen } from "./create-server.ts";
import { drain } from "./drain.ts";
import { exitNow } from "../process/exit-now.ts";
import { findMisspelt } from "../find-misspelt.ts";
import { findUnindexed } from "./find-unindexed.ts";
import { findFewFiles, readFileLimit } from "./open-files.ts";
import { isLoadUnfinished, loadSamples } from "../load/load-samples.ts";
import { createLog, finishOutput, outliveOutput } from "../telemetry/log.ts";

outliveOutput();
const log = createLog(process.stderr);
process.on("unhandledRejection", (thrown) => die("unhandled-rejection", thrown));
process.on("uncaughtException", (thrown) => die("uncaught-exception", thrown));

try {
  refuseArguments(process.argv.slice(2));
  await main(parseConfig(process.env));
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown;
  process.stderr.write(`tributary: ${thrown.message}\n`);
  exitNow(thrown.code === "invalid_request" ? 2 : 1);
}

/** Whoever says `--port 9000` must not be served on another one. Throws AppError invalid_request. */
function refuseArguments(args: readonly string[]): void {
  if (args.every((argument) => argument === "--")) return;
  throw new AppError("invalid_request", {
    detail:
      "pnpm start takes no options; settings are variables, such as PORT=9000 pnpm start, and data/guide/configuration.md lists them",
  });
}

async function main(config: Config): Promise<void> {
  const stop = new AbortController();
  let cancelStart = (): void => undefined;
  let isTold = false;
  const onSignal = (kind: NodeJS.Signals): void => {
    // A terminal that is closed says so several times: its shell does, then the system, and pnpm a third time.
    if (kind !== "SIGHUP") {
      if (isTold) exitNow(1);
      isTold = true;
    }
    if (stop.signal.aborted) return;
    // Before it serves nothing drains, and a start may wait for a disk that hangs.
    cancelStart = systemClock.timer(config.drainGraceMs, () => exitNow(0));
    stop.abort();
  };
  // SIGHUP: its terminal was closed, or someone wants the settings read again, which takes a new process.
  for (const kind of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(kind, onSignal);

  // Whoever is told to end before it serves ends as soon as it comes to a place to look; that is no failure.
  await checkDataDir(config.dataDir);
  const parts = await composeParts(config, process.stderr);
  const { deps, telemetry } = parts;
  if (config.lanceUrl === undefined) await fillIfEmpty(config, deps, stop.signal);
  if (stop.signal.aborted) exitNow(0);

  const server = createServer(await composeFetch(parts), config);
  const port = await listen(server, config.host, config.port);
  const end = (): void => {
    cancelStart();
    void drain({ ...deps, server, graceMs: config.drainGraceMs })
      .then(() => telemetry.flush())
      .then(finishOutput)
      .then(() => exitNow(0));
  };
  if (stop.signal.aborted) return end();
  stop.signal.addEventListener("abort", end);
  // A service that is told to end drains, whatever the banner was waiting for.
  await announce(deps, port);
}

/** Loads the samples into an empty store, or what a start that was cut short has left of them to load. */
async function fillIfEmpty(
  { dataDir, host, port }: Config,
  { store }: AppDeps,
  signal: AbortSignal,
): Promise<void> {
  const isEmpty = (await store.list(NEVER)).length === 0;
  if (!isEmpty && !isLoadUnfinished(dataDir)) return;
  await checkWritable(dataDir);
  await checkAddress(host, port);
  process.stdout.write(
    isEmpty
      ? "The store is empty: loading the sample collections.\n"
      : "The samples are not all there: going on with loading them.\n",
  );
  const failed = await loadSamples(dataDir, signal);
  if (failed.length === 0 || signal.aborted) return;
  warn(`the samples ${failed.join(", ")} could not be loaded; serving without them`);
}

async function announce(deps: AppDeps, port: number): Promise<void> {
  const { config, clock, store, chat } = deps;
  const embedders = new Set(deps.embedders.keys());
  const collections = await inspectCollections({ config, clock, store, embedders }, NEVER).catch(
    (thrown: unknown) => {
      // It serves already. A store that is down or slow now need not be soon; until then /readyz says what it lacks.
      if (!(thrown instanceof AppError)) throw thrown;
      warn(`the collections could not be looked at: ${thrown.message}`);
      return thrown.code;
    },
  );
  process.stdout.write(
    toBanner({
      url: `http://${toReachable(config.host)}:${port}`,
      store: store.kind,
      embedder: [...embedders].join(", "),
      answerer: chat?.id ?? `extractive (${sayWhyNoChat(config)})`,
      keys: describeKeys(deps),
      isKeyAsked: deps.access?.isOn === true,
      ingest: config.lanceUrl === undefined ? { dataDir: toOwnPlace(config) } : undefined,
      collections,
    }),
  );
  for (const line of findMisspelt(process.env)) warn(line);
  const few = findFewFiles(config, readFileLimit());
  if (few !== undefined) warn(few);
  if (typeof collections !== "string") {
    for (const line of await findUnindexed(deps, collections, NEVER)) warn(line);
  }
  if (deps.access !== undefined || isLoopback(config.host)) return;
  warn(
    `HOST is ${config.host} and AUTH is off: everyone who reaches it can ask and read; put it behind something that asks for keys`,
  );
}

/** An address alone chooses no model, which whoever set it is to see. */
function sayWhyNoChat({ openaiBaseUrl }: Config): string {
  return openaiBaseUrl === undefined
    ? "no chat model is set"
    : "OPENAI_BASE_URL is set, CHAT_MODEL is not";
}

/** Undefined: the default, which every command takes. */
function toOwnPlace({ dataDir }: Config): string | undefined {
  return dataDir === parseConfig({}).dataDir ? undefined : dataDir;
}

function describeKeys({ access, config }: AppDeps): string {
  if (access?.isOn === true) return "asked for (pnpm run keys list)";
  if (config.auth === "off") return "none: AUTH is off";
  return "none: only this machine reaches the service (pnpm run keys create --name NAME)";
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

function die(event: string, thrown: unknown): void {
  log.error(event, thrown);
  void finishOutput().then(() => exitNow(1));
}
