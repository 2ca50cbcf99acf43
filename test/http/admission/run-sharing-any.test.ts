/** Whoever asks, joins, repeats and leaves: what each hears of its run, on a clock that stands still. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Reader } from "../../../src/async/broadcast.ts";
import { sleep } from "../../../src/async/clock.ts";
import { NEVER } from "../../../src/async/never.ts";
import { startDeadline } from "../../../src/async/deadline.ts";
import type { RunEvent } from "../../../src/domain/event.ts";
import { AppError, toAppError } from "../../../src/errors.ts";
import type { RunArchive } from "../../../src/http/runs/archive.ts";
import { createMemoryArchive } from "../../../src/http/runs/memory-archive.ts";
import { createRunGate } from "../../../src/http/admission/run-gate.ts";
import type { RunRequest } from "../../../src/http/admission/run-sharing.ts";
import type { Runner } from "../../../src/http/service.ts";
import { listStore, makeEnd, makeInfo, makeService, runStart } from "../../support/app.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { toAsk } from "../../support/run.ts";

/** One request: when after the one before, for how long, when its client leaves, and what it wants. */
interface Step {
  readonly gapMs: number;
  readonly budgetMs: number;
  readonly leavesMs: number | undefined;
  readonly question: "one" | "two";
  readonly key: "a" | "b" | undefined;
  readonly isKept: boolean;
  /** Before it the collection is written, or dropped and made again. */
  readonly change: "none" | "written" | "made again";
  /** Its run, should it get one of its own: words so long apart. */
  readonly words: number;
  readonly wordMs: number;
  /** The store takes so long to open the collection. */
  readonly openMs: number;
  /** And a run so much longer until it has opened the others. */
  readonly othersMs: number;
  /** What keeps the runs that are over takes so long, and may fail. */
  readonly archiveMs: number;
  readonly isBroken: boolean;
  /** The service begins to drain just before. */
  readonly drains: boolean;
}

const ms = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(0), fc.integer({ min: 1, max }));
const step: fc.Arbitrary<Step> = fc.record({
  gapMs: ms(400),
  budgetMs: fc.integer({ min: 1, max: 2_000 }),
  leavesMs: fc.option(fc.integer({ min: 0, max: 1_500 }), { nil: undefined }),
  question: fc.constantFrom("one" as const, "two" as const),
  key: fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    fc.constantFrom("a" as const, "b" as const),
  ),
  isKept: fc.nat(5).map((some) => some === 0),
  change: fc.oneof(
    { weight: 4, arbitrary: fc.constant("none" as const) },
    fc.constantFrom("written" as const, "made again" as const),
  ),
  words: fc.nat(6),
  wordMs: ms(300),
  openMs: ms(150),
  othersMs: fc.oneof(fc.constant(0), ms(400)),
  archiveMs: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, ms(3_000)),
  isBroken: fc.nat(7).map((some) => some === 0),
  drains: fc.nat(60).map((some) => some === 0),
});

/** Keeps runs in memory, as slowly as the state says, or not at all. */
function createSlowArchive(
  clock: FakeClock,
  state: { readonly archiveMs: number; readonly isBroken: boolean },
): RunArchive {
  const kept = createMemoryArchive({ runsMax: 3, bytesMax: 1e6, ageMsMax: 10_000 }, clock);
  const wait = () => sleep(clock, state.archiveMs, NEVER);
  const look = async <T>(find: () => Promise<T>): Promise<T> => {
    await wait();
    if (state.isBroken) throw new AppError("store_unavailable");
    return find();
  };
  return {
    async put(run) {
      await wait();
      if (!state.isBroken) await kept.put(run);
    },
    find: (id) => look(() => kept.find(id)),
    findByKey: (callerId, name) => look(() => kept.findByKey(callerId, name)),
  };
}

function setUp() {
  const clock = createFakeClock();
  const state = {
    version: 1,
    instance: 0,
    openMs: 0,
    othersMs: 0,
    words: 0,
    wordMs: 0,
    runs: 0,
    archiveMs: 0,
    isBroken: false,
  };
  const run: Runner = async function* (ask, signal, watch) {
    state.runs += 1;
    const { words, wordMs, openMs, othersMs } = state;
    using deadline = startDeadline({ clock, budgetMs: ask.deadlineMs, parent: signal });
    let outcome: "finished" | "expired" | "cancelled" = "finished";
    let text = "";
    let versions: Record<string, number> = {};
    try {
      await sleep(clock, openMs, deadline.signal);
      watch?.onOpening?.();
      const { version, instance } = state;
      await sleep(clock, othersMs, deadline.signal);
      versions = { guide: version };
      text = `${ask.question} ${version} ${instance}`;
      watch?.onOpened?.({ versions, instances: { guide: String(instance) } });
      yield { ...runStart, runId: `run-${state.runs}`, versions } as RunEvent;
      for (let word = 0; word < words; word += 1) {
        await sleep(clock, wordMs, deadline.signal);
        yield { type: "text-delta", text };
      }
    } catch (thrown) {
      const { code } = toAppError(thrown);
      outcome = code === "deadline_exceeded" ? "expired" : "cancelled";
    }
    const error = { code: "cancelled" as const, retryable: false };
    yield makeEnd({ outcome, versions, ...(outcome === "finished" ? {} : { error }) });
  };
  const store = listStore({ guide: makeInfo("guide") });
  const service = makeService({
    clock,
    archive: createSlowArchive(clock, state),
    env: { ANSWER_CACHE_RUNS_MAX: "2", STREAM_BYTES_MAX: "1024" },
    store: {
      ...store,
      async open(name, signal) {
        if (state.openMs > 0) await sleep(clock, state.openMs, signal);
        const snapshot = await store.open(name, signal);
        const { version, instance } = state;
        return { ...snapshot, instance: String(instance), info: { ...snapshot.info, version } };
      },
    },
    gate: createRunGate({ clock, runsMax: 2, queueMax: 2, queueTimeoutMs: 200, callerRunsMax: 4 }),
  });
  const underWay = new Map<string, readonly AbortSignal[]>();
  return { clock, state, run, service, underWay, clashes: [] as string[] };
}

interface Heard {
  readonly step: Step;
  /** What there was when it asked. */
  readonly seen: { readonly question: string; readonly version: number; readonly instance: number };
  readonly events: readonly RunEvent[];
  readonly source: string;
  readonly code: string | undefined;
  readonly ms: number;
}

async function hear(reader: Reader<RunEvent>, clock: FakeClock): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  while (!reader.over) {
    events.push(...(await reader.read(10_000)));
    if (events.length % 3 === 1) await sleep(clock, 1, NEVER);
  }
  reader.leave();
  return events;
}

/** A run that says when it is not the only one under its key, but for those that were told to end. */
function watchKey({ run, underWay, clashes }: ReturnType<typeof setUp>, key: string): Runner {
  return async function* (ask, signal, watch) {
    const others = (underWay.get(key) ?? []).filter((other) => !other.aborted);
    if (others.length > 0) clashes.push(key);
    underWay.set(key, [...others, signal]);
    try {
      yield* run(ask, signal, watch);
    } finally {
      underWay.set(key, underWay.get(key)?.filter((other) => other !== signal) ?? []);
    }
  };
}

async function play(world: ReturnType<typeof setUp>, steps: readonly Step[]) {
  const { clock, state, run, service } = world;
  const heard: Promise<Heard>[] = [];
  for (const one of steps) {
    await clock.advance(one.gapMs);
    if (one.change !== "none") state.version += one.change === "written" ? 1 : 0;
    if (one.change === "made again") state.instance += 1;
    const { words, wordMs, openMs, othersMs, archiveMs, isBroken } = one;
    Object.assign(state, { words, wordMs, openMs, othersMs, archiveMs, isBroken });
    if (one.drains) service.gate.drain();
    const client = new AbortController();
    const cancel = clock.timer(one.leavesMs ?? 100_000, () =>
      client.abort(new AppError("cancelled")),
    );
    const request: RunRequest = {
      ask: toAsk(one.question, { deadlineMs: one.budgetMs, collections: ["guide"] }),
      run: one.key === undefined ? run : watchKey(world, one.key),
      client: client.signal,
      requestId: "r",
      isKept: one.isKept,
      ...(one.key && { key: { name: one.key, fingerprint: one.question } }),
    };
    const startMs = clock.now();
    const seen = { question: one.question, version: state.version, instance: state.instance };
    const listen = async (): Promise<Heard> => {
      const told = { step: one, seen, events: [] as readonly RunEvent[], source: "" };
      let code: string | undefined;
      try {
        const { reader, source } = await service.sharing.listen(request);
        told.source = source;
        told.events = await hear(reader, clock);
      } catch (thrown) {
        ({ code } = toAppError(thrown));
      }
      cancel();
      return { ...told, code, ms: clock.now() - startMs };
    };
    heard.push(listen());
  }
  await clock.advance(120_000);
  return Promise.all(heard);
}

test("everyone hears one whole run of what there was when it asked, in its own time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const world = setUp();
      for (const { step: one, seen, events, source, code, ms: tookMs } of await play(
        world,
        steps,
      )) {
        expect(["internal", "not_found"]).not.toContain(code);
        const ends = events.filter(({ type }) => type === "run-end");
        const hasLeft = one.leavesMs !== undefined && one.leavesMs <= tookMs;
        expect(ends.length === 1 || code !== undefined || hasLeft).toBe(true);
        expect(events.slice(0, -1).some(({ type }) => type === "run-end")).toBe(false);
        expect(tookMs).toBeLessThanOrEqual(one.budgetMs + 5);
        // Nobody is told of what was there before it asked, but who names an earlier request.
        const words = events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
        const isShared = source === "shared" || source === "hit";
        for (const word of isShared ? words : []) {
          const [question, version, instance] = word.split(" ");
          expect(question).toBe(seen.question);
          expect(Number(version)).toBeGreaterThanOrEqual(seen.version);
          expect(Number(instance)).toBeGreaterThanOrEqual(seen.instance);
        }
      }
      expect([world.service.gate.running, world.service.gate.waiting]).toEqual([0, 0]);
      expect(world.clock.pending).toBe(0);
      expect(world.clashes).toEqual([]);
    }),
    { numRuns: 150 },
  );
});
