/** The place in a trace, carried through everything that is awaited by the context of the runtime, which Node and Workers have alike. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { TraceContext } from "./trace-context.ts";
import type { TraceScope } from "./tracer.ts";

export function createTraceScope(): TraceScope {
  const storage = new AsyncLocalStorage<TraceContext>();
  return {
    current: () => storage.getStore(),
    within: (context, work) => storage.run(context, work),
  };
}
