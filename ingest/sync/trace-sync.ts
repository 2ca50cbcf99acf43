/** What an ingest shows in its spans: a stage that hands on one item after the other, and how the run ended. */
import { toAppError } from "../../src/errors.ts";
import type { Span, Tracer } from "../../src/telemetry/tracer.ts";
import type { SyncReport } from "./sync-plan.ts";

/** The same items. The span reaches from the first that is asked for to the last, and tells how many there were. */
export async function* traceItems<T>(
  tracer: Tracer,
  name: string,
  source: AsyncIterable<T>,
): AsyncGenerator<T> {
  const span = tracer.start(name);
  let items = 0;
  // Of a consumer that leaves before the end.
  let error: string | undefined = "cancelled";
  try {
    for await (const item of source) {
      items += 1;
      yield item;
    }
    error = undefined;
  } catch (thrown) {
    error = toAppError(thrown).code;
    throw thrown;
  } finally {
    span.set({ "tributary.documents": items });
    span.end(error);
  }
}

/** Ends the span of a run with what its report says; counts only, no names of documents. */
export function traceReport(span: Span, report: SyncReport): void {
  const { outcome, error, created, rebuilt, added, changed, removed, failed } = report;
  span.set({
    "tributary.outcome": outcome,
    "tributary.created": created,
    "tributary.rebuilt": rebuilt !== undefined,
    "tributary.documents.added": added,
    "tributary.documents.changed": changed,
    "tributary.documents.removed": removed,
    "tributary.documents.failed": failed,
    "tributary.chunks.added": report.chunksAdded,
    "tributary.chunks.changed": report.chunksChanged,
    "tributary.chunks.removed": report.chunksRemoved,
    "tributary.version": report.version,
  });
  span.end(outcome === "finished" ? undefined : (error?.code ?? outcome));
}
