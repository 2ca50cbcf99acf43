import { describe, expect, test } from "vitest";
import { sleep } from "../../../src/async/clock.ts";
import type { Ask } from "../../../src/domain/ask.ts";
import type { RunEvent } from "../../../src/domain/event.ts";
import type { AppError } from "../../../src/errors.ts";
import { createRunGate } from "../../../src/http/admission/run-gate.ts";
import type { Listening } from "../../../src/http/admission/run-sharing.ts";
import type { Runner } from "../../../src/http/service.ts";
import {
  askWith,
  listStore,
  makeApp,
  makeEnd,
  makeInfo,
  makeService,
  passage,
  retrievalEnd,
  runStart,
} from "../../support/app.ts";
import { createFakeClock, settle } from "../../support/fake-clock.ts";
import { toAsk } from "../../support/run.ts";

const opened = { ...runStart, versions: { guide: 3 } } as RunEvent;
const delta = (text: string): RunEvent => ({ type: "text-delta", text });

interface Play {
  readonly ask: Ask;
  readonly signal: AbortSignal;
  /** Lets the run say its next event. */
  next(event: RunEvent): Promise<void>;
}

/** A service whose runs say what the test lets them say; aborted ones say their end by themselves. */
function makeStage(
  env: Record<string, string> = {},
  version = { guide: 3, instance: "first", openMs: 0 },
) {
  const clock = createFakeClock();
  const plays: Play[] = [];
  const run: Runner = async function* (ask, signal, watch) {
    let hand = Promise.withResolvers<RunEvent>();
    const onAbort = (): void => {
      const error = { code: (signal.reason as AppError).code, retryable: false };
      hand.resolve(makeEnd({ outcome: "cancelled", error }));
    };
    signal.addEventListener("abort", onAbort);
    plays.push({
      ask,
      signal,
      async next(event) {
        hand.resolve(event);
        await settle();
      },
    });
    for (;;) {
      const event = await hand.promise;
      if (event.type === "run-start") {
        const { versions = {} } = event;
        watch?.onOpening?.();
        watch?.onOpened?.({ versions, instances: { guide: version.instance } });
      }
      hand = Promise.withResolvers<RunEvent>();
      yield event;
      if (event.type === "run-end") return;
    }
  };
  const store = listStore({ guide: makeInfo("guide") });
  const service = makeService({
    env,
    clock,
    store: {
      ...store,
      async open(name, signal) {
        const snapshot = await store.open(name, signal);
        const { guide, instance, openMs } = version;
        if (openMs > 0) await sleep(clock, openMs, signal);
        return { ...snapshot, instance, info: { ...snapshot.info, version: guide } };
      },
    },
    gate: createRunGate({ clock, runsMax: 2, queueMax: 2, queueTimeoutMs: 500, callerRunsMax: 9 }),
  });
  const listen = async (ask: Ask, client = new AbortController()): Promise<Listening> => {
    const listening = service.sharing.listen({ ask, run, client: client.signal, requestId: "r" });
    listening.catch(() => undefined);
    await settle();
    return listening;
  };
  return { clock, service, plays, listen, version, run };
}

const ask = (question = "What are timeouts?", change: Partial<Ask> = {}): Ask =>
  toAsk(question, change);

describe("identical questions under way", () => {
  test("share one run, and each gets all its events, who came late too", async () => {
    const { plays, listen } = makeStage();
    const first = await listen(ask());
    await plays[0]?.next(opened);
    const second = await listen(ask("  What are\n timeouts? "));
    await plays[0]?.next(retrievalEnd);
    expect([first.source, second.source, plays.length]).toEqual(["own", "shared", 1]);
    expect(await first.reader.read(0)).toEqual([opened, retrievalEnd]);
    await plays[0]?.next(delta("a"));
    await plays[0]?.next(makeEnd());
    expect(await first.reader.read(0)).toEqual([delta("a"), makeEnd()]);
    expect(await second.reader.read(0)).toEqual([opened, retrievalEnd, delta("a"), makeEnd()]);
    await listen(ask());
    expect(plays).toHaveLength(2);
  });

  test("who wants the whole and who is shown the words share none: only the whole can take words back", async () => {
    const { service, plays, listen, run } = makeStage();
    const listenWhole = async (): Promise<Listening> => {
      const client = new AbortController().signal;
      return service.sharing.listen({ ask: ask(), run, client, requestId: "r", isWhole: true });
    };
    const whole = await listenWhole();
    const shown = await listen(ask());
    const others = [await listenWhole(), await listen(ask())];
    expect([whole.source, shown.source]).toEqual(["own", "own"]);
    expect(others.map(({ source }) => source)).toEqual(["shared", "shared"]);
    expect(others.map((other) => other.run)).toEqual([whole.run, shown.run]);
    await plays[0]?.next(makeEnd());
    await plays[1]?.next(makeEnd());
  });

  const others: readonly (readonly [string, Ask])[] = [
    ["another question", ask("what are timeouts?")],
    ["another caller", ask(undefined, { caller: { id: "b", scopes: new Set() } })],
    ["another setting", toAsk("What are timeouts?", { retrieval: { legHitsMax: 3 } })],
    ["another collection", ask(undefined, { collections: ["guide"] })],
    ["much more time", ask(undefined, { deadlineMs: 60_000 })],
  ];
  test.each(others)("%s is a run of its own", async (_name, other) => {
    const { plays, listen } = makeStage();
    await listen(ask());
    expect((await listen(other)).source).toBe("own");
    expect(plays).toHaveLength(2);
  });

  test("are not the same when a collection has changed since the run opened it", async () => {
    const { plays, listen, version } = makeStage();
    await listen(ask());
    await plays[0]?.next(opened);
    version.guide = 4;
    expect((await listen(ask())).source).toBe("own");
    expect(plays).toHaveLength(2);
  });

  test("are not the same when a collection was dropped and made again since, as many times written", async () => {
    const { plays, listen, version } = makeStage();
    await listen(ask());
    await plays[0]?.next(opened);
    version.instance = "second";
    expect((await listen(ask())).source).toBe("own");
    expect(plays).toHaveLength(2);
  });

  test("end only when the last listener has left", async () => {
    const { plays, listen, service } = makeStage();
    const clients = [new AbortController(), new AbortController()];
    for (const client of clients) await listen(ask(), client);
    expect(plays).toHaveLength(1);
    clients[0]?.abort();
    await settle();
    expect(plays[0]?.signal.aborted).toBe(false);
    clients[1]?.abort();
    await settle();
    expect(plays[0]?.signal.reason).toMatchObject({ code: "cancelled" });
    expect(service.gate.running).toBe(0);
    expect((await listen(ask())).source).toBe("own");
  });

  test("who repeats a request by its key, and has less time, leaves at its own deadline too", async () => {
    const { clock, plays, service, run } = makeStage();
    const key = { name: "k", fingerprint: "f" };
    const listen = (deadlineMs: number): Promise<Listening> => {
      const client = new AbortController().signal;
      const request = { ask: ask(undefined, { deadlineMs }), run, client, requestId: "r", key };
      return service.sharing.listen(request);
    };
    const first = await listen(30_000);
    await plays[0]?.next(opened);
    const again = await listen(100);
    expect(await again.reader.read(1_000)).toEqual([opened]);
    const last = again.reader.read(1_000);
    await clock.advance(100);
    expect(await last).toMatchObject([{ type: "run-end", outcome: "expired" }]);
    expect([plays.length, plays[0]?.signal.aborted, first.reader.over]).toEqual([1, false, false]);
  });

  test("a listener with less time leaves at its own deadline, and the other hears on", async () => {
    const { clock, plays, listen } = makeStage();
    const patient = await listen(ask());
    const hasty = await listen(ask(undefined, { deadlineMs: 100 }));
    expect(hasty.source).toBe("shared");
    const leg = { collection: "guide", retriever: "keyword", status: "found" } as const;
    const told: readonly RunEvent[] = [
      opened,
      { type: "leg-end", ...leg, startMs: 0, endMs: 1, found: 1, kept: 1 },
      { type: "degraded", code: "rerank_skipped" },
      { type: "usage", inputTokens: 3, outputTokens: 2, requests: 1 },
      { type: "usage", inputTokens: 4, outputTokens: 0, requests: 1 },
    ];
    for (const event of told) await plays[0]?.next(event);
    expect(await hasty.reader.read(1000)).toEqual(told);
    const last = hasty.reader.read(1000);
    await clock.advance(100);
    expect(await last).toMatchObject([
      {
        type: "run-end",
        runId: "run-1",
        outcome: "expired",
        ledger: [leg],
        degraded: ["rerank_skipped"],
        usage: { inputTokens: 7, outputTokens: 2, requests: 2 },
        error: { code: "deadline_exceeded" },
      },
    ]);
    expect(hasty.reader.over).toBe(true);
    expect(plays[0]?.signal.aborted).toBe(false);
    await plays[0]?.next(makeEnd());
    expect(await patient.reader.read(0)).toEqual([...told, makeEnd()]);
    expect(clock.pending).toBe(0);
  });

  test("can be told not to share", async () => {
    const { plays, listen } = makeStage({ SHARE_RUNS: "false" });
    await listen(ask());
    await listen(ask());
    expect(plays).toHaveLength(2);
  });

  test("wait for one place together, and what they waited is gone from the run's time", async () => {
    const { clock, plays, listen, service } = makeStage();
    await listen(ask("one"));
    await listen(ask("two"));
    const waiting = [ask("three"), ask("three")].map((same) =>
      service.sharing.listen({
        ask: same,
        run: service.answer,
        client: new AbortController().signal,
        requestId: "r",
      }),
    );
    await clock.advance(200);
    expect([service.gate.waiting, plays.length]).toEqual([1, 2]);
    await plays[0]?.next(makeEnd());
    const listening = await Promise.all(waiting);
    expect(listening.map(({ source }) => source)).toEqual(["own", "shared"]);
    expect(service.asked.map(({ deadlineMs }) => deadlineMs)).toEqual([29_800]);
  });

  test("a refused run is refused to all that waited for it", async () => {
    const { clock, listen, service, run } = makeStage();
    await listen(ask("one"));
    await listen(ask("two"));
    const client = new AbortController().signal;
    const waiting = [1, 2].map(() =>
      service.sharing
        .listen({ ask: ask("three"), run, client, requestId: "r" })
        .catch((thrown: AppError) => thrown.code),
    );
    await clock.advance(500);
    expect(await Promise.all(waiting)).toEqual(["overloaded", "overloaded"]);
    expect(clock.pending).toBe(0);
  });
});

describe("the answers that are kept", () => {
  const keeping = { ANSWER_CACHE_RUNS_MAX: "2", ANSWER_CACHE_AGE_MS_MAX: "1000" };
  const events = [opened, retrievalEnd, delta("a"), makeEnd()];
  const answerOnce = async (stage: ReturnType<typeof makeStage>, one: Ask, all = events) => {
    const { plays, listen } = stage;
    const { source } = await listen(one);
    for (const event of all) await plays.at(-1)?.next(event);
    return source;
  };

  test("are given again, event by event, without a run", async () => {
    const stage = makeStage(keeping);
    expect(await answerOnce(stage, ask())).toBe("own");
    const again = await stage.listen(ask());
    expect(again.source).toBe("hit");
    expect(await again.reader.read(0)).toEqual(events);
    expect([again.reader.over, stage.plays.length]).toEqual([true, 1]);
  });

  const changes: readonly (readonly [string, (stage: ReturnType<typeof makeStage>) => unknown])[] =
    [
      ["a collection has changed", ({ version }) => (version.guide = 4)],
      ["a collection was made again", ({ version }) => (version.instance = "second")],
      ["they are too old", ({ clock }) => clock.advance(1001)],
      [
        "others were asked since",
        async (stage) => {
          await answerOnce(stage, ask("two"));
          await answerOnce(stage, ask("three"));
        },
      ],
    ];
  test.each(changes)("are gone when %s", async (_name, change) => {
    const stage = makeStage(keeping);
    await answerOnce(stage, ask());
    await change(stage);
    expect((await stage.listen(ask())).source).toBe("own");
  });

  test("are not kept for a collection that was made again meanwhile", async () => {
    const stage = makeStage(keeping);
    await stage.listen(ask());
    stage.version.instance = "second";
    for (const event of events) await stage.plays[0]?.next(event);
    expect((await stage.listen(ask())).source).toBe("own");
  });

  const unworthy: readonly (readonly [string, RunEvent])[] = [
    ["degraded", makeEnd({ degraded: ["rerank_skipped"] })],
    ["cut short", makeEnd({ truncated: true })],
    ["failed", makeEnd({ outcome: "failed" })],
  ];
  test.each(unworthy)("are never %s ones", async (_name, end) => {
    const stage = makeStage(keeping);
    await answerOnce(stage, ask(), [opened, end]);
    expect((await stage.listen(ask())).source).toBe("own");
  });

  test.each([
    ["of one's own", "weather", "own"],
    ["that searches", "search", "hit"],
  ])("are kept of a run that called a tool %s or not: %s, %s", async (_name, name, source) => {
    const stage = makeStage(keeping);
    const call: RunEvent = { type: "tool-call", step: 1, callId: "c", name, arguments: {} };
    await answerOnce(stage, ask(), [opened, retrievalEnd, call, delta("a"), makeEnd()]);
    expect((await stage.listen(ask())).source).toBe(source);
  });

  test("are bounded in bytes", async () => {
    const stage = makeStage({ ...keeping, ANSWER_CACHE_BYTES_MAX: "4096" });
    const big: RunEvent = {
      type: "retrieval-end",
      passages: [{ ...passage, text: "x".repeat(5000) }],
    };
    await answerOnce(stage, ask(), [opened, big, makeEnd()]);
    expect((await stage.listen(ask())).source).toBe("own");
  });

  test("have cost time when there are none, which the run has no more", async () => {
    const { clock, plays, listen, version } = makeStage(keeping);
    version.openMs = 400;
    const first = listen(ask(undefined, { deadlineMs: 4_000 }));
    await clock.advance(400);
    expect((await first).source).toBe("own");
    expect(plays[0]?.ask.deadlineMs).toBe(3_600);
    version.openMs = 60_000; // a store that says nothing
    const second = listen(ask("two", { deadlineMs: 2_000 }));
    await clock.advance(500);
    expect((await second).source).toBe("own");
    expect(plays[1]?.ask.deadlineMs).toBe(1_500);
  });

  test("are looked for by several at once, who share a run all the same, however long that took", async () => {
    const { clock, plays, listen, version } = makeStage(keeping);
    version.openMs = 450;
    const listening = [1, 2].map(() => listen(ask(undefined, { deadlineMs: 2_000 })));
    await clock.advance(450);
    expect((await Promise.all(listening)).map(({ source }) => source)).toEqual(["own", "shared"]);
    expect(plays).toHaveLength(1);
  });

  test("say in a header that they are, in both forms", async () => {
    const service = makeService({ env: { ANSWER_CACHE_RUNS_MAX: "5" } });
    const app = makeApp(service);
    const request = askWith({ question: "What are timeouts?" });
    const first = await app.request("/v1/ask", request);
    const again = await app.request("/v1/ask", request);
    expect(first.headers.get("X-Cache")).toBeNull();
    expect(again.headers.get("X-Cache")).toBe("hit");
    expect(await again.json()).toEqual(await first.json());
    const { headers } = await app.request(
      "/v1/ask",
      askWith({ question: "What are timeouts?" }, { Accept: "text/event-stream" }),
    );
    expect(headers.get("X-Cache")).toBe("hit");
    expect(service.asked).toHaveLength(1);
  });
});
