/**
 * Callers who ask, share, name, come back, look and cancel, while records go, collections are rewritten and the service
 * drains: whoever reads a run reads the same run, once and to one end, and nobody is told what was there before.
 */
import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RunEvent } from "../../../src/domain/event.ts";
import { toEventSize } from "../../../src/http/response/event-size.ts";
import { findContradictions } from "../../support/run-checker.ts";
import { findBreaches, findEnd, isEarlyEnd, readEvents } from "./journal-checker.ts";
import { action, type Heard, play, type Played, toMessages } from "./journal-play.ts";
import { CALLERS, createJournalWorld, type JournalWorld, RUN_BYTES_MAX } from "./journal-world.ts";

/** Runs as they were kept: one start and one end each; and cancelled by nobody but who may. */
function findBrokenRuns(world: JournalWorld, played: Played): readonly string[] {
  return [...world.told].flatMap(([runId, events]) => {
    for (const event of events) RunEvent.parse(event);
    const starts = events.filter(({ type }) => type === "run-start").length;
    const isEnded = events.findIndex(({ type }) => type === "run-end") === events.length - 1;
    // Of one that is too long, what it said beyond the limit is not kept.
    const bytes = events.reduce((sum, event) => sum + toEventSize(event), 0);
    const isWhole = bytes < RUN_BYTES_MAX - 1_000;
    const mayEnd = played.isDrained || played.cancelled.has(runId);
    const isCancelled = !mayEnd && findEnd(events)?.outcome === "cancelled";
    return [
      ...(starts === 1 && isEnded ? [] : ["not one start and one end"]),
      ...(isWhole ? findContradictions(events) : []),
      ...(isCancelled && played.all.some((heard) => hasStayed(heard, runId))
        ? ["cancelled before a reader who stayed"]
        : []),
      ...(isCancelled && played.all.some((heard) => isKept(heard, runId))
        ? ["cancelled although it was to be kept"]
        : []),
    ].map((breach) => `${runId}: ${breach}`);
  });
}

/** Whoever came back may have come to a run that was cancelled already. */
function hasStayed(heard: Heard, runId: string): boolean {
  const { one, status, ending } = heard;
  const isItsOwn = heard.runId === runId && one.does === "ask" && status === 200;
  return isItsOwn && ending === "closed" && !isEarlyEnd(heard);
}

/** Its caller was told that it goes on. */
function isKept({ one, status, runId }: Heard, id: string): boolean {
  const isWanted = one.isKept || one.wants === "address";
  return runId === id && one.does === "ask" && isWanted && (status === 200 || status === 202);
}

/** After all: each run is found by its caller alone, from any place, as long as it is kept. */
async function findLostRecords(world: JournalWorld, { runs }: Played): Promise<readonly string[]> {
  const { app, kept, told, state, clock } = world;
  state.archiveMs = 0;
  const breaches: string[] = [];
  for (const [runId, owner] of runs) {
    const events = told.get(runId) ?? [];
    const { status } = await kept.find(runId);
    for (const caller of CALLERS) {
      const isHidden = caller !== owner;
      for (const after of new Set([0, Math.floor(events.length / 2), events.length])) {
        const headers = { Authorization: `Bearer ${caller}`, "Last-Event-ID": `${after}` };
        const responding = app.request(`/v1/runs/${runId}/events`, { headers });
        await clock.advance(0);
        const response = await responding;
        const whole = after === events.length ? 204 : 200;
        const own = { kept: whole, expired: 410, unknown: 404 }[status];
        const { at, breach } = readEvents(toMessages(await response.text()), events, after);
        const isRead = response.status !== 200 || (at === events.length && breach === undefined);
        if (response.status === (isHidden ? 404 : own) && isRead) continue;
        breaches.push(`${caller} after ${after} of ${runId}: ${response.status}, to ${at}`);
      }
    }
  }
  return breaches;
}

async function countLeft(world: JournalWorld, { all }: Played): Promise<object> {
  const { gate, state, clock } = world;
  const { running, waiting } = gate;
  return {
    running,
    waiting,
    models: state.running,
    opening: state.opening,
    timers: clock.pending,
    counted: await Promise.all(CALLERS.map((caller) => world.countRuns(caller))),
    listeners: all.flatMap(({ signal }) => getEventListeners(signal, "abort")).length,
  };
}

const NOTHING = {
  running: 0,
  waiting: 0,
  models: 0,
  opening: 0,
  timers: 0,
  counted: [0, 0],
  listeners: 0,
};

/** What is logged when models, collections and versions are late or fail. */
const EXPECTED = /^(?:info|warn|error (?:model-failed|store-late|versions-unknown)) /;

test("whoever reads a run reads the same run, once and to one end, and of what there is", async () => {
  const actions = fc.array(action, { minLength: 1, maxLength: 30, size: "max" });
  await fc.assert(
    fc.asyncProperty(actions, fc.boolean(), async (drawn, losesRuns) => {
      const world = await createJournalWorld({ losesRuns });
      const played = await play(world, drawn);
      expect(played.all.flatMap((heard) => findBreaches(world, played, heard))).toEqual([]);
      expect(findBrokenRuns(world, played)).toEqual([]);
      expect(world.twice).toEqual([]);
      expect(world.log.lines.filter((line) => !EXPECTED.test(line))).toEqual([]);
      expect(await countLeft(world, played)).toEqual(NOTHING);
      expect(await findLostRecords(world, played)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});
