/** What a run's events say, as spans: steps, tools and sub-agents below the run, and what the run came to. */
import type { RunEnd, RunEvent } from "../domain/event.ts";
import type { RunObserver } from "./run-observer.ts";
import type { Attributes, Span, Tracer } from "./tracer.ts";

type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>;

/** The run itself has no subrun's id. */
const SELF = "";

export interface RunTraceOptions {
  readonly tracer: Tracer;
  /** The run's own span; ends with it. */
  readonly span: Span;
  /** Of the tracer's clock: what the times of events count from. */
  readonly startMs: number;
}

/** Builds spans from one run's events. */
export function createRunTrace(options: RunTraceOptions): RunObserver {
  return new RunTrace(options);
}

class RunTrace implements RunObserver {
  readonly #tracer: Tracer;
  readonly #span: Span;
  readonly #startMs: number;
  /** The step under way, and the sub-agents, each by the subrun's id. */
  readonly #steps = new Map<string, Span>();
  readonly #subruns = new Map<string, Span>();
  readonly #passages: string[] = [];
  #answer = "";

  constructor({ tracer, span, startMs }: RunTraceOptions) {
    this.#tracer = tracer;
    this.#span = span;
    this.#startMs = startMs;
  }

  onEvent(event: RunEvent, sinceMs: number): void {
    const nowMs = this.#startMs + sinceMs;
    if (this.#tracer.hasContent) this.#addContent(event);
    if (event.type === "run-start") this.#begin(event);
    else if (event.type === "step-start") this.#startStep(event, nowMs);
    else if (event.type === "tool-result" || event.type === "tool-error") this.#addTool(event);
    else if (event.type === "subrun-start") this.#startSubrun(event, nowMs);
    else if (event.type === "subrun-end") this.#endSubrun(event);
    else if (event.type === "run-end") this.#end(event, nowMs);
  }

  /** Only for those who ask for it by name. */
  #addContent(event: RunEvent): void {
    if (event.type === "run-start") this.#span.set({ "gen_ai.input.messages": event.question });
    if (event.type === "text-delta") this.#answer += event.text;
    if (event.type === "text-reset") this.#answer = "";
    if (event.type === "retrieval-end") {
      this.#passages.push(...event.passages.map(({ text }) => text));
    }
    if (event.type !== "run-end") return;
    this.#span.set({
      "tributary.passages": this.#passages,
      "gen_ai.output.messages": this.#answer,
    });
  }

  #begin({ runId, mode, collections }: EventOf<"run-start">): void {
    this.#span.set({
      "tributary.run.id": runId,
      "tributary.mode": mode,
      "tributary.collections": collections,
    });
  }

  #startStep({ step, subrunId = SELF }: EventOf<"step-start">, nowMs: number): void {
    this.#steps.get(subrunId)?.end(undefined, nowMs);
    const parent = (this.#subruns.get(subrunId) ?? this.#span).context;
    const attributes = { "tributary.step": step };
    this.#steps.set(
      subrunId,
      this.#tracer.start(`step ${step}`, { parent, attributes, startMs: nowMs }),
    );
  }

  #addTool(event: EventOf<"tool-result" | "tool-error">): void {
    const subrunId = event.subrunId ?? SELF;
    const above = this.#steps.get(subrunId) ?? this.#subruns.get(subrunId) ?? this.#span;
    const span = this.#tracer.start(`execute_tool ${event.name}`, {
      parent: above.context,
      startMs: this.#startMs + event.startMs,
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": event.name,
        "gen_ai.tool.call.id": event.callId,
      },
    });
    const error = event.type === "tool-error" ? event.code : undefined;
    span.end(error, this.#startMs + event.endMs);
  }

  #startSubrun({ subrunId, question }: EventOf<"subrun-start">, nowMs: number): void {
    const attributes: Attributes = {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.id": subrunId,
      ...(this.#tracer.hasContent ? { "gen_ai.input.messages": question } : {}),
    };
    const { context: parent } = this.#span;
    const start = { parent, attributes, startMs: nowMs };
    this.#subruns.set(subrunId, this.#tracer.start("invoke_agent sub-agent", start));
  }

  #endSubrun(event: EventOf<"subrun-end">): void {
    const { subrunId, outcome, code } = event;
    const endMs = this.#startMs + event.endMs;
    this.#steps.get(subrunId)?.end(undefined, endMs);
    this.#steps.delete(subrunId);
    const span = this.#subruns.get(subrunId);
    span?.set({ "tributary.outcome": outcome, "tributary.passages.count": event.passages });
    span?.end(outcome === "finished" ? undefined : (code ?? outcome), endMs);
    this.#subruns.delete(subrunId);
  }

  #end(end: RunEnd, nowMs: number): void {
    const { outcome, grounding, answerer, usage, degraded, error } = end;
    this.#endAll(nowMs);
    this.#span.set({
      "tributary.outcome": outcome,
      "tributary.grounding": grounding,
      "tributary.answerer": answerer,
      "tributary.degraded": degraded,
      "gen_ai.usage.input_tokens": usage.inputTokens,
      "gen_ai.usage.output_tokens": usage.outputTokens,
    });
    this.#span.end(error?.code, nowMs);
  }

  /** What is open has no end of its own. */
  #endAll(nowMs: number): void {
    for (const span of [...this.#steps.values(), ...this.#subruns.values()]) {
      span.end(undefined, nowMs);
    }
  }
}
