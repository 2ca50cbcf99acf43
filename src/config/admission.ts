/** The settings of many runs at a time: places, the queue, what identical questions share, what is left out under pressure. */
import { Bytes, Count, CountOrNone, Flag, Milliseconds } from "./kinds.ts";

export const ADMISSION_SETTINGS = {
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
};
