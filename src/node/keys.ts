/** `pnpm run keys`: makes, lists and revokes API keys. The service notices a change by itself. */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { createKey, toDigest } from "../access/key.ts";
import { KeyEntry } from "../access/key-list.ts";
import { parseConfig } from "../config.ts";
import { SCOPES } from "../domain/caller.ts";
import { AppError } from "../errors.ts";
import { toKeyFile } from "./keys/open-access.ts";
import { escapeControls } from "../text/escape-controls.ts";
import { readKeyFile, writeKeyFile } from "./keys/key-file.ts";
import { makeFolder } from "./files/make-folder.ts";

const DAY_MS = 86_400_000;
const USAGE = `pnpm run keys create --name NAME [--scopes ask,read,write] [--collections a,b] [--expires-days N]
                     [--requests-per-minute N] [--runs N] [--tokens-per-day N]
pnpm run keys list
pnpm run keys revoke ID

Scopes are ask,read unless named. The file is API_KEYS_FILE, or keys.json in DATA_DIR. A key is shown once, when it is
made.
`;

const OPTIONS = {
  name: { type: "string" },
  scopes: { type: "string", default: "ask,read" },
  collections: { type: "string" },
  "expires-days": { type: "string" },
  "requests-per-minute": { type: "string" },
  runs: { type: "string" },
  "tokens-per-day": { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const COUNT = "takes a whole number from 1";
/** What the option behind each field of an entry takes. */
const WANTED: Readonly<Record<string, string>> = {
  name: "--name takes a name of 1 to 100 characters, such as website",
  scopes: `--scopes takes a list of ${SCOPES.join(", ")}`,
  collections:
    "--collections takes a list of names of 1-63 lower-case letters, digits, - and _, beginning with a letter or digit",
  requestsPerMinuteMax: `--requests-per-minute ${COUNT}`,
  runsMax: `--runs ${COUNT}`,
  tokensPerDayMax: `--tokens-per-day ${COUNT}`,
  expiresAt: "--expires-days takes a number of days",
};

type Values = { readonly [Name in Exclude<keyof typeof OPTIONS, "help">]?: string };

try {
  process.stdout.write(await main(process.argv.slice(2)));
} catch (thrown) {
  if (!(thrown instanceof AppError)) throw thrown;
  process.stderr.write(`keys: ${thrown.message}\n`);
  process.exitCode = 2;
}

async function main(args: readonly string[]): Promise<string> {
  const { values, positionals } = parse(args);
  if (values.help) return USAGE;
  const path = toKeyFile(parseConfig(process.env));
  if (path === undefined) {
    throw refuse("DATA_DIR is no folder, so that API_KEYS_FILE must say where the keys are kept");
  }
  const keys = (await readKeyFile(path)) ?? [];
  const [command = "", id] = positionals;
  switch (command) {
    case "create":
      return create(path, keys, values);
    case "list":
      return keys.length === 0 ? `no keys in ${path}\n` : keys.map(toLine).join("");
    case "revoke":
      return revoke(path, keys, id);
    default:
      throw refuse(`it takes create, list or revoke\n\n${USAGE}`);
  }
}

function parse(args: readonly string[]): {
  values: Values & { help: boolean };
  positionals: readonly string[];
} {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (thrown) {
    // Its first sentence names the option, and whether its value is missing or one too many.
    const [what] = thrown instanceof Error ? thrown.message.split(". ", 1) : [String(thrown)];
    throw refuse(`${what}\n\n${USAGE}`);
  }
}

async function create(path: string, keys: readonly KeyEntry[], values: Values): Promise<string> {
  const key = createKey();
  const nowMs = Date.now();
  const days = toCount(values["expires-days"]);
  const limits = {
    requestsPerMinuteMax: toCount(values["requests-per-minute"]),
    runsMax: toCount(values.runs),
    tokensPerDayMax: toCount(values["tokens-per-day"]),
  };
  const entry = KeyEntry.safeParse({
    id: `key_${randomBytes(4).toString("hex")}`,
    name: values.name,
    digest: await toDigest(key),
    scopes: toNames(values.scopes),
    collections: toNames(values.collections),
    ...limits,
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: days === undefined ? undefined : toDate(nowMs + days * DAY_MS),
  });
  if (!entry.success) {
    const wrong = entry.error.issues.map(({ path: [field] }) => WANTED[String(field)] ?? field);
    throw refuse(`${[...new Set(wrong)].join("; ")}\n\n${USAGE}`);
  }
  await makeFolder(dirname(path));
  await writeKeyFile(path, [...keys, entry.data]);
  return `${toLine(entry.data)}\nThe key, shown this once:\n${key}\n`;
}

async function revoke(
  path: string,
  keys: readonly KeyEntry[],
  id: string | undefined,
): Promise<string> {
  const found = keys.find((key) => key.id === id);
  if (found === undefined)
    throw refuse("there is no key of this id; pnpm run keys list shows them");
  const revoked = { ...found, revokedAt: found.revokedAt ?? new Date().toISOString() };
  await writeKeyFile(
    path,
    keys.map((key) => (key === found ? revoked : key)),
  );
  return toLine(revoked);
}

function toLine(key: KeyEntry): string {
  const { id, name, scopes, collections, expiresAt, revokedAt } = key;
  const limits = [
    [key.requestsPerMinuteMax, "requests/minute"],
    [key.runsMax, "runs"],
    [key.tokensPerDayMax, "tokens/day"],
  ].flatMap(([most, unit]) => (most === undefined ? [] : [`${most} ${unit}`]));
  const state =
    revokedAt !== undefined
      ? `revoked ${revokedAt}`
      : expiresAt !== undefined
        ? `until ${expiresAt}`
        : "valid";
  const parts = [
    id,
    escapeControls(name),
    scopes.join(","),
    collections === undefined ? "every collection" : collections.join(",") || "no collection",
    ...limits,
    state,
  ];
  return `${parts.join("  ")}\n`;
}

function toNames(list: string | undefined): readonly string[] | undefined {
  return list
    ?.split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

/** NaN for what is no number, which the entry's schema refuses. */
function toCount(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function toDate(atMs: number): string {
  const date = new Date(atMs);
  return Number.isNaN(date.getTime()) ? "never" : date.toISOString();
}

function refuse(detail: string): AppError {
  return new AppError("invalid_request", { detail });
}
