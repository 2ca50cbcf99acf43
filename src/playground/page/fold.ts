/** What a run has shown so far, folded from its events: the one state that every part of the page draws. */
import type {
  Citation,
  Leg,
  Passage,
  RunEnd,
  RunEvent,
  SentenceCheck,
} from "../../domain/event.ts";
import type { Problem, Question } from "./client.ts";

/** A piece of work with its place in time, in milliseconds from the run's start. */
export interface Span {
  readonly stage: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly critical: boolean;
}

/** `broken`: the stream ended without its last event, so what was shown is not complete. */
export type Phase =
  | "asking"
  | "searching"
  | "writing"
  | "ended"
  | "stopped"
  | "broken"
  | "refused"
  | "unreachable";

export interface View {
  readonly asked: Question;
  readonly phase: Phase;
  /** What is going on, in a few words. */
  readonly doing: string;
  readonly answer: string;
  readonly passages: readonly Passage[];
  readonly citations: readonly Citation[];
  readonly checks: readonly SentenceCheck[];
  readonly ledger: readonly Leg[];
  readonly spans: readonly Span[];
  readonly degraded: readonly string[];
  /** From the question to the first words, as seen here. */
  readonly firstTextMs?: number;
  readonly end?: RunEnd;
  readonly problem?: Problem;
}

/** A question that was just put. */
export function startView(asked: Question): View {
  return {
    asked,
    phase: "asking",
    doing: "Asking …",
    answer: "",
    passages: [],
    citations: [],
    checks: [],
    ledger: [],
    spans: [],
    degraded: [],
  };
}

/** Is there more to come? */
export function isOpen({ phase }: View): boolean {
  return phase === "asking" || phase === "searching" || phase === "writing";
}

/** The view after one more event, which came `sinceMs` after the question was put. */
export function fold(view: View, event: RunEvent, sinceMs: number): View {
  switch (event.type) {
    case "run-start": {
      const where = event.collections.join(", ");
      return { ...view, phase: "searching", doing: `Searching ${where || "every collection"} …` };
    }
    case "retrieval-end": {
      const passages = [...view.passages, ...event.passages];
      return { ...view, passages, doing: `${toCount(passages.length, "passage")} found. Writing …` };
    }
    case "text-delta":
      return {
        ...view,
        phase: "writing",
        answer: view.answer + event.text,
        firstTextMs: view.firstTextMs ?? sinceMs,
      };
    case "text-reset":
      return { ...view, answer: "", citations: [], checks: [] };
    case "citation":
      return { ...view, citations: [...view.citations, event] };
    case "sentence-check":
      return { ...view, checks: [...view.checks, event] };
    case "degraded":
      return { ...view, degraded: [...view.degraded, event.code] };
    case "run-end":
      return {
        ...view,
        phase: "ended",
        end: event,
        ledger: event.ledger,
        degraded: event.degraded,
        spans: event.timeline.length > 0 ? event.timeline : view.spans,
      };
    case "leg-end":
    case "tool-result":
    case "tool-error":
    case "subrun-end":
      return foldSpan(view, event);
    case "step-start":
      return { ...view, doing: `Step ${event.step}: deciding what to look up …` };
    case "tool-call":
      return { ...view, doing: `Calling ${event.name} …` };
    case "subrun-start":
      return { ...view, doing: `Looking into: ${event.question}` };
    default:
      return view;
  }
}

type Timed = Extract<
  RunEvent,
  { type: "leg-end" | "tool-result" | "tool-error" | "subrun-end" }
>;

function foldSpan(view: View, event: Timed): View {
  const { startMs, endMs } = event;
  const span = { stage: toStage(event), startMs, endMs, critical: false };
  const ledger = event.type === "leg-end" ? [...view.ledger, event] : view.ledger;
  return { ...view, ledger, spans: [...view.spans, span] };
}

/** Named as in the timeline that comes at the end. */
function toStage(event: Timed): string {
  if (event.type === "leg-end") return `search:${event.collection}/${event.retriever}`;
  return event.type === "subrun-end" ? `subrun:${event.subrunId}` : `tool:${event.name}`;
}

/** `1 passage`, `3 passages`. */
export function toCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
