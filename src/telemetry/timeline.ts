/** When each stage of a run began and ended, and which of them decided how long it took. */
import type { TimelineEntry } from "../domain/event.ts";
import type { Clock } from "../async/clock.ts";
import { type ErrorCode, toAppError } from "../errors.ts";
import { inSpan } from "./in-span.ts";
import { noTracer, type Tracer } from "./tracer.ts";

export interface Timeline {
  /** Milliseconds since the run's start. */
  elapsedMs(): number;
  /** Runs the work as a named stage, and as a span. `after` names the stages whose end it had to wait for. */
  stage<T>(stage: string, after: readonly string[], work: () => Promise<T>): Promise<T>;
  /** The same for work that asks no model and begins no span: cheaper, because nothing below needs to know its place. */
  leaf<T>(stage: string, after: readonly string[], work: () => Promise<T>): Promise<T>;
  /** The same without a span: for tools and sub-agents, whose spans say more than a name. */
  measure<T>(stage: string, after: readonly string[], work: () => Promise<T>): Promise<T>;
  /** The stage that was going on last: of those cut, or else not over, the one that began last. */
  findCut(): string | undefined;
  /** Every stage so far, in order of start, with the critical path marked. */
  entries(): TimelineEntry[];
}

interface Span {
  readonly stage: string;
  readonly after: readonly string[];
  readonly startMs: number;
  endMs: number | undefined;
  cut: ErrorCode | undefined;
}

/** Starts a timeline now. Each stage is a span too, and what its work starts is below that. */
export function startTimeline(clock: Clock, tracer: Tracer = noTracer): Timeline {
  const originMs = clock.now();
  const spans: Span[] = [];
  const elapsedMs = (): number => clock.now() - originMs;
  const measure = async <T>(
    stage: string,
    after: readonly string[],
    work: () => Promise<T>,
    onOver?: (span: Span, endMs: number) => void,
  ): Promise<T> => {
    const span: Span = { stage, after, startMs: elapsedMs(), endMs: undefined, cut: undefined };
    spans.push(span);
    try {
      return await work();
    } catch (thrown) {
      span.cut = toAppError(thrown).code;
      throw thrown;
    } finally {
      const endMs = elapsedMs();
      span.endMs = endMs;
      onOver?.(span, endMs);
    }
  };
  const record = ({ stage, startMs, cut }: Span, endMs: number): void => {
    tracer.start(stage, { startMs: originMs + startMs }).end(cut, originMs + endMs);
  };
  return {
    elapsedMs,
    measure,
    stage: (stage, after, work) => measure(stage, after, () => inSpan(tracer, stage, {}, work)),
    leaf: (stage, after, work) => measure(stage, after, work, tracer.isOn ? record : undefined),
    findCut: () =>
      spans.findLast(({ endMs, cut }) => cut === "deadline_exceeded" || endMs === undefined)?.stage,
    entries() {
      const nowMs = elapsedMs();
      const critical = findCriticalPath(spans, nowMs);
      return spans
        .map((span) => ({
          stage: span.stage,
          startMs: toTenths(span.startMs),
          endMs: toTenths(span.endMs ?? nowMs),
          critical: critical.has(span),
          ...(span.cut === undefined ? {} : { cut: span.cut }),
        }))
        .toSorted((a, b) => a.startMs - b.startMs);
    },
  };
}

/** From the stage that ended last, back through whichever of its predecessors ended last. */
function findCriticalPath(spans: readonly Span[], nowMs: number): ReadonlySet<Span> {
  const path = new Set<Span>();
  let current = findLatest(spans, nowMs);
  while (current !== undefined && !path.has(current)) {
    path.add(current);
    const { after, startMs } = current;
    current = findLatest(
      // What was not over by then was not waited for: another stage of the same name, or a rewriting under way.
      spans.filter(({ stage, endMs = nowMs }) => after.includes(stage) && endMs <= startMs),
      nowMs,
    );
  }
  return path;
}

function findLatest(spans: readonly Span[], nowMs: number): Span | undefined {
  return spans.toSorted((a, b) => (b.endMs ?? nowMs) - (a.endMs ?? nowMs))[0];
}

/** Tenths of a millisecond: more would be noise on the wire. */
export function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
