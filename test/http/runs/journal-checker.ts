/** Holds what each caller heard to the run as it was kept: a sentence for each breach. */
import { isDeepStrictEqual } from "node:util";
import type { RunEnd, RunEvent } from "../../../src/domain/event.ts";
import { foldRun, toFinishedRun } from "../../../src/http/response/run-record.ts";
import type { Message } from "../../support/app.ts";
import { type Heard, NO_RUN, type Played, STALL_MS, toMessages } from "./journal-play.ts";
import type { Collection, JournalWorld } from "./journal-world.ts";

const toJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const breachIf = (isBroken: boolean, sentence: string): readonly string[] =>
  isBroken ? [sentence] : [];

export function findEnd(events: readonly RunEvent[]): RunEnd | undefined {
  const last = events.at(-1);
  return last?.type === "run-end" ? last : undefined;
}

/** Whether these messages are these events, each once and in order, from there on; and where they end. */
export function readEvents(
  messages: readonly Message[],
  events: readonly RunEvent[],
  afterId: number,
): { readonly at: number; readonly breach?: string } {
  let at = afterId;
  for (const { id, data } of messages) {
    const part = events.slice(at, Number(id));
    const text = part.map((event) => (event.type === "text-delta" ? event.text : "?")).join("");
    const isText = data.type === "text-delta";
    const whole = isText ? { type: "text-delta", text } : toJson(part[0]);
    const isNext = part.length > 0 && (isText || part.length === 1);
    if (!isNext || !isDeepStrictEqual(data, whole)) {
      return { at, breach: `event ${id} after ${at} is not what was kept` };
    }
    at = Number(id);
  }
  return { at };
}

/** The end of one who had less time than the run. */
export function isEarlyEnd({ one, source, text }: Heard): boolean {
  const isPossible = source === "shared" || (one.does === "ask" && one.key !== undefined);
  if (one.wants !== "stream")
    return isPossible && /deadline.*\s+(?:data: \[DONE\]\s+)?$/.test(text);
  const last = toMessages(text).at(-1)?.data;
  return isPossible && last?.type === "run-end" && last.outcome === "expired";
}

/** One terminal event, and nothing behind it, in the words of others. */
const ONE_END = {
  openai: /^(?!(?:[^]*(?:\[DONE\]|data: \{"error":)){2})[^]*data: (?:\[DONE\]|\{"error":.*\})\n\n$/,
  chat: /^(?!(?:[^]*\[DONE\]){2})[^]*data: \{"type":"(?:finish|abort|error)".*\}\n\ndata: \[DONE\]\n\n$/,
};

/** One whole run, or the rest of it, with one end, unless its reader left or took nothing for too long. */
function findStreamBreaches(heard: Heard, events: readonly RunEvent[]): readonly string[] {
  const { one, text, ending, afterId } = heard;
  const reset = breachIf(ending === "reset" && one.slowMs < STALL_MS, "reset without a stall");
  const isWhole = ending === "closed";
  if (one.does === "ask" && (one.wants === "openai" || one.wants === "chat")) {
    return [...reset, ...breachIf(isWhole && !ONE_END[one.wants].test(text), "not one end")];
  }
  const messages = toMessages(text);
  const isEarly = isEarlyEnd(heard);
  const own = isEarly ? messages.slice(0, -1) : messages;
  const { at, breach } = readEvents(own, events, one.does === "ask" ? 0 : afterId);
  return [
    ...reset,
    ...breachIf(breach !== undefined, breach ?? ""),
    ...breachIf(isWhole && !isEarly && at !== events.length, `ends at ${at} of ${events.length}`),
  ];
}

/** Of each collection one edition, and none that was replaced before it was asked, unless the run says so or its caller named it. */
function findStale({ one, seen }: Heard, events: readonly RunEvent[]): readonly string[] {
  const isSaid = findEnd(events)?.degraded.some((code) => code.includes("stale")) === true;
  const { passages } = foldRun(events);
  return [...Map.groupBy(passages, ({ collection }) => collection)].flatMap(([name, some]) => {
    const editions = new Set(some.map(({ text }) => Number(/edition (\d+)/.exec(text)?.[1])));
    const isOld = Math.min(...editions) < seen[name as Collection];
    return [
      ...breachIf(editions.size !== 1, `editions ${[...editions].join(", ")} of ${name}`),
      ...breachIf(isOld && !isSaid && one.key === undefined, `an old edition of ${name}`),
    ];
  });
}

/** A record so far, or of a run that was told to end. */
function findViewBreaches({ one, runId, text }: Heard, events: readonly RunEvent[]) {
  const view = JSON.parse(text) as Record<string, unknown>;
  const lastId = Number(view["lastEventId"]);
  const isEnded = view["status"] === "ended";
  const { answer } = foldRun(events.slice(0, lastId));
  return [
    ...breachIf(view["runId"] !== runId || view["answer"] !== answer, "the record of another"),
    ...breachIf(isEnded !== (lastId === events.length), "ended and not at its end, or the reverse"),
    ...breachIf(one.does === "cancel" && !isEnded, "cancelled and not ended"),
  ];
}

const CODES = [
  "overloaded",
  "draining",
  "deadline_exceeded",
  "idempotency_conflict",
  "upstream_bad_response",
  "upstream_truncated",
  "rate_limited",
  "cancelled",
];

/** What an answer may be refused with, and whether it is of what there is. */
function findAskBreaches(heard: Heard, events: readonly RunEvent[]): readonly string[] {
  const { one, status, code, ending, text } = heard;
  const known = one.caller === "other" ? [...CODES, "collection_not_found"] : CODES;
  const isRecord = status === 200 && one.wants === "whole" && ending === "closed";
  const isSame = !isRecord || isDeepStrictEqual(JSON.parse(text), toJson(toFinishedRun(events)));
  return [
    ...breachIf(code !== undefined && !known.includes(code), `refused with ${code}`),
    ...breachIf(!isSame, "the record is not that of its run"),
    ...(events.length > 0 ? findStale(heard, events) : []),
  ];
}

/** Whether someone who names a run is told what it is to them. */
function findNamingBreaches({ one, status, afterId }: Heard, length: number): readonly string[] {
  const isComing = one.does === "come back";
  const isId = typeof one.after === "number";
  return [
    ...breachIf(![200, 404, 410].includes(status) && !isComing, `${status} for ${one.does}`),
    ...breachIf(![200, 204, 400, 404, 410].includes(status), `${status} for ${one.does}`),
    ...breachIf(isComing && status === 200 && !isId, "an id that is none was taken"),
    ...breachIf(status === 400 && isId && one.after <= 0, "an id of the run was refused"),
    ...breachIf(status === 204 && afterId !== length, "nothing more, and there was"),
  ];
}

/** What is wrong with what this caller heard. */
export function findBreaches(world: JournalWorld, played: Played, heard: Heard): readonly string[] {
  const { one, status, runId, ending } = heard;
  const events = world.told.get(runId) ?? [];
  if (status === 499) return breachIf(ending !== "left" && one.staysMs > 1e5, "499 for who stayed");
  const isOwner = runId !== NO_RUN && played.runs.get(runId) === one.caller;
  if (one.does !== "ask" && !isOwner) return breachIf(status !== 404, `${status} for a stranger`);
  return [
    ...(one.does === "ask"
      ? findAskBreaches(heard, events)
      : findNamingBreaches(heard, events.length)),
    ...(status === 200 ? findBodyBreaches(heard, events) : []),
  ].map((breach) => `${one.does} ${one.wants} of ${runId}: ${breach}`);
}

function findBodyBreaches(heard: Heard, events: readonly RunEvent[]): readonly string[] {
  const { does, wants } = heard.one;
  if (events.length === 0) return ["a run that was shown was not kept"];
  if (does === "come back") return findStreamBreaches(heard, events);
  if (does === "ask") return wants === "whole" ? [] : findStreamBreaches(heard, events);
  return heard.ending === "closed" ? findViewBreaches(heard, events) : [];
}
