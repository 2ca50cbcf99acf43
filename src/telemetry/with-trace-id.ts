/** A log whose lines bear the id of the trace in which they are written. */
import type { Log, LogFields } from "./log.ts";
import type { Tracer } from "./tracer.ts";

export function withTraceId(log: Log, tracer: Pick<Tracer, "current">): Log {
  const add = (fields: LogFields = {}): LogFields => {
    const context = tracer.current();
    return context === undefined ? fields : { ...fields, traceId: context.traceId };
  };
  return {
    info: (event, fields) => log.info(event, add(fields)),
    warn: (event, fields) => log.warn(event, add(fields)),
    error: (event, thrown, fields) => log.error(event, thrown, add(fields)),
  };
}
