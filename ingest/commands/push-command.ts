/** `pnpm ingest push NAME --to edge --url URL`: a collection as it stands, sent to a Worker with the vectors it has. */
import { systemClock } from "../../src/async/clock.ts";
import { AppError } from "../../src/errors.ts";
import { openExport } from "../../src/node/lance/export-documents.ts";
import { countOf } from "../../src/text/count-of.ts";
import { formatCount } from "./progress.ts";
import { createEdgeTarget } from "../push/edge-target.ts";
import { pushCollection } from "../push/push-collection.ts";
import { withPushTrace } from "../push/with-push-trace.ts";
import { inSpan } from "../../src/telemetry/in-span.ts";
import { showProgress } from "./show-progress.ts";
import type { CommandDeps } from "./command-deps.ts";
import { EXIT_CODES, type ExitCode } from "./exit-codes.ts";

/** Throws AppError: misconfigured without ADMIN_TOKEN; what the store and the Worker say. */
export async function runPush(
  { collection, url }: { readonly collection: string; readonly url: string },
  { config, output, tracer }: CommandDeps,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { adminToken: token, dataDir: uri } = config;
  if (token === undefined) {
    throw new AppError("misconfigured", {
      detail: "ADMIN_TOKEN is not set; it is the secret of the Worker that is pushed to",
    });
  }
  const startMs = systemClock.now();
  const attributes = { "tributary.collection": collection };
  const report = await inSpan(tracer, "push", { attributes }, async (span) => {
    const source = await openExport({ uri, config, clock: systemClock }, collection);
    const { key } = source;
    const options = { url, token, clock: systemClock, collection, key, tracer };
    const target = withPushTrace(createEdgeTarget(options), tracer);
    const pushed = await pushCollection(source, target, signal, showProgress(collection, output));
    span.set({
      "tributary.documents": pushed.documents,
      "tributary.chunks": pushed.chunks,
      "tributary.chunks.sent": pushed.chunksSent,
    });
    return pushed;
  });
  const seconds = Math.max(0.001, (systemClock.now() - startMs) / 1_000);
  output.data({ type: "push", collection, url, ...report, seconds });
  const { documents, chunks, chunksSent, isUnchanged } = report;
  const what = `${countOf(documents, "document")}, ${countOf(chunks, "chunk")}`;
  const how = isUnchanged
    ? "it was there already"
    : `${formatCount(chunksSent)} sent, ${formatCount(Math.round(chunksSent / seconds))}/s`;
  output.line(`${collection}: published at the edge, ${what} (${how})`);
  return EXIT_CODES.ok;
}
