/** `pnpm ask "question"`: asks the local store, or a running server, and prints the answer with its sources, or how far a document came. */
import { LOCAL_CALLER } from "../../domain/caller.ts";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { answer, explain, listModes } from "../../answer.ts";
import { type Config, parseConfig } from "../../config.ts";
import { type Ask, RERANK_MODES } from "../../domain/ask.ts";
import type { RunEnd, RunEvent } from "../../domain/event.ts";
import type { Explanation } from "../../domain/explanation.ts";
import { AppError } from "../../errors.ts";
import { toRunRecord } from "../../http/response/run-record.ts";
import { createAskParser } from "../../http/request/schemas.ts";
import { type Log, silentLog } from "../../telemetry/log.ts";
import { createAnswerDeps } from "../answer-deps.ts";
import { askServer, explainOnServer, type Server } from "./ask-server.ts";
import { checkDataDir } from "../files/check-data-dir.ts";
import { escapeControls } from "../../text/escape-controls.ts";
import { exitNow } from "../process/exit-now.ts";
import { createLog } from "../telemetry/log.ts";
import { toExplanationText } from "./explanation-text.ts";
import { printRun } from "./print-run.ts";

const USAGE = `Usage: pnpm ask "question" [--collection NAME]... [--url http://...] [--verbose] [--json]
       pnpm ask --explain DOCUMENT "question" [...]

  --collection NAME  ask only this collection; may be repeated
  --url URL          ask a running server instead of the local store; API_KEY is sent where it is set
  --explain DOCUMENT instead of an answer: why this document is, or is not, among its sources
  --schema FILE      a value instead of a text: the file holds the JSON Schema that it must satisfy
  --verbose          also print the legs of the search, the timeline, and what went wrong
  --json             print the whole run as one JSON object

Exit code: 0 answered or explained, 3 no evidence, 2 wrong usage or settings, 1 anything else.
`;
const EXIT = { answered: 0, failed: 1, usage: 2, noEvidence: 3, interrupted: 130 } as const;

interface Options {
  readonly question: string;
  readonly collections: readonly string[];
  readonly url?: string | undefined;
  readonly verbose: boolean;
  readonly json: boolean;
  /** File with a JSON Schema. */
  readonly schema?: string | undefined;
  /** Id of a document. */
  readonly explain?: string | undefined;
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  exitNow(error.code === "EPIPE" ? EXIT.answered : EXIT.failed); // the reader had enough
});
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
exitNow(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(argv);
    if (options === undefined) return await print(USAGE, EXIT.answered);
    const { explain: documentId } = options;
    if (documentId !== undefined) return await explainDocument(documentId, options);
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
        schema: { type: "string" },
        explain: { type: "string" },
        verbose: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const { help, collection: collections, ...rest } = values;
    const question = positionals.join(" ");
    if (!help && question.trim() === "") throw new Error("a question is missing");
    return help ? undefined : { ...rest, question, collections };
  } catch (thrown) {
    // Its first sentence names the option, and whether its value is missing or one too many.
    const [what] = thrown instanceof Error ? thrown.message.split(". ", 1) : [String(thrown)];
    throw new AppError("invalid_request", { detail: `${what}\n\n${USAGE}`, cause: thrown });
  }
}

async function ask(options: Options): Promise<AsyncIterable<RunEvent>> {
  const { question, collections, url, schema } = options;
  const { signal } = interrupt;
  const body = {
    question,
    collections,
    ...(schema === undefined ? {} : { output: { schema: await readSchema(schema) } }),
  };
  if (url !== undefined) return askServer(toServer(url), body, signal);
  const { deps, parseAsk } = await openLocally(options);
  return answer({ ...deps, isWhole: options.json }, parseAsk(body), signal);
}

async function readSchema(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (thrown) {
    const detail = `--schema: ${file} cannot be read as JSON; it must hold a JSON Schema`;
    throw new AppError("invalid_request", { detail, cause: thrown });
  }
}

function toServer(url: string): Server {
  const { apiKey } = parseConfig({ API_KEY: process.env["API_KEY"] });
  return { url, apiKey };
}

async function explainDocument(documentId: string, options: Options): Promise<number> {
  const explanation = await findExplanation(documentId, options);
  if (explanation === undefined) return EXIT.failed;
  if (options.json) return print(`${JSON.stringify(explanation, undefined, 2)}\n`, EXIT.answered);
  const text = toExplanationText(explanation, options.verbose);
  return print(escapeControls(text, "\n"), EXIT.answered);
}

/** Undefined where the run failed, which has been told. */
async function findExplanation(
  documentId: string,
  options: Options,
): Promise<Explanation | undefined> {
  const { question, collections, url } = options;
  const { signal } = interrupt;
  if (url !== undefined) {
    return explainOnServer(toServer(url), { question, collections, documentId }, signal);
  }
  const { deps, parseAsk } = await openLocally(options);
  let explanation: Explanation | undefined;
  const request = {
    target: { documentId },
    onExplained: (found: Explanation) => void (explanation = found),
  };
  const events = explain(deps, parseAsk({ question, collections }), signal, request);
  const { error } = await toRunRecord(events);
  if (error !== undefined) complain(error.detail ?? `the run ended with ${error.code}`);
  return explanation;
}

async function openLocally({ verbose }: Options) {
  const config: Config = parseConfig(process.env);
  // The answer says what was left out; why is for those who want to know.
  const log: Log = verbose ? createLog(process.stderr) : silentLog;
  await checkDataDir(config.dataDir);
  const deps = await createAnswerDeps(config, log);
  const { store } = deps;
  const rerankers = RERANK_MODES.filter((mode) => deps.rerankers[mode] !== undefined);
  if ((await store.list(interrupt.signal)).length === 0) {
    throw new AppError("collection_not_found", {
      detail: `the store (${store.kind}) is empty; fill it with: pnpm ingest <files or folders> --collection NAME`,
    });
  }
  const parse = createAskParser(config, rerankers, listModes(deps));
  return { deps, parseAsk: (body: object): Ask => parse(body, { caller: LOCAL_CALLER }) };
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
