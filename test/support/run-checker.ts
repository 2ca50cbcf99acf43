/** Holds what the events of a run say to each other: the parts of its end are those that were told, and every number points somewhere. */
import type { RunEnd, RunEvent } from "../../src/domain/event.ts";

type Of<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;

/** What does not hold of a run's events, in sentences; none where all is well. A stream that was cut is held to what it got. */
export function findContradictions(events: readonly RunEvent[]): readonly string[] {
  const of = <T extends RunEvent["type"]>(type: T): readonly Of<T>[] =>
    events.filter((event): event is Of<T> => event.type === type);
  const faults: string[] = [];
  const must = (holds: boolean, sentence: string): void => {
    if (!holds) faults.push(sentence);
  };
  const passages = of("retrieval-end").flatMap((event) => event.passages);
  must(
    passages.every(({ label }, index) => label === index + 1),
    `passages have the labels ${passages.map(({ label }) => label).join()}`,
  );
  for (const fault of checkText(events)) faults.push(fault);
  for (const fault of checkTools(events)) faults.push(fault);
  for (const { label, evidence } of of("citation")) {
    const passage = passages.find((one) => one.label === label);
    const isThere =
      passage?.documentId === evidence.documentId &&
      passage.start <= evidence.start &&
      evidence.start < evidence.end &&
      evidence.end <= passage.end;
    must(isThere, `[${label}] points to ${JSON.stringify(evidence)}`);
  }
  const [end] = of("run-end");
  if (end !== undefined) for (const fault of checkEnd(end, events, of)) faults.push(fault);
  return faults;
}

/** Spans lie in the text that was shown before them; sentences come in their order. */
function checkText(events: readonly RunEvent[]): readonly string[] {
  const faults: string[] = [];
  let length = 0;
  let checked = 0;
  for (const event of events) {
    if (event.type === "text-delta") length += event.text.length;
    if (event.type === "text-reset") [length, checked] = [0, 0];
    if (event.type !== "citation" && event.type !== "sentence-check") continue;
    const { type, start, end: stop } = event;
    if (start >= stop || stop > length) faults.push(`${type} ${start}-${stop} of ${length}`);
    if (type !== "sentence-check") continue;
    if (start < checked) faults.push(`a sentence at ${start} comes after ${checked}`);
    checked = stop;
  }
  return faults;
}

/** A call is told once, and how it ended once, after it. */
function checkTools(events: readonly RunEvent[]): readonly string[] {
  const faults: string[] = [];
  const open = new Set<string>();
  const seen = new Set<string>();
  const subruns = new Set<string>();
  for (const event of events) {
    if (event.type === "tool-call") {
      if (seen.has(event.callId)) faults.push(`two calls ${event.callId}`);
      seen.add(event.callId);
      open.add(event.callId);
    }
    if (event.type === "tool-result" || event.type === "tool-error") {
      if (!open.delete(event.callId)) faults.push(`${event.type} without a call: ${event.callId}`);
      if (event.endMs < event.startMs) faults.push(`${event.callId} ended before it began`);
    }
    if (event.type === "subrun-start") subruns.add(event.subrunId);
    if (event.type === "subrun-end" && !subruns.delete(event.subrunId)) {
      faults.push(`the end of ${event.subrunId}, which had not begun`);
    }
    if (event.type === "run-end" && event.outcome === "finished") {
      for (const id of [...open, ...subruns]) faults.push(`${id} has no end`);
    }
  }
  return faults;
}

function checkEnd(
  end: RunEnd,
  events: readonly RunEvent[],
  of: <T extends RunEvent["type"]>(type: T) => readonly Of<T>[],
): readonly string[] {
  const faults: string[] = [];
  const same = (what: string, told: unknown, ended: unknown): void => {
    const [a, b] = [JSON.stringify(told), JSON.stringify(ended)];
    if (a !== b) faults.push(`${what}: told ${a}, at the end ${b}`);
  };
  const [start] = of("run-start");
  same("the run", start?.runId, end.runId);
  same(
    "degraded",
    of("degraded").map(({ code }) => code),
    end.degraded,
  );
  const name = (leg: { readonly collection: string; readonly retriever: string }): string =>
    `${leg.collection}/${leg.retriever}`;
  same("legs", of("leg-end").map(name).toSorted(), end.ledger.map(name).toSorted());
  const usage = { inputTokens: 0, outputTokens: 0, requests: 0 };
  for (const one of of("usage")) {
    usage.inputTokens += one.inputTokens;
    usage.outputTokens += one.outputTokens;
    usage.requests += one.requests;
  }
  same("usage", usage, end.usage);
  return [...faults, ...checkOutcome(end, events, of)];
}

function checkOutcome(
  { outcome, error, grounding, timeline, output }: RunEnd,
  events: readonly RunEvent[],
  of: <T extends RunEvent["type"]>(type: T) => readonly Of<T>[],
): readonly string[] {
  const faults: string[] = [];
  const isWhole = outcome === "finished" || outcome === "exhausted";
  if (isWhole !== (error === undefined)) faults.push(`${outcome} with the error ${error?.code}`);
  if (outcome === "finished" && output === undefined) {
    const verdicts = of("sentence-check").map(({ verdict }) => verdict);
    const isSure = verdicts.length > 0 && verdicts.every((verdict) => verdict === "supported");
    if (grounding === "grounded" && !isSure) faults.push(`grounded, of ${verdicts.join()}`);
    if (events.every(({ type }) => type !== "text-delta")) faults.push("finished without a word");
  }
  const backwards = timeline.filter(({ startMs, endMs }) => endMs < startMs);
  return [...faults, ...backwards.map(({ stage }) => `${stage} ended before it began`)];
}
