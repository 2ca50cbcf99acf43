/** Every setting and limit of the service: its name, default, unit and meaning, in one table. */
import * as z from "zod";
import {
  BaseUrl,
  Bytes,
  Count,
  CountOrNone,
  DataDir,
  Flag,
  Host,
  Memory,
  Milliseconds,
  PlainNumber,
  Share,
  isOrigin,
  Key,
  Text,
  toVariable,
} from "./config/kinds.ts";
import { AGENT_SETTINGS } from "./config/agents.ts";
import { EDGE_SETTINGS } from "./config/edge.ts";
import { FRESHNESS_SETTINGS } from "./config/freshness.ts";
import { LANCE_SETTINGS } from "./config/lance.ts";
import { findContradictions } from "./config/rules.ts";
import { SHARING_SETTINGS } from "./config/sharing.ts";
import { TELEMETRY_SETTINGS } from "./config/telemetry.ts";
import { UPSTREAM_SETTINGS } from "./config/upstreams.ts";
import { AppError, type Issue } from "./errors.ts";

/** Keys are what the code calls a setting; the environment variable is the same in capitals. */
const Settings = z.object({
  host: Host.default("127.0.0.1").describe("Address to listen on."),
  port: PlainNumber.int().min(0).max(65_535).default(8787).describe("Port to listen on."),
  dataDir: DataDir.default(".tributary").describe(
    "Folder of the store, or its address on object storage, such as s3://bucket/path.",
  ),

  openaiApiKey: Key.optional().describe("Key of the OpenAI-compatible endpoint."),
  openaiBaseUrl: BaseUrl.optional().describe("Address of the endpoint, with its /v1."),
  chatModel: Text.optional().describe(
    "Model that writes answers. Unset: gpt-4.1-mini when only a key is given, else the extractive answerer.",
  ),
  embeddingModel: Text.optional().describe(
    "Model that embeds what is ingested from now on. Unset: the bundled static embedder.",
  ),
  rerankUrl: BaseUrl.optional().describe(
    "Address of a /rerank endpoint (Cohere, Jina, Voyage AI, TEI, vLLM).",
  ),
  rerankModel: Text.optional().describe("Model named to the /rerank endpoint."),
  rerankApiKey: Key.optional().describe("Key of the /rerank endpoint."),

  auth: z
    .enum(["keys", "off"], { error: "must be keys or off" })
    .default("keys")
    .describe(
      "Whether keys are asked for. `keys`: as soon as there are any, and an address that others reach must have some. `off`: everyone may do everything.",
    ),
  apiKeysFile: Text.optional().describe(
    "File with the keys. Unset: keys.json in DATA_DIR, if it is there.",
  ),
  apiKey: Key.optional().describe("Key that `pnpm ask --url` sends to the service it asks."),
  apiKeys: Text.optional().describe(
    "Keys as the file's text, for where there are no files: digests, no secrets.",
  ),
  corsOrigins: z
    .string()
    .default("")
    .transform((list) =>
      list
        .split(",")
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .refine((origins) => origins.every(isOrigin), {
      error: "must be origins as browsers send them, such as https://app.example.com",
    })
    .describe("Origins, with commas between, whose pages may call the service from a browser."),
  ...SHARING_SETTINGS,
  adminToken: Key.optional().describe(
    "Secret for writing collections into a Worker; a push sends it. Unset: nobody can write there.",
  ),
  ...EDGE_SETTINGS,

  deadlineMs: Milliseconds.default(60_000).describe("Time a run has when the caller sets none."),
  deadlineMsMax: Milliseconds.default(300_000).describe("Longest deadline a caller may set."),
  embedTimeoutMs: Milliseconds.default(3_000).describe("Budget of embedding the question."),
  embedAttemptTimeoutMs: Milliseconds.default(1_500).describe(
    "One attempt at embedding the question.",
  ),
  ingestEmbedTimeoutMs: Milliseconds.default(60_000).describe(
    "One attempt at embedding a batch in ingest.",
  ),
  searchTimeoutMs: Milliseconds.default(1_000).describe("Budget of one leg of the search."),
  takeTimeoutMs: Milliseconds.default(1_000).describe("Budget of fetching the texts of the hits."),
  rerankTimeoutMs: Milliseconds.default(800).describe("Budget of reranking."),
  firstDeltaTimeoutMs: Milliseconds.default(20_000).describe("Wait for the model's first token."),
  deltaGapTimeoutMs: Milliseconds.default(15_000).describe(
    "Longest silence within the model's stream.",
  ),
  rewriteTimeoutMs: Milliseconds.default(2_500).describe(
    "Budget of rewriting a follow-up into a question that stands alone.",
  ),
  holdBackMs: Milliseconds.default(10_000).describe(
    "Longest a streamed response is held back for a true HTTP status before it opens.",
  ),
  pingIntervalMs: Milliseconds.default(15_000).describe("Heartbeat of an event stream."),
  writeStallTimeoutMs: Milliseconds.default(10_000).describe(
    "A client that takes nothing for this long is dropped.",
  ),
  flushIntervalMs: Milliseconds.default(40).describe(
    "Shortest time between two writes to a stream, and between two looks at what the model has sent, once its text has begun.",
  ),
  flushBytesMax: CountOrNone.default(256).describe(
    "Bytes that are written at once, however soon after the last ones.",
  ),
  streamBytesMax: Bytes.default(64 * 1024).describe(
    "Bytes of events a run may be ahead of the client that reads fastest.",
  ),
  healthTimeoutMs: Milliseconds.default(2_000).describe(
    "Budget of looking at one collection for /readyz and /v1/collections.",
  ),
  drainGraceMs: Milliseconds.default(20_000).describe(
    "Time running answers and uploads have to end by themselves after SIGTERM.",
  ),
  ...FRESHNESS_SETTINGS,

  runsMax: Count.default(1_024).describe("Runs at the same time."),
  runQueueMax: CountOrNone.default(512).describe("Runs that wait for their turn."),
  runQueueTimeoutMs: Milliseconds.default(500).describe("Longest a run waits for its turn."),
  callerRunsMax: Count.default(256).describe(
    "Runs of one caller, running and waiting. Not counted where no keys are asked for.",
  ),
  shareRuns: Flag.default(true).describe(
    "Whether identical questions of one caller, asked while a run is under way, share it.",
  ),
  answerCacheRunsMax: CountOrNone.default(0).describe(
    "Answers kept for when the same is asked again of the same versions; 0 keeps none.",
  ),
  answerCacheBytesMax: Bytes.default(64 * 2 ** 20).describe("Size of the answers kept."),
  answerCacheAgeMsMax: Milliseconds.default(600_000).describe("Age of the answers kept."),

  brownOutLagMs: Milliseconds.default(200).describe(
    "Mean delay of the event loop at which optional work is left out.",
  ),
  brownOutCalmMs: Milliseconds.default(5_000).describe(
    "How long a pressure must be gone before what it left out comes back.",
  ),

  connectionsMax: Count.default(16_384).describe("Open connections; one more is closed at once."),
  headersTimeoutMs: Milliseconds.default(5_000).describe(
    "Time a client has to send the headers of a request.",
  ),
  requestTimeoutMs: Milliseconds.default(10_000).describe(
    "Time a client has to send a whole request.",
  ),
  keepAliveTimeoutMs: Milliseconds.default(5_000).describe(
    "How long a connection without a request stays open. Behind a proxy longer than it keeps its own idle ones (65000 for one that keeps them a minute), or it sends a request into one that is just being closed.",
  ),
  headerBytesMax: Bytes.default(16 * 1024).describe("Size of the headers of a request."),
  socketRequestsMax: Count.default(1_000).describe("Requests on one connection."),

  attemptsMax: Count.default(4).describe("Attempts at one upstream call."),
  searchConcurrencyMax: Count.default(8).describe("Legs of one run at the same time."),
  storeConcurrencyMax: Count.default(4).describe(
    "LanceDB calls of the whole process at the same time.",
  ),
  storeQueueMax: Count.default(4_096).describe("LanceDB calls waiting."),
  embedConcurrencyMax: Count.default(16).describe("Embedding calls at the same time."),
  chatConcurrencyMax: Count.default(256).describe("Model streams at the same time."),
  upstreamQueueMax: Count.default(1_024).describe("Calls waiting for one upstream."),
  ...UPSTREAM_SETTINGS,
  objectVectorBytesMax: Bytes.default(32 * 2 ** 20).describe(
    "Vectors of a collection in one Durable Object of a Worker, a byte for each dimension; a larger collection is spread over several.",
  ),
  storeSync: Flag.default(true).describe(
    "Whether a commit waits until it is on disk. Off, a loss of power can cost commits.",
  ),
  generationKeepHours: Count.default(168).describe(
    "How long the replaced generation of a collection is kept for going back.",
  ),
  embeddingCacheBytesMax: Bytes.default(2 ** 30).describe(
    "Vectors of an endpoint that are kept on disk, so that nothing is paid for twice.",
  ),
  ingestPatienceMs: Milliseconds.default(300_000).describe(
    "How long an ingest waits for an endpoint that stops answering on the way.",
  ),
  embeddingUsdPerMillionTokens: PlainNumber.min(0)
    .max(10_000)
    .optional()
    .describe("Price of embedding, for the cost a dry run shows."),
  storeCacheBytesMax: Bytes.default(256 * 2 ** 20).describe("LanceDB's index cache."),
  residentBytesMax: Memory.default(128 * 2 ** 20).describe(
    "Memory for small collections that are held whole; 0: none.",
  ),
  ...LANCE_SETTINGS,

  ...TELEMETRY_SETTINGS,

  uploads: z
    .enum(["auto", "on", "off"], { error: "must be auto, on or off" })
    .default("auto")
    .describe(
      "Whether documents can be written over HTTP. `auto`: where keys are asked for, and else only while HOST is a loopback address.",
    ),
  uploadBytesMax: Bytes.default(20 * 2 ** 20).describe("Size of an uploaded document."),
  uploadsMax: Count.default(256).describe("Uploads and deletions under way and waiting."),
  uploadWaitMs: Milliseconds.default(10_000).describe(
    "How long an upload waits while another process writes its collection.",
  ),
  uploadIdleMs: Milliseconds.default(60_000).describe(
    "How long the process that writes uploads is kept without work.",
  ),

  bodyBytesMax: Bytes.default(64 * 1024).describe("Size of a request body."),
  chatBodyBytesMax: Bytes.default(2 * 2 ** 20).describe(
    "The same at /v1/chat and /v1/chat/completions, whose clients send every answer back with its passages.",
  ),
  questionCharsMax: Count.default(4_000).describe("Length of a question."),
  collectionsMax: Count.default(64).describe(
    "Collections that a request may name; one that names none asks all there are.",
  ),
  legHitsMax: Count.default(100).describe("Hits each leg brings."),
  candidatesMax: Count.default(30).describe("Fused candidates whose text is taken."),
  passagesMax: Count.default(12).describe("Passages in the context."),
  contextTokensMax: Count.default(6_000).describe("Tokens of the context."),
  outputTokensMax: Count.default(1_024).describe("Tokens of an answer."),
  outputSchemaBytesMax: Bytes.default(64 * 1024).describe(
    "Size of the JSON Schema of an output, within that of the body.",
  ),
  outputRetriesMax: CountOrNone.default(2).describe(
    "Times a model is asked again for a value that did not satisfy the schema.",
  ),
  outputCharsMax: Count.default(200_000).describe("Length of a model's value, as JSON."),
  ...AGENT_SETTINGS,
  runTokensMax: Count.default(200_000).describe(
    "Tokens of all model calls of one run, input and output.",
  ),
  historyTurnsMax: Count.default(64).describe(
    "Turns before the question that count; older ones are left out.",
  ),
  instructionsCharsMax: Count.default(8_000).describe("Length of a caller's instructions."),
  runBytesMax: Bytes.default(16 * 2 ** 20).describe("Size of the events of one run."),
  runJournalRunsMax: Count.default(10_000).describe("Runs whose record is kept after their end."),
  runJournalBytesMax: Bytes.default(128 * 2 ** 20).describe(
    "Size of the records that are kept, as they lie in memory or in files.",
  ),
  runJournalAgeMsMax: Milliseconds.default(3_600_000).describe("Age of the records that are kept."),
  runJournalDir: Text.optional().describe(
    "Folder that keeps the records over a restart. Unset: they are kept in memory.",
  ),
  readChunksMax: Count.default(50).describe("Chunks of a document that are read at once."),
  documentShareMax: Share.default(0.5).describe("Share of the context one document may fill."),
});

export type Config = Readonly<z.infer<typeof Settings>>;

/** One row of the settings' documentation. */
export interface SettingDoc {
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

/** The table of settings for the documentation. */
export function describeSettings(): readonly SettingDoc[] {
  return Object.entries(Settings.shape).map(([name, schema]) => ({
    variable: toVariable(name),
    default: String(schema.safeParse(undefined).data ?? "unset"),
    meaning: schema.description ?? "",
  }));
}
