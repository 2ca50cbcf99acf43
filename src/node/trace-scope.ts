/** The place in a trace, carried through everything that is awaited by Node's own context. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { TraceContext } from "../telemetry/trace-context.ts";
import type { TraceScope } from "../telemetry/tracer.ts";

export function createTraceScope(): TraceScope {
  const storage = new AsyncLocalStorage<TraceContext>();
  return {
    current: () => storage.getStore(),
    within: (context, work) => storage.run(context, work),
  };
}
