/** What callers do in the world of the journal, drawn by chance, and what each of them heard. */
import { setTimeout as delay } from "node:timers/promises";
import * as fc from "fast-check";
import { sleep } from "../../../src/async/clock.ts";
import { NEVER } from "../../../src/async/never.ts";
import { AppError } from "../../../src/errors.ts";
import { type Message, parseMessages } from "../../support/app.ts";
import { settle } from "../../support/fake-clock.ts";
import {
  type CallerName,
  CALLERS,
  type Collection,
  type JournalWorld,
  QUESTIONS,
} from "./journal-world.ts";

export interface Action {
  readonly gapMs: number;
  readonly does: "ask" | "come back" | "look" | "cancel" | "write" | "make again" | "drain";
  readonly caller: CallerName;
  readonly question: string;
  readonly collections: readonly Collection[];
  readonly wants: "stream" | "whole" | "address" | "openai" | "chat";
  readonly isKept: boolean;
  readonly key: "a" | "b" | undefined;
  readonly deadlineMs: number;
  /** When its client leaves, at the latest. */
  readonly staysMs: number;
  /** It reads a piece only so often. */
  readonly slowMs: number;
  /** Of the runs so far, counted from the latest. */
  readonly run: number;
  /** As whoever asked for that run, and not as `caller`. */
  readonly isOwner: boolean;
  /** Where it goes on: so much behind or before what it had, or what no event is called. */
  readonly after: number | string;
  readonly words: number;
  readonly wordMs: number;
  readonly ends: "whole" | "breaks";
  readonly openMs: number;
  readonly archiveMs: number;
}

/** Nobody has heard of it. */
export const NO_RUN = "00000000-0000-4000-8000-000000000000";
const RUN_ID = /(?:"runId":"|chatcmpl-|"messageId":")([0-9a-f-]{36})"/;
export const STALL_MS = 10_000;
const oneOf = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
export const action: fc.Arbitrary<Action> = fc.record({
  gapMs: oneOf(0, 0, 0, 1, 30, 200, 200, 900, 4_000),
  does: fc.oneof(
    { weight: 12, arbitrary: fc.constant("ask" as const) },
    { weight: 8, arbitrary: fc.constant("come back" as const) },
    { weight: 3, arbitrary: oneOf<Action["does"]>("look", "cancel", "write", "make again") },
    { weight: 1, arbitrary: fc.nat(9).map((some) => (some === 0 ? "drain" : "look")) },
  ),
  caller: oneOf(CALLERS[0], ...CALLERS),
  question: oneOf(...QUESTIONS),
  collections: oneOf<readonly Collection[]>(["guide"], ["guide"], ["faq", "guide"], []),
  wants: oneOf("stream", "stream", "whole", "address", "openai", "chat"),
  isKept: oneOf(false, false, true),
  key: oneOf(undefined, undefined, undefined, "a" as const, "b" as const),
  deadlineMs: oneOf(30, 400, 2_000, 9_000, 30_000, 30_000),
  staysMs: oneOf(0, 100, 700, 3_000, 1e6, 1e6, 1e6, 1e6),
  slowMs: oneOf(0, 0, 0, 0, 50, 700, STALL_MS + 2_000),
  run: oneOf(0, 0, 0, 1, 1, 2, 3, 5, 8, 13),
  isOwner: oneOf(true, true, true, true, false),
  after: oneOf<number | string>(
    0,
    0,
    -1,
    -3,
    -100,
    1,
    1_000_000,
    "",
    "x",
    "-1",
    "1.5",
    "9".repeat(20),
  ),
  words: oneOf(0, 1, 3, 12, 60, 400),
  wordMs: oneOf(0, 0, 5, 60, 400),
  ends: oneOf("whole", "whole", "whole", "breaks"),
  openMs: oneOf(0, 0, 20, 150, 400),
  archiveMs: oneOf(0, 0, 0, 100, 2_000),
});

/** What became of a request. */
export interface Heard {
  readonly one: Action;
  readonly status: number;
  readonly code: string | undefined;
  readonly runId: string;
  readonly source: string;
  /** The editions there were when it asked. */
  readonly seen: Readonly<Record<Collection, number>>;
  /** The id it went on after, and the record it got, where it asked for one. */
  readonly afterId: number;
  readonly text: string;
  readonly ending: "closed" | "reset" | "left";
  readonly signal: AbortSignal;
}

export interface Played extends Journal {
  readonly all: readonly Heard[];
}

/** What needs no time but turns of the event loop, such as the reading of a body, goes on; the hash of a key is made in a thread of its own. */
async function turn(isHashed = false): Promise<void> {
  for (let count = 0; count < 6; count += 1) await settle();
  if (!isHashed) return;
  for (let count = 0; count < 3; count += 1) {
    await crypto.subtle.digest("SHA-256", new Uint8Array(1));
    await settle();
  }
}

function toRequest(one: Action, target: string, afterId: number | string): [string, RequestInit] {
  const own = { Authorization: `Bearer ${one.caller}` };
  if (one.does === "look") return [`/v1/runs/${target}`, { headers: own }];
  if (one.does === "cancel") return [`/v1/runs/${target}`, { headers: own, method: "DELETE" }];
  if (one.does === "come back") {
    return [`/v1/runs/${target}/events`, { headers: { ...own, "Last-Event-ID": `${afterId}` } }];
  }
  const prefer = one.wants === "address" ? "respond-async" : one.isKept ? "keep-run" : "";
  const headers = {
    ...own,
    "Content-Type": "application/json",
    ...(one.wants === "stream" && { Accept: "text/event-stream" }),
    ...(prefer !== "" && { Prefer: prefer }),
    ...(one.key && { "Idempotency-Key": one.key }),
    "X-Request-Timeout-Ms": `${one.deadlineMs}`,
  };
  const { question, collections } = one;
  const messages = [{ role: "user", content: question }];
  const parts = [{ role: "user", parts: [{ type: "text", text: question }] }];
  const [path, body] = {
    stream: ["/v1/ask", { question, collections }],
    whole: ["/v1/ask", { question, collections }],
    address: ["/v1/ask", { question, collections }],
    openai: ["/v1/chat/completions", { model: "tributary", messages, stream: true }],
    chat: ["/v1/chat", { id: "c", messages: parts }],
  }[one.wants] as [string, object];
  return [path, { method: "POST", headers, body: JSON.stringify(body) }];
}

async function readBody(
  world: JournalWorld,
  one: Action,
  response: Response,
  leave: AbortController,
) {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const next = await reader?.read().catch(() => "reset" as const);
    if (leave.signal.aborted) {
      void reader?.cancel().catch(() => undefined);
      return { text, ending: "left" as const };
    }
    if (next === "reset") return { text, ending: "reset" as const };
    if (next === undefined || next.done) return { text, ending: "closed" as const };
    text += decoder.decode(next.value, { stream: true });
    if (one.slowMs > 0) await sleep(world.clock, one.slowMs, NEVER);
  }
}

interface Journal {
  /** Runs in the order in which somebody heard of them, with their callers. */
  readonly runs: Map<string, CallerName>;
  readonly cancelled: Set<string>;
  readonly heard: Promise<Heard>[];
  /** The last id that somebody had of a run. */
  readonly lastIds: Map<string, number>;
  isDrained: boolean;
}

async function send(world: JournalWorld, journal: Journal, drawn: Action): Promise<Heard> {
  const { clock, app, state } = world;
  const target = chooseRun(journal, drawn);
  const isAsking = drawn.does === "ask";
  const one = isAsking ? drawn : { ...drawn, caller: chooseCaller(journal, drawn, target) };
  const afterId = toAfterId(journal, one, target);
  if (one.does === "cancel" && journal.runs.get(target) === one.caller) {
    journal.cancelled.add(target);
  }
  const seen = { ...state.editions };
  const leave = new AbortController();
  const [path, init] = toRequest(one, target, afterId);
  const request = new Request(`http://127.0.0.1${path}`, { ...init, signal: leave.signal });
  const cancelTimer = clock.timer(one.staysMs, () => leave.abort());
  const response = await app.fetch(request);
  note(journal, one, response.headers.get("X-Run-Id"));
  const body = await readBody(world, one, response, leave);
  cancelTimer();
  // A response that began before its run knows of it by its first event.
  const runId = response.headers.get("X-Run-Id") ?? RUN_ID.exec(body.text)?.[1] ?? "";
  if (isAsking) note(journal, one, runId);
  if (response.status === 200 && response.headers.get("Content-Type") === "text/event-stream") {
    noteLastId(journal, runId, body.text);
  }
  return {
    one,
    status: response.status,
    code: findCode(response, body.text),
    runId: isAsking ? runId : target,
    source: response.headers.get("X-Cache") ?? "own",
    seen,
    afterId: Number(afterId),
    ...body,
    signal: request.signal,
  };
}

/** The run that is meant. */
function chooseRun({ runs }: Journal, { run }: Action): string {
  const ids = [...runs.keys()];
  return ids.at(-1 - Math.min(run, Math.max(0, ids.length - 1))) ?? NO_RUN;
}

function chooseCaller({ runs }: Journal, { isOwner, caller }: Action, target: string): CallerName {
  return (isOwner ? runs.get(target) : undefined) ?? caller;
}

function toAfterId({ lastIds }: Journal, { after }: Action, target: string): number | string {
  return typeof after === "string" ? after : Math.max(0, (lastIds.get(target) ?? 0) + after);
}

/** Someone has heard of a run. */
function note({ runs }: Journal, { caller }: Action, runId: string | null): void {
  if (runId !== null && runId !== "" && !runs.has(runId)) runs.set(runId, caller);
}

/** Streams of others have no ids. */
function noteLastId({ lastIds }: Journal, runId: string, text: string): void {
  const id = Number(/^id: (\d+)$/m.exec(text.slice(text.lastIndexOf("\nid: ") + 1))?.[1] ?? 0);
  lastIds.set(runId, Math.max(id, lastIds.get(runId) ?? 0));
}

function findCode({ headers }: Response, text: string): string | undefined {
  const isProblem = headers.get("Content-Type") === "application/problem+json" && text !== "";
  return isProblem ? (JSON.parse(text) as { readonly code: string }).code : undefined;
}

/** Of the whole messages that have come. */
export function toMessages(text: string): readonly Message[] {
  return parseMessages(text.slice(0, text.lastIndexOf("\n\n") + 2));
}

export async function play(world: JournalWorld, actions: readonly Action[]): Promise<Played> {
  const { clock, state, gate } = world;
  const journal: Journal = {
    runs: new Map(),
    cancelled: new Set(),
    heard: [],
    lastIds: new Map(),
    isDrained: false,
  };
  for (const one of actions) {
    await clock.advance(one.gapMs);
    const { words, wordMs, ends, openMs, archiveMs } = one;
    Object.assign(state, { words, wordMs, ends, openMs, archiveMs });
    if (one.does === "drain") {
      journal.isDrained = true;
      gate.drain();
      clock.timer(one.wordMs, () => gate.abortAll(new AppError("draining")));
    } else if (one.does === "write") await world.publish(one.collections[0] ?? "guide", "written");
    else if (one.does === "make again")
      await world.publish(one.collections[0] ?? "guide", "made again");
    else journal.heard.push(send(world, journal, one));
    await turn(one.key !== undefined);
  }
  const done: { all?: readonly Heard[] } = {};
  void Promise.all(journal.heard).then((all) => (done.all = all));
  for (let count = 0; done.all === undefined && count < 600; count += 1) {
    await clock.advance(count < 20 ? 500 : 20_000);
    await turn();
    if (count > 40) await delay(1);
  }
  if (done.all === undefined) throw new Error("a client still waits");
  await clock.advance(2_000_000);
  await turn();
  return { ...journal, all: done.all };
}
