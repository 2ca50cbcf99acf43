/** Port: spans. Who works within a span need not know of it: whatever is started there is below it. */
import type { Clock } from "../async/clock.ts";
import { createSpanId, startTrace, type TraceContext } from "./trace-context.ts";

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A span that is over. */
export interface SpanRecord {
  readonly name: string;
  readonly kind: "internal" | "server" | "client";
  readonly traceId: string;
  readonly spanId: string;
  /** Absent: the root of its trace. */
  readonly parentSpanId?: string | undefined;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
  /** The code of what it failed with. */
  readonly error?: string | undefined;
}

/** A span under way. Everything after `end` is ignored. */
export interface Span {
  readonly context: TraceContext;
  set(attributes: Attributes): void;
  /** Ends it now, or at `atMs` of the tracer's clock; with the code of an error when it failed. */
  end(error?: string, atMs?: number): void;
}

export interface SpanStart {
  readonly kind?: SpanRecord["kind"];
  readonly attributes?: Attributes;
  /** Of the tracer's clock; absent: now. */
  readonly startMs?: number;
  /** Absent: where the caller stands. */
  readonly parent?: TraceContext;
}

export interface Tracer {
  /** Whether spans are kept at all; what costs something only for spans asks first. */
  readonly isOn: boolean;
  /** Whether spans may hold questions, passages and answers. */
  readonly hasContent: boolean;
  /** Where the caller stands; undefined outside every trace. */
  current(): TraceContext | undefined;
  /** Works at this place of a trace, with all that it starts. */
  within<T>(context: TraceContext, work: () => T): T;
  /** Begins a span below the caller's place, or a new trace. */
  start(name: string, start?: SpanStart): Span;
}

/** Port: carries the place in a trace through everything that is awaited. */
export interface TraceScope {
  current(): TraceContext | undefined;
  within<T>(context: TraceContext, work: () => T): T;
}

export interface TracerOptions {
  readonly clock: Clock;
  readonly scope: TraceScope;
  /** Takes spans that are over; must not wait. Absent: none are kept. */
  readonly keep?: ((span: SpanRecord) => void) | undefined;
  readonly hasContent?: boolean;
  /** Milliseconds since 1970, for the offset of the clock. */
  readonly now?: () => number;
}

const NOWHERE: TraceScope = { current: () => undefined, within: (_context, work) => work() };

/** Creates a tracer. Without `keep` it only carries the place in the trace on. */
export function createTracer(options: TracerOptions): Tracer {
  const { clock, scope, keep, hasContent = false, now = Date.now } = options;
  const epochMs = now() - clock.now();
  return {
    isOn: keep !== undefined,
    hasContent: keep !== undefined && hasContent,
    current: () => scope.current(),
    within: (context, work) => scope.within(context, work),
    start(name, { kind = "internal", attributes = {}, startMs = clock.now(), parent } = {}) {
      const above = parent ?? scope.current() ?? startTrace();
      if (keep === undefined || !above.sampled) return { context: above, set() {}, end() {} };
      const { traceId, sampled } = above;
      const context: TraceContext = { traceId, spanId: createSpanId(), sampled };
      const all: Record<string, Attributes[string]> = { ...attributes };
      let ended = false;
      return {
        context,
        set: (more) => void Object.assign(all, more),
        end(error, atMs = clock.now()) {
          if (ended) return;
          ended = true;
          keep({
            name,
            kind,
            traceId,
            spanId: context.spanId,
            parentSpanId: above.isNew === true ? undefined : above.spanId,
            startMs: epochMs + startMs,
            endMs: epochMs + atMs,
            attributes: all,
            error,
          });
        },
      };
    },
  };
}

/** Keeps nothing and is nowhere. */
export const noTracer: Tracer = createTracer({
  clock: { now: () => 0, timer: () => () => {} },
  scope: NOWHERE,
});
