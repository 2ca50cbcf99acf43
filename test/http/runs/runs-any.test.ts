/** Clients that break off, come back, and cancel, while the service drains and its archive is slow: nobody misses or hears a word twice. */
import { setTimeout as delay } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sleep } from "../../../src/async/clock.ts";
import { startDeadline } from "../../../src/async/deadline.ts";
import { NEVER } from "../../../src/async/never.ts";
import type { RunEnd, RunEvent } from "../../../src/domain/event.ts";
import { AppError, toAppError } from "../../../src/errors.ts";
import { createRunGate } from "../../../src/http/admission/run-gate.ts";
import type { RunArchive } from "../../../src/http/runs/archive.ts";
import { createMemoryArchive } from "../../../src/http/runs/memory-archive.ts";
import type { Runner } from "../../../src/http/service.ts";
import {
  askWith,
  makeApp,
  makeEnd,
  makeService,
  parseMessages,
  retrievalEnd,
  runStart,
  wantsEvents,
} from "../../support/app.ts";
import { createFakeClock, type FakeClock, settle } from "../../support/fake-clock.ts";

/** A client: what it asks for, how long it stays each time, and how long it is away after it. */
interface Visitor {
  readonly gapMs: number;
  readonly wants: "stream" | "kept" | "named" | "address" | "whole";
  readonly question: number;
  readonly deadlineMs: number;
  readonly visits: readonly { readonly staysMs: number; readonly awayMs: number }[];
  /** It reads a piece only so often. */
  readonly slowMs: number;
  /** It cancels the run when it comes back for the first time. */
  readonly cancels: boolean;
  readonly words: number;
  readonly wordMs: number;
  readonly archiveMs: number;
  /** Just before it the service begins to drain, and ends its runs so much later. */
  readonly drainsForMs: number | undefined;
}

const ms = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(0), fc.integer({ min: 1, max }));
const visitor: fc.Arbitrary<Visitor> = fc.record({
  gapMs: ms(800),
  wants: fc.constantFrom("stream", "kept", "named", "address", "whole"),
  question: fc.nat(2),
  deadlineMs: fc.integer({ min: 50, max: 6_000 }),
  visits: fc.array(fc.record({ staysMs: ms(900), awayMs: ms(1_500) }), {
    minLength: 1,
    maxLength: 4,
  }),
  slowMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, ms(400)),
  cancels: fc.nat(4).map((some) => some === 0),
  words: fc.nat(12),
  wordMs: ms(400),
  archiveMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, ms(2_000)),
  drainsForMs: fc.oneof({ weight: 30, arbitrary: fc.constant(undefined) }, ms(1_000)),
});

function createSlowArchive(clock: FakeClock, state: { readonly archiveMs: number }): RunArchive {
  const kept = createMemoryArchive({ runsMax: 1_000, bytesMax: 1e8, ageMsMax: 1e9 }, clock);
  const wait = () => sleep(clock, state.archiveMs, NEVER);
  return {
    put: (run) => wait().then(() => kept.put(run)),
    find: (id) => wait().then(() => kept.find(id)),
    findByKey: (callerId, name) => wait().then(() => kept.findByKey(callerId, name)),
  };
}

function setUp() {
  const clock = createFakeClock();
  const state = { archiveMs: 0, words: 0, wordMs: 0, runs: 0, running: 0, drained: false };
  const late: string[] = [];
  const cancelled = new Set<string>();
  const ends = new Map<string, RunEnd>();
  const run: Runner = async function* (ask, signal) {
    state.runs += 1;
    state.running += 1;
    const { words, wordMs } = state;
    const runId = `run-${state.runs}`;
    if (state.drained) late.push(runId);
    using deadline = startDeadline({ clock, budgetMs: ask.deadlineMs, parent: signal });
    let end = makeEnd({ runId });
    try {
      yield { ...runStart, runId } as RunEvent;
      await sleep(clock, wordMs, deadline.signal);
      yield retrievalEnd;
      for (let word = 0; word < words; word += 1) {
        await sleep(clock, wordMs, deadline.signal);
        yield { type: "text-delta", text: `${runId}.${word} ` };
      }
    } catch (thrown) {
      const { code, retryable } = toAppError(thrown);
      const outcome = code === "cancelled" ? "cancelled" : "failed";
      end = makeEnd({ runId, outcome, error: { code, retryable } });
    } finally {
      state.running -= 1;
    }
    ends.set(runId, end);
    yield end;
  };
  const service = makeService({
    clock,
    answer: run,
    archive: createSlowArchive(clock, state),
    env: { STREAM_BYTES_MAX: "1024", HOLD_BACK_MS: "300" },
    gate: createRunGate({ clock, runsMax: 3, queueMax: 3, queueTimeoutMs: 400, callerRunsMax: 9 }),
  });
  return { clock, state, service, app: makeApp(service), late, cancelled, ends };
}

type World = ReturnType<typeof setUp>;

/** What a client has had of its run, over all its visits. */
interface Heard {
  readonly one: Visitor;
  runId: string;
  lastId: number;
  text: string;
  /** Terminal events, and what came behind them. */
  ends: number;
  afterEnd: number;
  /** It stayed, and its stream ended without a last event. */
  isBroken: boolean;
  readonly statuses: number[];
}

/** Reads until the end or until it leaves. */
async function read(
  { clock }: World,
  response: Response,
  heard: Heard,
  { staysMs, leave }: { readonly staysMs: number; readonly leave: AbortController },
): Promise<void> {
  const reader = response.body?.getReader();
  let hasLeft = leave.signal.aborted;
  const cancelTimer = clock.timer(staysMs, () => {
    hasLeft = true;
    leave.abort();
    void reader?.cancel().catch(() => undefined);
  });
  const decoder = new TextDecoder();
  let pending = "";
  for (;;) {
    const next = await reader?.read().catch(() => undefined);
    if (hasLeft) return;
    if (next === undefined || next.done) break;
    pending += decoder.decode(next.value, { stream: true });
    const whole = pending.lastIndexOf("\n\n") + 2;
    for (const { id, data } of parseMessages(pending.slice(0, whole))) {
      heard.lastId = Number(id);
      if (heard.ends > 0) heard.afterEnd += 1;
      if (data.type === "run-end") heard.ends += 1;
      if (data.type === "text-delta") heard.text += data.text;
    }
    pending = pending.slice(whole);
    if (heard.one.slowMs > 0) await sleep(clock, heard.one.slowMs, NEVER);
    if (hasLeft) return;
  }
  cancelTimer();
  heard.isBroken ||= heard.ends === 0;
}

const HEADERS: Readonly<Record<Visitor["wants"], (one: Visitor) => Record<string, string>>> = {
  stream: () => wantsEvents,
  kept: () => ({ ...wantsEvents, Prefer: "keep-run" }),
  named: ({ question }) => ({ ...wantsEvents, "Idempotency-Key": `k${question}` }),
  address: () => ({ Prefer: "respond-async" }),
  whole: () => ({}),
};

/** Asks, or comes back to its run. */
async function open({ app }: World, heard: Heard, signal: AbortSignal): Promise<Response> {
  const { one, runId, lastId } = heard;
  if (runId !== "") {
    const headers = { "Last-Event-ID": `${lastId}` };
    return app.request(`/v1/runs/${runId}/events`, { headers, signal });
  }
  const { question, deadlineMs, wants } = one;
  const body = { question: `Question ${question}`, ...(wants !== "named" && { deadlineMs }) };
  return app.request("/v1/ask", { ...askWith(body, HEADERS[wants](one)), signal });
}

async function visit(world: World, one: Visitor): Promise<Heard> {
  const { app, clock, cancelled } = world;
  const heard: Heard = {
    one,
    runId: "",
    lastId: 0,
    text: "",
    ends: 0,
    afterEnd: 0,
    isBroken: false,
    statuses: [],
  };
  const stays = [...one.visits.map(({ staysMs }) => staysMs), 1e6];
  for (const [count, staysMs] of stays.entries()) {
    const leave = new AbortController();
    const cancelTimer = clock.timer(staysMs, () => leave.abort());
    const response = await open(world, heard, leave.signal);
    cancelTimer();
    heard.statuses.push(response.status);
    if (response.status === 499) continue;
    heard.runId = response.headers.get("X-Run-Id") ?? heard.runId;
    const isStream = response.headers.get("Content-Type") === "text/event-stream";
    if (isStream) await read(world, response, heard, { staysMs, leave });
    else if (response.status !== 202) return heard;
    if (heard.ends > 0 || heard.isBroken) return heard;
    await sleep(clock, one.visits[count]?.awayMs ?? 0, NEVER);
    if (one.cancels && count === 0) {
      cancelled.add(heard.runId);
      const { status } = await app.request(`/v1/runs/${heard.runId}`, { method: "DELETE" });
      heard.statuses.push(status);
    }
  }
  return heard;
}

/** What needs no time but turns of the event loop, such as the reading of a body, goes on. */
async function turn(): Promise<void> {
  for (let count = 0; count < 8; count += 1) await settle();
}

async function play(world: World, visitors: readonly Visitor[]): Promise<readonly Heard[]> {
  const { clock, state, service } = world;
  const visits: Promise<Heard>[] = [];
  for (const one of visitors) {
    await clock.advance(one.gapMs);
    const { words, wordMs, archiveMs, drainsForMs } = one;
    Object.assign(state, { words, wordMs, archiveMs });
    if (drainsForMs !== undefined) {
      state.drained = true;
      service.gate.drain();
      clock.timer(drainsForMs, () => service.gate.abortAll(new AppError("draining")));
    }
    visits.push(visit(world, one));
    await turn();
  }
  const done: { all?: readonly Heard[] } = {};
  void Promise.all(visits).then((heard) => (done.all = heard));
  // The hash of a key is made in a thread of its own, which takes time of this machine.
  for (let count = 0; done.all === undefined && count < 2_000; count += 1) {
    await clock.advance(count < 20 ? 500 : 20_000);
    await turn();
    if (count > 40) await delay(1);
  }
  if (done.all === undefined) throw new Error("a client still waits");
  await clock.advance(300_000);
  return done.all;
}

test("every client has each word of its run once, and one end, however often it was away", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(visitor, { minLength: 1, maxLength: 15 }), async (visitors) => {
      const world = setUp();
      const all = await play(world, visitors);
      for (const { one, runId, text, ends, afterEnd, isBroken, statuses } of all) {
        expect({ afterEnd, isBroken, isOnce: ends <= 1 }).toEqual({
          afterEnd: 0,
          isBroken: false,
          isOnce: true,
        });
        const words = text.split(" ").filter((word) => word !== "");
        expect(words).toEqual(words.map((_, word) => `${runId}.${word}`));
        expect(
          statuses.filter((status) => ![200, 202, 204, 499, 503, 504].includes(status)),
        ).toEqual([]);
        // Who was told of a run that is kept finds it as it left it.
        const isKept = one.wants === "kept" || one.wants === "address";
        const isRefused = (statuses[0] ?? 0) >= 400;
        if (!isKept || isRefused || runId === "" || world.cancelled.has(runId)) continue;
        expect(world.ends.get(runId)?.outcome).not.toBe("cancelled");
        expect(ends).toBe(1);
      }
      const { service, state, clock, late } = world;
      expect(late).toEqual([]);
      expect([service.gate.running, service.gate.waiting, state.running]).toEqual([0, 0, 0]);
      expect(clock.pending).toBe(0);
      expect(service.log.lines.filter((line) => line.startsWith("error"))).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
