/** Work as a span: what it starts is below the span, and how it ends is how the span ends. */
import { toAppError } from "../errors.ts";
import type { Span, SpanStart, Tracer } from "./tracer.ts";

/** Given where no spans are kept. */
const NO_SPAN: Span = {
  context: { traceId: "0".repeat(32), spanId: "0".repeat(16), sampled: false, isNew: true },
  set() {},
  end() {},
};

/** Returns what the work returns. The work may end its span itself, with an error that it does not throw. */
export async function inSpan<T>(
  tracer: Tracer,
  name: string,
  start: SpanStart,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  if (!tracer.isOn) return work(NO_SPAN);
  const span = tracer.start(name, start);
  try {
    const result = await tracer.within(span.context, () => work(span));
    span.end();
    return result;
  } catch (thrown) {
    span.end(toAppError(thrown).code);
    throw thrown;
  }
}
