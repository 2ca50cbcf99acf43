/** A stage that hands on one item after the other, as a span. */
import { toAppError } from "../src/errors.ts";
import type { Tracer } from "../src/telemetry/tracer.ts";

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
