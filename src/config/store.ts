/** The settings of the store: where it is, how new what is searched must be, what it holds in memory, how it commits. */
import { Bytes, Count, DataDir, Flag, Memory, Milliseconds, MillisecondsOrNone } from "./kinds.ts";
import { Pairs } from "./pairs.ts";

export const STORE_SETTINGS = {
  dataDir: DataDir.default(".tributary").describe(
    "Folder of the store, or its address on object storage, such as s3://bucket/path.",
  ),
  storeOptions: Pairs.optional().describe(
    "Options of the object storage, as in endpoint=http://127.0.0.1:9000,region=eu-central-1; may hold its secret. Those of the environment (AWS_ACCESS_KEY_ID and others) count too.",
  ),

  freshnessMs: Milliseconds.default(1_000).describe(
    "How soon a commit of another process is seen.",
  ),
  staleAfterMs: Milliseconds.default(500).describe(
    "How long a question waits for the store to say what is new, before it is answered from what was there a moment ago.",
  ),
  staleMsMax: MillisecondsOrNone.default(300_000).describe(
    "Oldest look at a collection that may stand in for one that the store does not allow now; 0: none may.",
  ),

  storeConcurrencyMax: Count.default(4).describe(
    "LanceDB calls of the whole process at the same time.",
  ),
  storeQueueMax: Count.default(4_096).describe("LanceDB calls waiting."),
  storeCacheBytesMax: Bytes.default(256 * 2 ** 20).describe("LanceDB's index cache."),
  residentBytesMax: Memory.default(128 * 2 ** 20).describe(
    "Memory for small collections that are held whole; 0: none.",
  ),
  readChunksMax: Count.default(50).describe("Chunks of a document that are read at once."),

  storeSync: Flag.default(true).describe(
    "Whether a commit waits until it is on disk. Off, a loss of power can cost commits.",
  ),
  storeLeaseMs: Milliseconds.min(1_000)
    .default(60_000)
    .describe(
      "How long a writer on object storage that shows no sign of life still keeps others from writing its collection; the clocks of the machines may differ by a quarter of it.",
    ),
  generationKeepHours: Count.default(168).describe(
    "How long the replaced generation of a collection is kept for going back.",
  ),
};
