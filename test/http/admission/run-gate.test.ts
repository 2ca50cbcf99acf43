import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";
import {
  createRunGate,
  type RunGate,
  type RunTicket,
  toGateLimits,
} from "../../../src/http/admission/run-gate.ts";
import { createFakeClock, settle } from "../../support/fake-clock.ts";

const LIMITS = { runsMax: 2, queueMax: 3, queueTimeoutMs: 500, callerRunsMax: 4 };

function create(change: Partial<typeof LIMITS> = {}) {
  const clock = createFakeClock();
  return { clock, gate: createRunGate({ clock, ...LIMITS, ...change }) };
}

interface Entering {
  readonly client: AbortController;
  ticket?: RunTicket;
  error?: AppError;
  left?: boolean;
}

/** Asks for a place, and keeps what comes of it. */
function enter(gate: RunGate, callerId = "a", deadlineMs = 60_000): Entering {
  const entering: Entering = { client: new AbortController() };
  gate
    .enter({ callerId, signal: entering.client.signal, deadlineMs })
    .then((ticket) => (entering.ticket = ticket))
    .catch((thrown: AppError) => (entering.error = thrown));
  return entering;
}

test("so many run, so many wait, and the next is refused with the time it should wait", async () => {
  const { clock, gate } = create({ callerRunsMax: 99 });
  const entered = Array.from({ length: 6 }, () => enter(gate));
  await settle();
  expect([gate.running, gate.waiting, gate.load]).toEqual([2, 3, 1]);
  expect(entered.at(-1)?.error).toMatchObject({ code: "overloaded", retryable: true });
  expect(() => gate.check("a")).toThrow("too many questions");
  await clock.advance(100);
  entered[0]?.ticket?.leave();
  await settle();
  expect(entered[2]?.ticket).toBeDefined();
  expect([gate.running, gate.waiting]).toEqual([2, 2]);
  expect(() => gate.check("b")).not.toThrow();
});

test("the time to wait is the work before it: mean run time times the queue, over the places", async () => {
  const { clock, gate } = create({ queueMax: 1, callerRunsMax: 999 });
  for (let run = 0; run < 200; run += 1) {
    const one = enter(gate);
    await clock.advance(300);
    one.ticket?.leave();
  }
  const all = [enter(gate), enter(gate), enter(gate), enter(gate)];
  await settle();
  const { retryAfterMs = 0 } = all[3]?.error ?? {};
  expect(retryAfterMs).toBeGreaterThanOrEqual(290);
  expect(retryAfterMs).toBeLessThanOrEqual(310);
});

test("those refused at the same moment are told to come back one after the other", async () => {
  const { gate } = create({ runsMax: 1, queueMax: 0, callerRunsMax: 999 });
  const [, ...refused] = Array.from({ length: 101 }, () => enter(gate));
  await settle();
  const waits = refused.map(({ error }) => error?.retryAfterMs ?? 0).toSorted((a, b) => a - b);
  const [leastMs = 0] = waits;
  // A hundred over as long again as the first waits, none of them far from its neighbours.
  const gaps = waits.map((waitMs, at) => (waits[at + 1] ?? 2 * leastMs) - waitMs);
  expect(leastMs).toBe(2_000);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(0.03 * leastMs);
  expect(Math.min(...gaps)).toBeGreaterThan(0);
});

test("places, queue, wait and a caller's share are those of the settings", async () => {
  const config = parseConfig({
    RUNS_MAX: "2",
    RUN_QUEUE_MAX: "3",
    RUN_QUEUE_TIMEOUT_MS: "7000",
    CALLER_RUNS_MAX: "4",
  });
  const clock = createFakeClock();
  const gate = createRunGate({ clock, ...toGateLimits(config) });
  const entered = ["a", "a", "a", "a", "a", "b", "c"].map((caller) => enter(gate, caller));
  await settle();
  expect([gate.running, gate.waiting]).toEqual([2, 3]);
  const refused = entered.map(({ error }) => error?.detail?.split(" ").slice(0, 3).join(" "));
  expect(refused.slice(4)).toEqual(["this caller has", undefined, undefined]);
  expect(refused.filter((detail) => detail === "too many questions")).toHaveLength(1);
  await clock.advance(6_999);
  expect(gate.waiting).toBe(3);
  await clock.advance(1);
  expect(gate.waiting).toBe(0);
});

describe("waiting ends", () => {
  const full = async (change: Partial<typeof LIMITS> = {}) => {
    const made = create(change);
    const running = [enter(made.gate), enter(made.gate)];
    await settle();
    return { ...made, running };
  };

  test("when the client leaves, at once", async () => {
    const { clock, gate } = await full();
    const waiting = enter(gate);
    await settle();
    waiting.client.abort();
    await settle();
    expect(waiting.error?.code).toBe("cancelled");
    expect([gate.waiting, clock.pending]).toEqual([0, 0]);
  });

  test("at the longest wait, as overload", async () => {
    const { clock, gate } = await full();
    const waiting = enter(gate);
    await clock.advance(499);
    expect(waiting.error).toBeUndefined();
    await clock.advance(1);
    expect(waiting.error).toMatchObject({ code: "overloaded" });
    expect(waiting.error?.retryAfterMs).toBeGreaterThan(0);
    expect([gate.waiting, clock.pending]).toEqual([0, 0]);
  });

  test("at the run's own deadline, when that is earlier", async () => {
    const { clock, gate } = await full();
    const waiting = enter(gate, "a", 40);
    await clock.advance(40);
    expect(waiting.error).toMatchObject({ code: "deadline_exceeded", stage: "admission" });
  });

  test("when the service drains", async () => {
    const { clock, gate, running } = await full();
    const waiting = [enter(gate, "a"), enter(gate, "b")];
    await settle();
    gate.drain();
    await settle();
    for (const { error } of waiting) expect(error).toMatchObject({ code: "draining" });
    expect(() => gate.check("c")).toThrow("shutting down");
    expect([gate.running, gate.waiting, clock.pending]).toEqual([2, 0, 0]);
    let idle = false;
    void gate.idle().then(() => (idle = true));
    for (const { ticket } of running) ticket?.leave();
    await settle();
    expect(idle).toBe(true);
  });
});

test("a caller has a share of its own, running and waiting; those without a name share no share", async () => {
  const { gate } = create({ runsMax: 3, queueMax: 9 });
  const greedy = Array.from({ length: 6 }, () => enter(gate, "greedy"));
  await settle();
  expect(greedy.filter(({ error }) => error?.code === "overloaded")).toHaveLength(2);
  expect(greedy[5]?.error?.detail).toContain("this caller has 4");
  const other = enter(gate, "other");
  const nobody = Array.from({ length: 5 }, () => enter(gate, "local"));
  await settle();
  for (const { error } of [other, ...nobody]) expect(error).toBeUndefined();
  greedy[0]?.ticket?.leave();
  await settle();
  // Its waiting run was first, and has its turn; the others come before its next.
  expect(greedy[3]?.ticket).toBeDefined();
  greedy[1]?.ticket?.leave();
  await settle();
  expect(other.ticket).toBeDefined();
});

test("a queue that one caller fills makes room for another, until each has as many", async () => {
  const { gate } = create({ runsMax: 1, queueMax: 4, callerRunsMax: 99 });
  const greedy = Array.from({ length: 5 }, () => enter(gate, "greedy"));
  await settle();
  expect(() => gate.check("greedy")).toThrow("too many questions");
  expect(() => gate.check("modest")).not.toThrow();
  const modest = Array.from({ length: 4 }, () => enter(gate, "modest"));
  await settle();
  const refused = (entered: readonly Entering[]) => entered.map(({ error }) => error?.code);
  expect(refused(modest)).toEqual([undefined, undefined, "overloaded", "overloaded"]);
  // The last to come are the first to go.
  expect(refused(greedy)).toEqual([undefined, undefined, undefined, "overloaded", "overloaded"]);
  expect(greedy[4]?.error).toMatchObject({ retryable: true, retryAfterMs: expect.any(Number) });
  expect([gate.running, gate.waiting]).toEqual([1, 4]);
  expect(() => gate.check("greedy")).toThrow("too many questions");
});

test("a client that left does not enter, and its reason is kept when it is ours", async () => {
  const { gate } = create();
  const reason = new AppError("cancelled", { detail: "took nothing" });
  const gone = AbortSignal.abort(reason);
  await expect(gate.enter({ callerId: "a", signal: gone, deadlineMs: 9 })).rejects.toBe(reason);
  const here = enter(gate);
  await settle();
  here.client.abort();
  expect(here.ticket?.signal.reason).toMatchObject({
    code: "cancelled",
    detail: "the client left",
  });
  here.ticket?.leave();
  here.ticket?.leave();
  expect(gate.running).toBe(0);
});

test("whatever happens, no more run than may, nobody is forgotten, and every caller that waits is served", async () => {
  const Step = fc.record({
    do: fc.constantFrom("enter", "enter", "enter", "leave", "leave", "abort", "time"),
    who: fc.nat(7),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { maxLength: 60 }), async (steps) => {
      const { clock, gate } = create();
      const all: Entering[] = [];
      for (const step of steps) {
        const running = all.filter(isRunning);
        if (step.do === "enter") all.push(enter(gate, `${step.who % 3}`));
        if (step.do === "abort") all[step.who]?.client.abort();
        if (step.do === "time") await clock.advance(step.who * 50);
        if (step.do === "leave") leave(running[step.who % Math.max(1, running.length)]);
        await settle();
        const waiting = all.filter((one) => one.ticket === undefined && one.error === undefined);
        expect(gate.running).toBe(all.filter(isRunning).length);
        expect(gate.running).toBeLessThanOrEqual(LIMITS.runsMax);
        expect(gate.waiting).toBe(waiting.length);
        expect(waiting.length === 0 || gate.running === LIMITS.runsMax).toBe(true);
      }
      for (let turn = 0; turn < all.length; turn += 1) {
        for (const one of all) leave(one);
        await settle();
      }
      expect([gate.running, gate.waiting, clock.pending]).toEqual([0, 0, 0]);
      for (const { ticket, error } of all) expect(ticket ?? error).toBeDefined();
    }),
    { numRuns: 100 },
  );
});

function isRunning({ ticket, left }: Entering): boolean {
  return ticket !== undefined && left !== true;
}

function leave(one: Entering | undefined): void {
  if (one?.ticket === undefined) return;
  one.ticket.leave();
  one.left = true;
}

test("who makes room touches no timer of the one that gets it: in a Worker that is another request's", async () => {
  const clock = createFakeClock();
  let isLeaving = false;
  const foreign = {
    now: () => clock.now(),
    timer(ms: number, fire: () => void) {
      const cancel = clock.timer(ms, fire);
      return () => {
        if (isLeaving) throw new Error("cannot perform I/O on behalf of a different request");
        cancel();
      };
    },
  };
  const gate = createRunGate({ clock: foreign, ...LIMITS, runsMax: 1 });
  const [first, second] = [enter(gate), enter(gate)];
  await settle();
  isLeaving = true;
  first.ticket?.leave();
  isLeaving = false;
  await settle();
  expect(second.ticket).toBeDefined();
  expect(clock.pending).toBe(0);
  second.ticket?.leave();
  expect([gate.running, gate.waiting]).toEqual([0, 0]);
});

test("a client that leaves just as it gets its place ends its run, and gives the place back", async () => {
  const { gate } = create({ runsMax: 1 });
  const [first, second] = [enter(gate), enter(gate)];
  await settle();
  first.ticket?.leave();
  second.client.abort(new AppError("cancelled"));
  await settle();
  expect(second.ticket?.signal.aborted).toBe(true);
  second.ticket?.leave();
  expect([gate.running, gate.waiting]).toEqual([0, 0]);
});
