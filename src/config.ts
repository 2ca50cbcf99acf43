/** Every setting and limit of the service: its name, default, unit and meaning, in one table; its rows are in `config/`, a file for each subject. */
import * as z from "zod";
import { toVariable } from "./config/kinds.ts";
import { findContradictions } from "./config/rules.ts";
import { ADMISSION_SETTINGS } from "./config/admission.ts";
import { AGENT_SETTINGS } from "./config/agents.ts";
import { EDGE_SETTINGS } from "./config/edge.ts";
import { INGEST_SETTINGS } from "./config/ingest.ts";
import { JOURNAL_SETTINGS } from "./config/journal.ts";
import { KEY_SETTINGS } from "./config/keys.ts";
import { LANCE_SETTINGS } from "./config/lance.ts";
import { MODEL_SETTINGS } from "./config/models.ts";
import { RUN_SETTINGS } from "./config/runs.ts";
import { SERVER_SETTINGS } from "./config/server.ts";
import { SHARING_SETTINGS } from "./config/sharing.ts";
import { STORE_SETTINGS } from "./config/store.ts";
import { TELEMETRY_SETTINGS } from "./config/telemetry.ts";
import { UPSTREAM_SETTINGS } from "./config/upstreams.ts";
import { AppError, type Issue } from "./errors.ts";

/** Keys are what the code calls a setting; the environment variable is the same in capitals. */
const Settings = z.object({
  ...SERVER_SETTINGS,
  ...KEY_SETTINGS,
  ...MODEL_SETTINGS,
  ...UPSTREAM_SETTINGS,
  ...RUN_SETTINGS,
  ...AGENT_SETTINGS,
  ...ADMISSION_SETTINGS,
  ...JOURNAL_SETTINGS,
  ...STORE_SETTINGS,
  ...INGEST_SETTINGS,
  ...LANCE_SETTINGS,
  ...SHARING_SETTINGS,
  ...TELEMETRY_SETTINGS,
  ...EDGE_SETTINGS,
});

/** What the documentation of the settings calls each subject, in its order. */
const SUBJECTS: readonly (readonly [heading: string, rows: object])[] = [
  ["The server", SERVER_SETTINGS],
  ["Keys", KEY_SETTINGS],
  ["Models", MODEL_SETTINGS],
  ["Calls of models", UPSTREAM_SETTINGS],
  ["A run", RUN_SETTINGS],
  ["Runs with tools", AGENT_SETTINGS],
  ["Many runs at a time", ADMISSION_SETTINGS],
  ["Records of runs", JOURNAL_SETTINGS],
  ["The store", STORE_SETTINGS],
  ["Ingest and uploads", INGEST_SETTINGS],
  ["LanceDB's protocol", LANCE_SETTINGS],
  ["Limits of several processes", SHARING_SETTINGS],
  ["Log, metrics and traces", TELEMETRY_SETTINGS],
  ["A Worker alone", EDGE_SETTINGS],
];

export type Config = Readonly<z.infer<typeof Settings>>;

/** One row of the settings' documentation. */
export interface SettingDoc {
  /** The heading it stands below. */
  readonly subject: string;
  readonly variable: string;
  readonly default: string;
  readonly meaning: string;
}

/**
 * Reads the settings out of environment variables. Empty variables count as unset.
 * Throws AppError invalid_request that names every variable that is wrong.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.keys(Settings.shape)
      .map((name) => [name, env[toVariable(name)]] as const)
      .filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
  const parsed = Settings.safeParse(given);
  if (!parsed.success) {
    throw toConfigError(
      parsed.error.issues.map(({ path, message }) => ({ path: String(path[0]), message })),
    );
  }
  const contradictions = findContradictions(parsed.data, new Set(Object.keys(given)));
  if (contradictions.length > 0) throw toConfigError(contradictions);
  return Object.freeze(parsed.data);
}

/** All that is wrong in one line, each by its variable. */
function toConfigError(wrong: readonly Issue[]): AppError {
  const issues = wrong.map(({ path, message }) => ({ path: toVariable(path), message }));
  const list = issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
  return new AppError("invalid_request", { detail: `settings are wrong: ${list}`, issues });
}

/** The rows of the settings' documentation, subject by subject. */
export function describeSettings(): readonly SettingDoc[] {
  return Object.entries(Settings.shape).map(([name, schema]) => ({
    subject: SUBJECTS.find(([, rows]) => name in rows)?.[0] ?? "",
    variable: toVariable(name),
    default: String(schema.safeParse(undefined).data ?? "") || "unset",
    meaning: schema.description ?? "",
  }));
}
