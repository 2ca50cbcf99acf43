/** Spans of the ingest command, by the settings: below the place in a trace that it is started in. */
import type { Config } from "../../src/config.ts";
import { createTracing, flushExporters, toExportTarget } from "../../src/node/telemetry/tracing.ts";
import type { Log } from "../../src/telemetry/log.ts";
import { parseTraceparent } from "../../src/telemetry/trace-context.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";

/** `warn` gets a line about a collector that fails. The last spans are sent before this resolves. */
export async function traceIngest<T>(
  config: Config,
  warn: (text: string) => void,
  work: (tracer: Tracer) => Promise<T>,
): Promise<T> {
  const { tracer, spans } = await createTracing(toExportTarget(config, toLog(warn)));
  // Whoever starts the command in a trace of its own says so as other programs do.
  const caller = parseTraceparent(process.env["TRACEPARENT"]);
  try {
    return await (caller === undefined ? work(tracer) : tracer.within(caller, () => work(tracer)));
  } finally {
    await flushExporters([spans]);
  }
}

/** The command has no log; of a collector that works again nobody needs to hear. */
function toLog(warn: (text: string) => void): Log {
  return {
    info: () => undefined,
    warn: (_event, { why } = {}) =>
      warn(`ingest: the collector does not take the spans (${String(why)}); nothing else is lost`),
    error: (event) => warn(`ingest: ${event}`),
  };
}
