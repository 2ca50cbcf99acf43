/** `pnpm chaos`: an OpenAI-compatible upstream that fails as it is told. See data/guide/chaos.md. */
import { AppError } from "../src/errors.ts";
import { type ChaosArguments, parseArguments, USAGE } from "./chaos/arguments.ts";
import type { Entry } from "./chaos/journal.ts";
import { startUpstream } from "./chaos/upstream.ts";

try {
  await main(parseArguments(process.argv.slice(2)));
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown;
  process.stderr.write(`chaos: ${thrown.message}\n`);
  process.exit(2);
}

async function main({ help, host, port, json, quiet, settings }: ChaosArguments): Promise<void> {
  if (help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const print = json ? toJsonLine : toLine;
  const upstream = await startUpstream({
    host,
    port,
    settings,
    requestsMax: 0,
    ...(quiet ? {} : { onEnd: (entry) => process.stdout.write(print(entry)) }),
  });
  const { seed, rules } = settings;
  process.stdout.write(
    json
      ? `${JSON.stringify({ type: "listening", url: upstream.url, seed, rules })}\n`
      : `OPENAI_BASE_URL=${upstream.url}\n`,
  );
  const stop = (): void => void upstream[Symbol.asyncDispose]().then(() => process.exit(0));
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function toJsonLine(entry: Entry): string {
  return `${JSON.stringify({ type: "exchange", ...entry })}\n`;
}

/** `#12 chat attempt 2 status=503 → 503 finished, 131 B in 4 ms`. */
function toLine({ number, on, attempt, faults, status, end, bytesOut, startMs, endMs }: Entry) {
  const what = faults.length === 0 ? "no fault" : faults.join(", ");
  const tookMs = (endMs ?? startMs) - startMs;
  return `#${number} ${on}, attempt ${attempt}, ${what} → ${status ?? 0} ${end ?? ""}, ${bytesOut ?? 0} B in ${tookMs} ms\n`;
}
