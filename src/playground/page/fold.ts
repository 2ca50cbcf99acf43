/** What a run has shown so far, folded from its events: the one state that every part of the page draws. */
import type {
  Citation,
  Leg,
  Passage,
  RunEnd,
  RunEvent,
  SentenceCheck,
} from "../../domain/event.ts";
import { countOf } from "../../text/count-of.ts";
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
  /** What there is of the value, where one was asked for. */
  readonly value?: { readonly json: unknown } | undefined;
  readonly passages: readonly Passage[];
  readonly citations: readonly Citation[];
  readonly checks: readonly SentenceCheck[];
  readonly ledger: readonly Leg[];
  readonly spans: readonly Span[];
  readonly degraded: readonly string[];
  /** From the question to the first words, as seen here. */
  readonly firstTextMs?: number | undefined;
  /** The connection is lost; what is shown goes on when it is back. */
  readonly isLost?: boolean;
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

/** Whether what is here of an answer is not all of it, however that came. */
export function isCut({ phase, end }: View): boolean {
  if (phase === "broken" || phase === "stopped") return true;
  return end !== undefined && end.outcome !== "finished" && end.outcome !== "exhausted";
}

/** Is there more to come? */
export function isOpen({ phase }: View): boolean {
  return phase === "asking" || phase === "searching" || phase === "writing";
}

/** The view after one more event, which came `sinceMs` after the question was put; undefined: nobody knows. */
export function fold(view: View, event: RunEvent, sinceMs: number | undefined): View {
  const change = CHANGES[event.type] as Change<RunEvent> | undefined;
  // A page that was open before the service was renewed may hear what it does not know.
  const after = change === undefined ? view : { ...view, ...change(view, event, sinceMs) };
  return after.isLost === true ? { ...after, isLost: false } : after;
}

type Change<T> = (view: View, event: T, sinceMs: number | undefined) => Partial<View>;
/** What each event changes; of some only the repetition in the last event counts. */
const CHANGES: { readonly [K in RunEvent["type"]]: Change<Extract<RunEvent, { type: K }>> } = {
  "run-start": (_view, { collections }) => ({
    phase: "searching",
    doing: `Searching ${collections.join(", ") || "every collection"} …`,
  }),
  "leg-end": addSpan,
  "retrieval-end": (view, event) => {
    const passages = [...view.passages, ...event.passages];
    return { passages, doing: `${countOf(passages.length, "passage")} found` };
  },
  "step-start": (_view, { step }) => ({ doing: `Step ${step}: deciding what to look up …` }),
  "tool-call": (_view, { name }) => ({ doing: `Calling ${name} …` }),
  "tool-result": addSpan,
  "tool-error": addSpan,
  "subrun-start": (_view, { question }) => ({ doing: `Looking into: ${question}` }),
  "subrun-end": addSpan,
  "text-delta": ({ answer, firstTextMs }, { text }, sinceMs) => ({
    phase: "writing",
    answer: answer + text,
    firstTextMs: firstTextMs ?? sinceMs,
  }),
  citation: ({ citations }, event) => ({ citations: [...citations, event] }),
  // What claims nothing is not judged.
  "sentence-check": ({ checks }, event) =>
    event.framing === true ? {} : { checks: [...checks, event] },
  "output-partial": ({ firstTextMs }, { value }, sinceMs) => ({
    phase: "writing",
    value: { json: value },
    firstTextMs: firstTextMs ?? sinceMs,
  }),
  "text-reset": () => ({ answer: "", citations: [], checks: [], value: undefined }),
  degraded: ({ degraded }, { code }) => ({ degraded: [...degraded, code] }),
  usage: () => ({}),
  "run-end": ({ spans, citations }, event) => ({
    phase: "ended",
    end: event,
    // A value's parts cite; it has no text in which they could stand.
    citations:
      event.outputChecks === undefined
        ? citations
        : event.outputChecks.flatMap((check) => check.citations.map(toCitation)),
    ...(event.output === undefined ? {} : { value: { json: event.output } }),
    ledger: event.ledger,
    degraded: event.degraded,
    spans: event.timeline.length > 0 ? event.timeline : spans,
  }),
};

/** A leaf's citation as one of the answer's. */
export function toCitation({ label, evidence }: Pick<Citation, "label" | "evidence">): Citation {
  return { label, evidence, start: 0, end: 0 };
}

type Timed = Extract<RunEvent, { type: "leg-end" | "tool-result" | "tool-error" | "subrun-end" }>;

function addSpan(view: View, event: Timed): Partial<View> {
  const { startMs, endMs } = event;
  const span = { stage: toStage(event), startMs, endMs, critical: false };
  const ledger = event.type === "leg-end" ? [...view.ledger, event] : view.ledger;
  return { ledger, spans: [...view.spans, span] };
}

/** Named as in the timeline that comes at the end. */
function toStage(event: Timed): string {
  if (event.type === "leg-end") return `search:${event.collection}/${event.retriever}`;
  return event.type === "subrun-end" ? `subrun:${event.subrunId}` : `tool:${event.name}`;
}
