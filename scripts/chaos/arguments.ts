/** The command line of `pnpm chaos`: settings of a file, changed by what is said on the line. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { AppError } from "../../src/errors.ts";
import { CONTENTS, DEFAULT_SETTINGS, mergeSettings, type Settings } from "./settings.ts";

export interface ChaosArguments {
  readonly help: boolean;
  readonly host: string;
  readonly port: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly settings: Settings;
}

/** What `--fail` draws from: failures before the first byte or the first word, which a client can mend. */
export const FAIL_FAULTS = [
  "status=500",
  "status=503",
  "status=529",
  "rate-limit-ms=50",
  "reset",
  "eof-after=0, split=64",
];

export const USAGE = `pnpm chaos [options]

Starts an OpenAI-compatible upstream on 127.0.0.1 that fails as it is told.

  --port N          port, 0 for a free one (default 9000, whatever PORT says: that is the service's)
  --host NAME       address to listen on (default 127.0.0.1)
  --seed N          everything drawn at random follows from it (default 1)
  --fail SHARE      this share of all requests fails, 0 to 1
  --fault LIST      what fails: one of these, such as status=503;reset (default a mixture)
  --on TARGET       where: chat, embeddings, rerank, models or any (default any)
  --file PATH       settings and rules as JSON
  --content NAME    what the model writes: ${CONTENTS.join(", ")} (default grounded)
  --reply TEXT      the model writes this; repeat it for one answer after another
  --tokens N        length of the answer \`words\` (default 100)
  --first-ms N      wait before a stream begins
  --delta-ms N      wait between deltas
  --embed-ms N      wait before vectors
  --rerank-ms N     wait before scores
  --dimensions N    components of a vector (default 64)
  --json            one JSON line for the start and for each exchange
  --quiet           print the address and nothing else
  --help            this text

A request can name its own faults in the header x-chaos, while it runs POST /chaos/faults
changes the settings, and GET /chaos/journal says what was seen.`;

const OPTIONS = {
  port: { type: "string", default: "9000" },
  host: { type: "string", default: "127.0.0.1" },
  seed: { type: "string" },
  fail: { type: "string" },
  fault: { type: "string" },
  on: { type: "string" },
  file: { type: "string" },
  content: { type: "string" },
  reply: { type: "string", multiple: true },
  tokens: { type: "string" },
  "first-ms": { type: "string" },
  "delta-ms": { type: "string" },
  "embed-ms": { type: "string" },
  "rerank-ms": { type: "string" },
  dimensions: { type: "string" },
  json: { type: "boolean", default: false },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; strict: true }>>["values"];

/** Throws AppError invalid_request in words for people. */
export function parseArguments(args: readonly string[]): ChaosArguments {
  const values = read(args);
  const given = {
    seed: toNumber(values.seed),
    chat: {
      content: values.content,
      replies: values.reply,
      tokens: toNumber(values.tokens),
      firstMs: toNumber(values["first-ms"]),
      deltaMs: toNumber(values["delta-ms"]),
    },
    embeddings: {
      dimensions: toNumber(values.dimensions),
      latencyMs: toNumber(values["embed-ms"]),
    },
    rerank: { latencyMs: toNumber(values["rerank-ms"]) },
  };
  const fromFile =
    values.file === undefined ? DEFAULT_SETTINGS : readSettings(values.file, DEFAULT_SETTINGS);
  const settings = mergeSettings(fromFile, given, "options");
  const port = toNumber(values.port) ?? 0;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw refuse(`--port takes 0 to 65535, got ${values.port}`);
  }
  const { help, host, json, quiet } = values;
  return { help, host, port, json, quiet, settings: addFailures(settings, values) };
}

function read(args: readonly string[]): Values {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (thrown) {
    throw refuse(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** Rules of the file come first; `--fail` and `--fault` are one more, behind them. */
function addFailures(settings: Settings, { fail, fault, on }: Values): Settings {
  if (fail === undefined && fault === undefined) {
    if (on !== undefined)
      throw refuse("--on says where --fail or --fault applies; give one of them");
    return settings;
  }
  const oneOf = fault?.split(";").map((one) => one.trim()) ?? FAIL_FAULTS;
  const rule = { on: on ?? "any", oneOf, rate: toNumber(fail) ?? 1 };
  const checked = mergeSettings(settings, { rules: [rule] }, "--fail, --fault, --on");
  return { ...settings, rules: [...settings.rules, ...checked.rules] };
}

function readSettings(path: string, before: Settings): Settings {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (thrown) {
    const why = thrown instanceof SyntaxError ? `is not JSON: ${thrown.message}` : "cannot be read";
    throw refuse(`${path} ${why}`);
  }
  return mergeSettings(before, value, path);
}

function toNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function refuse(detail: string): AppError {
  return new AppError("invalid_request", { detail });
}
