/** The ingest command: reads the command line, has done what it says, ends with a meaningful exit code. */
import { AppError } from "../../src/errors.ts";
import { exitNow } from "../../src/node/process/exit-now.ts";
import { type Command, parseCommand } from "./arguments.ts";
import { EXIT_CODES, type ExitCode, toExitCode } from "./exit-codes.ts";
import { createOutput, type Output } from "./output.ts";
import { USAGE } from "./usage.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs the command of these arguments, those after the script's name. Expected errors are printed, never thrown. */
export async function runCommand(args: readonly string[]): Promise<ExitCode> {
  const output = createOutput(args.includes("--json"), process.stdout, process.stderr);
  const stop = new AbortController();
  let isTold = false;
  const onSignal = (kind: NodeJS.Signals): void => {
    // The second one does not wait for the commit in progress. A terminal that is closed says so several times.
    if (kind !== "SIGHUP") {
      if (isTold) exitNow(EXIT_CODES.interrupted);
      isTold = true;
    }
    if (stop.signal.aborted) return;
    output.warn("ingest: stopping after the commit in progress");
    stop.abort(new AppError("cancelled", { detail: "interrupted" }));
  };
  for (const kind of SIGNALS) process.on(kind, onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", passClosed);
  try {
    return await run(args, output, stop.signal);
  } catch (thrown) {
    if (stop.signal.aborted) {
      output.warn(
        "ingest: interrupted; what was committed stays, the same command goes on from there",
      );
      return EXIT_CODES.interrupted;
    }
    if (!(thrown instanceof AppError)) {
      console.error(thrown);
      return EXIT_CODES.internal;
    }
    output.fail(thrown);
    return toExitCode(thrown);
  } finally {
    for (const kind of SIGNALS) process.off(kind, onSignal);
  }
}

/** Whoever read the output has left (`pnpm ingest list | head -1`, EIO: a closed terminal): what was asked for is done all the same. */
function passClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
}

async function run(
  args: readonly string[],
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  const command = parse(args, output);
  if (command === undefined) return EXIT_CODES.usage;
  if (command.action === "help") {
    process.stdout.write(USAGE);
    return EXIT_CODES.ok;
  }
  // Only now: LanceDB takes most of the time that help and a wrong option would.
  const { executeCommand } = await import("./execute-command.ts");
  return executeCommand(command, output, signal);
}

function parse(args: readonly string[], output: Output): Command | undefined {
  try {
    return parseCommand(args);
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    output.fail(thrown, "pnpm ingest --help shows how it is used");
    return undefined;
  }
}
