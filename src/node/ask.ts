/** `pnpm ask "question"`: asks the local store, or a running server, and prints the answer with its sources. */
import { LOCAL_CALLER } from "../domain/caller.ts";
import { parseArgs } from "node:util";
import { answer, listModes } from "../answer.ts";
import { type Config, parseConfig } from "../config.ts";
import { RERANK_MODES } from "../domain/ask.ts";
import type { RunEnd, RunEvent } from "../domain/event.ts";
import { AppError } from "../errors.ts";
import { toRunRecord } from "../http/run-record.ts";
import { createAskParser } from "../http/schemas.ts";
import { type Log, silentLog } from "../telemetry/log.ts";
import { createAnswerDeps } from "./answer-deps.ts";
import { askServer } from "./ask-server.ts";
import { checkDataDir } from "./check-data-dir.ts";
import { escapeControls } from "./escape-controls.ts";
import { createLog } from "./log.ts";
import { printRun } from "./print-run.ts";

const USAGE = `Usage: pnpm ask "question" [--collection NAME]... [--url http://...] [--verbose] [--json]

  --collection NAME  ask only this collection; may be repeated
  --url URL          ask a running server instead of the local store; API_KEY is sent where it is set
  --verbose          also print the legs of the search, the timeline, and what went wrong
  --json             print the whole run as one JSON object

Exit code: 0 answered, 3 no evidence, 2 wrong usage or settings, 1 anything else.
`;
const EXIT = { answered: 0, failed: 1, usage: 2, noEvidence: 3, interrupted: 130 } as const;

interface Options {
  readonly question: string;
  readonly collections: readonly string[];
  readonly url: string | undefined;
  readonly verbose: boolean;
  readonly json: boolean;
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? EXIT.answered : EXIT.failed); // the reader had enough
});
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(argv);
    if (options === undefined) return await print(USAGE, EXIT.answered);
    const end = await show(await ask(options), options);
    await print("", 0);
    return toExitCode(end);
  } catch (thrown) {
    if (interrupt.signal.aborted) return EXIT.interrupted;
    if (!(thrown instanceof AppError)) throw thrown;
    complain(thrown.message);
    return thrown.code.startsWith("invalid_") ? EXIT.usage : EXIT.failed;
  }
}

/** Undefined: only help was wanted. */
function parseOptions(argv: readonly string[]): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: argv.filter((argument) => argument !== "--"),
      allowPositionals: true,
      options: {
        collection: { type: "string", multiple: true, default: [] },
        url: { type: "string" },
        verbose: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return undefined;
    const { collection: collections, url, verbose, json } = values;
    return { question: positionals.join(" "), collections, url, verbose, json };
  } catch (thrown) {
    throw new AppError("invalid_request", { detail: `unknown option\n\n${USAGE}`, cause: thrown });
  }
}

async function ask(options: Options): Promise<AsyncIterable<RunEvent>> {
  const { question, collections, url } = options;
  const { signal } = interrupt;
  if (url !== undefined) {
    const { apiKey } = parseConfig({ API_KEY: process.env["API_KEY"] });
    return askServer({ url, apiKey }, { question, collections }, signal);
  }
  // The answer says what was left out; why is for those who want to know.
  const log = options.verbose ? createLog(process.stderr) : silentLog;
  return askLocally(parseConfig(process.env), { question, collections }, { log, signal });
}

async function askLocally(
  config: Config,
  body: object,
  { log, signal }: { readonly log: Log; readonly signal: AbortSignal },
): Promise<AsyncIterable<RunEvent>> {
  await checkDataDir(config.dataDir);
  const deps = await createAnswerDeps(config, log);
  const { store } = deps;
  const rerankers = RERANK_MODES.filter((mode) => deps.rerankers[mode] !== undefined);
  if ((await store.list(signal)).length === 0) {
    throw new AppError("collection_not_found", {
      detail: `the store (${store.kind}) is empty; fill it with: pnpm ingest <files or folders> --collection NAME`,
    });
  }
  return answer(
    deps,
    createAskParser(config, rerankers, listModes(deps))(body, { caller: LOCAL_CALLER }),
    signal,
  );
}

async function show(events: AsyncIterable<RunEvent>, options: Options): Promise<RunEnd> {
  if (options.json) {
    const record = await toRunRecord(events);
    await print(`${JSON.stringify(record, undefined, 2)}\n`, 0);
    return { type: "run-end", ...record };
  }
  const write = (text: string): void => void process.stdout.write(text);
  return printRun(events, { write, verbose: options.verbose });
}

function toExitCode({ error, grounding }: RunEnd): number {
  if (error !== undefined) {
    const detail = error.detail ?? `the run ended with ${error.code}`;
    process.stderr.write("\n");
    complain(error.stage === undefined ? detail : `${error.stage}: ${detail}`);
    return interrupt.signal.aborted ? EXIT.interrupted : EXIT.failed;
  }
  return grounding === "no-evidence" ? EXIT.noEvidence : EXIT.answered;
}

/** The words may come from a server that is not ours. */
function complain(sentence: string): void {
  process.stderr.write(`tributary: ${escapeControls(sentence, "\n")}\n`);
}

/** Waits until it is written: the process exits right after. */
function print(text: string, exitCode: number): Promise<number> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve(exitCode)));
}
