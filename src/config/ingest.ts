/** The settings of what writes documents: the command, and uploads over HTTP. */
import * as z from "zod";
import { Bytes, Count, Milliseconds, PlainNumber } from "./kinds.ts";

export const INGEST_SETTINGS = {
  ingestEmbedTimeoutMs: Milliseconds.default(60_000).describe(
    "One attempt at embedding a batch in ingest.",
  ),
  ingestPatienceMs: Milliseconds.default(300_000).describe(
    "How long an ingest waits for an endpoint that stops answering on the way.",
  ),
  embeddingCacheBytesMax: Bytes.default(2 ** 30).describe(
    "Vectors of an endpoint that are kept on disk, so that nothing is paid for twice.",
  ),
  embeddingUsdPerMillionTokens: PlainNumber.min(0)
    .max(10_000)
    .optional()
    .describe("Price of embedding, for the cost a dry run shows."),

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
};
