import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embeddings, hang, refusal, type Reply } from "../../scripts/chaos/reply.ts";
import { type Upstream, startUpstream } from "../../scripts/chaos/upstream.ts";
import { startDeadline } from "../../src/async/deadline.ts";
import { createUpstreamRegistry } from "../../src/async/upstream-stats.ts";
import { parseConfig } from "../../src/config.ts";
import { AppError, toAppError } from "../../src/errors.ts";
import type { EmbedKind } from "../../src/models/model.ts";
import { createOpenAiClient } from "../../src/models/openai-client.ts";
import { createOpenAiEmbedder } from "../../src/models/openai-embedder.ts";
import { protectEmbedder } from "../../src/models/protect.ts";
import { createFakeClock } from "../support/fake-clock.ts";

let server: Upstream;
beforeAll(async () => {
  server = await startUpstream();
});
afterAll(() => server[Symbol.asyncDispose]());

const vector = embeddings([[1, 0]]);

function setUp(env: Readonly<Record<string, string>>, ...replies: readonly Reply[]) {
  server.script(...replies);
  const before = server.requests.length;
  const clock = createFakeClock();
  const upstreams = createUpstreamRegistry();
  const client = createOpenAiClient({ apiKey: "k", baseUrl: server.url });
  const embedder = protectEmbedder(createOpenAiEmbedder({ client, model: "m" }), {
    config: parseConfig(env),
    clock,
    upstreams,
    random: () => 0,
  });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await clock.advance(0);
  };
  return {
    clock,
    counts: () => upstreams.read()[0]?.counts,
    requests: () => server.requests.slice(before),
    arrived: (count: number) => until(() => server.requests.length >= before + count),
    /** The vector's length, or the error's code. */
    embed: (text: string, kind: EmbedKind = "query", signal = new AbortController().signal) =>
      embedder.embed([text], kind, signal).then(
        ([first]) => first?.length,
        (thrown: unknown) => toAppError(thrown).code,
      ),
    async finish<T>(result: Promise<T>): Promise<T> {
      let settled = false;
      void result.finally(() => (settled = true));
      await until(() => settled);
      expect(clock.pending).toBe(0);
      return result;
    },
  };
}

type Call = ReturnType<typeof setUp>;

const left = (call: Call): Promise<readonly boolean[]> =>
  Promise.all(call.requests().map((request) => request.left));

describe("a protected embedder, over a socket", () => {
  test("closes the connection of the copy that lost", async () => {
    const usual = 25;
    const replies = Array.from({ length: usual }, () => vector);
    const call = setUp({ HEDGE_SHARE_MAX: "1" }, ...replies, hang, vector);
    for (let count = 0; count < usual; count += 1) await call.finish(call.embed(`text ${count}`));
    const late = call.embed("late");
    await call.arrived(usual + 1);
    await call.clock.advance(10); // no time had passed before: the shortest wait is too long
    expect(await call.finish(late)).toBe(2);
    expect((await left(call)).slice(usual)).toEqual([true, false]);
    expect(call.counts()).toMatchObject({ hedges: 1, hedgeWins: 1 });
  });

  test("documents are neither hedged nor cached nor shared", async () => {
    const replies = Array.from({ length: 27 }, () => vector);
    const call = setUp({ HEDGE_SHARE_MAX: "1" }, ...replies, hang);
    for (let count = 0; count < 25; count += 1) await call.finish(call.embed("same", "document"));
    const both = [call.embed("same", "document"), call.embed("same", "document")];
    await call.finish(Promise.all(both));
    expect(call.requests()).toHaveLength(27);
    const client = new AbortController();
    const late = call.embed("late", "document", client.signal);
    await call.arrived(28);
    await call.clock.advance(1_000);
    expect(call.counts()).toMatchObject({ hedges: 0, cacheHits: 0, shared: 0, attempts: 28 });
    client.abort();
    expect(await late).toBe("cancelled");
  });

  test("identical questions are one call; one caller who leaves leaves alone", async () => {
    const answer = Promise.withResolvers<void>();
    const call = setUp({}, async (response, request) => {
      await answer.promise;
      await vector(response, request);
    });
    const leaver = new AbortController();
    const first = call.embed("same", "query", leaver.signal);
    const second = call.embed("same");
    await call.arrived(1);
    leaver.abort(new AppError("cancelled"));
    expect(await first).toBe("cancelled");
    answer.resolve();
    expect(await call.finish(second)).toBe(2);
    expect(await call.embed("same")).toBe(2);
    expect(await left(call)).toEqual([false]);
    expect(call.counts()).toMatchObject({ shared: 1, cacheHits: 1, cacheMisses: 2, attempts: 1 });
  });

  test("the last caller who leaves closes the connection", async () => {
    const call = setUp({}, hang);
    const leavers = [new AbortController(), new AbortController()];
    const both = leavers.map(({ signal }) => call.embed("same", "query", signal));
    await call.arrived(1);
    for (const leaver of leavers) leaver.abort(new AppError("cancelled"));
    expect(await call.finish(Promise.all(both))).toEqual(["cancelled", "cancelled"]);
    expect(await left(call)).toEqual([true]);
  });

  test("a wait beyond the caller's deadline is not begun, and the caller is told at once", async () => {
    const call = setUp({}, refusal(429, {}, { "retry-after": "10" }));
    using deadline = startDeadline({ clock: call.clock, budgetMs: 3_000, stage: "embed" });
    const asking = call.embed("one", "query", deadline.signal);
    await call.arrived(1);
    expect(await asking).toBe("upstream_rate_limited");
    expect(deadline.remainingMs()).toBe(3_000);
    expect(call.requests()).toHaveLength(1);
  });

  test("a rate that is used up is waited for, and only as long as the caller has time", async () => {
    const call = setUp({ EMBED_REQUESTS_PER_MINUTE_MAX: "1" }, vector);
    await call.finish(call.embed("one"));
    const waiting = call.embed("two");
    await call.clock.advance(59_999);
    expect(call.requests()).toHaveLength(1);
    await call.clock.advance(1);
    expect(await call.finish(waiting)).toBe(2);
    expect(call.counts()).toMatchObject({ waits: 1, waitMs: 60_000 });
  });
});
