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

const NO_ATTRIBUTES: Attributes = {};
const NOWHERE: TraceScope = { current: () => undefined, within: (_context, work) => work() };

/** Creates a tracer. Without `keep` it only carries the place in the trace on. */
export function createTracer(options: TracerOptions): Tracer {
  const { clock, scope, keep, hasContent = false, now = Date.now } = options;
  const epochMs = now() - clock.now();
  const keeper = keep === undefined ? undefined : { keep, clock, epochMs };
  return {
    isOn: keep !== undefined,
    hasContent: keep !== undefined && hasContent,
    current: () => scope.current(),
    within: (context, work) => scope.within(context, work),
    start(name, start = {}) {
      const above = start.parent ?? scope.current() ?? startTrace();
      if (keeper === undefined || !above.sampled) return { context: above, set() {}, end() {} };
      return new KeptSpan(keeper, name, above, start);
    },
  };
}

interface Keeper {
  readonly keep: (span: SpanRecord) => void;
  readonly clock: Clock;
  /** The clock's zero, in milliseconds since 1970. */
  readonly epochMs: number;
}

class KeptSpan implements Span {
  readonly context: TraceContext;
  readonly #keeper: Keeper;
  readonly #name: string;
  readonly #above: TraceContext;
  readonly #kind: SpanRecord["kind"];
  readonly #startMs: number;
  #attributes: Attributes;
  #isEnded = false;

  constructor(keeper: Keeper, name: string, above: TraceContext, start: SpanStart) {
    this.context = { traceId: above.traceId, spanId: createSpanId(), sampled: true };
    this.#keeper = keeper;
    this.#name = name;
    this.#above = above;
    this.#kind = start.kind ?? "internal";
    this.#startMs = start.startMs ?? keeper.clock.now();
    this.#attributes = start.attributes ?? NO_ATTRIBUTES;
  }

  set(attributes: Attributes): void {
    this.#attributes = { ...this.#attributes, ...attributes };
  }

  end(error?: string, atMs = this.#keeper.clock.now()): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { keep, epochMs } = this.#keeper;
    const above = this.#above;
    keep({
      name: this.#name,
      kind: this.#kind,
      traceId: this.context.traceId,
      spanId: this.context.spanId,
      parentSpanId: above.isNew === true ? undefined : above.spanId,
      startMs: epochMs + this.#startMs,
      endMs: epochMs + atMs,
      attributes: this.#attributes,
      error,
    });
  }
}

/** Keeps nothing and is nowhere. */
export const noTracer: Tracer = createTracer({
  clock: { now: () => 0, timer: () => () => {} },
  scope: NOWHERE,
});
