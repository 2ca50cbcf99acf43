import { describe, expect, test } from "vitest";
import { createFlaky, type Kind, type Outcome, toQuantile } from "../support/flaky-upstream.ts";

const LOAD = { calls: 1_500, gapMs: 25, deadlineMs: 3_000 };
const KINDS: readonly Kind[] = ["embed", "rerank", "chat"];

const toSuccessShare = (outcomes: readonly Outcome[]): number =>
  outcomes.filter(({ code }) => code === undefined).length / outcomes.length;

/** Figures of the simulations, printed with SIMULATION=1. */
function print(name: string, figures: object): void {
  if (process.env["SIMULATION"] !== undefined) console.log(name, JSON.stringify(figures));
}

describe.each(KINDS)("a protected %s upstream", (kind) => {
  test("of which nothing fails costs one call each and no time", async () => {
    const upstream = createFlaky(kind, { HEDGE_SHARE_MAX: "0" });
    const outcomes = await upstream.run(LOAD);
    expect(toSuccessShare(outcomes)).toBe(1);
    expect(upstream.calls).toBe(LOAD.calls);
    expect(upstream.read()?.counts).toMatchObject({ waits: 0, retries: 0, refusals: 0 });
    expect(upstream.clock.pending).toBe(0);
  });

  test("of which 30% fail answers at least 98.5%, so that 97% come through two, with at most 1.45 calls each", async () => {
    const upstream = createFlaky(kind);
    upstream.chances.failure = 0.3;
    const outcomes = await upstream.run({ ...LOAD, calls: 10_000 });
    const amplification = upstream.calls / outcomes.length;
    const success = toSuccessShare(outcomes);
    print(`${kind} 30% failure`, { success, amplification, ...upstream.read() });
    expect(success).toBeGreaterThanOrEqual(0.985);
    expect(amplification).toBeLessThanOrEqual(1.45);
    expect(upstream.calls).toBe(upstream.read()?.counts.attempts);
  });

  test("of which all fail is hardly called, refuses at once, and is back soon after it heals", async () => {
    const upstream = createFlaky(kind);
    await upstream.run({ ...LOAD, calls: 200 });
    upstream.chances.failure = 1;
    await upstream.run({ ...LOAD, calls: 100 });
    expect(upstream.read()?.breaker).not.toBe("closed");
    const before = upstream.calls;
    const outcomes = await upstream.run(LOAD);
    const extra = (upstream.calls - before) / outcomes.length;
    const p99 = toQuantile(outcomes, 0.99);
    upstream.chances.failure = 0;
    const healedMs = upstream.clock.now();
    let recoveryMs = Number.NaN;
    while (upstream.read()?.breaker !== "closed") {
      await upstream.run({ calls: 1, gapMs: 10, deadlineMs: 250 });
      recoveryMs = upstream.clock.now() - healedMs;
      expect(recoveryMs).toBeLessThanOrEqual(10_000);
    }
    print(`${kind} 100% failure`, { callsWhileOpen: extra, p99, recoveryMs });
    expect(extra).toBeLessThanOrEqual(0.02);
    expect(p99).toBeLessThanOrEqual(10);
    expect(outcomes.every(({ code }) => code === "upstream_unavailable")).toBe(true);
    expect(toSuccessShare(await upstream.run({ ...LOAD, calls: 100 }))).toBe(1);
  });
});

describe.each<Kind>(["embed", "rerank"])("hedged %s calls", (kind) => {
  test("of which 2% hang for two seconds: the tail is cut with at most 5% more calls", async () => {
    const [without, hedged] = await Promise.all(
      ["0", "0.05"].map(async (share) => {
        const upstream = createFlaky(kind, { HEDGE_SHARE_MAX: share, ...PATIENT });
        upstream.chances.hang = 0.02;
        const outcomes = await upstream.run(LOAD);
        return { upstream, p99: toQuantile(outcomes, 0.99), success: toSuccessShare(outcomes) };
      }),
    );
    const amplification = (hedged?.upstream.calls ?? 0) / LOAD.calls;
    const counts = hedged?.upstream.read()?.counts;
    print(`${kind} 2% hang`, { without: without?.p99, hedged: hedged?.p99, amplification, counts });
    expect(hedged?.success).toBe(1);
    expect(without?.p99).toBeGreaterThanOrEqual(5 * (hedged?.p99 ?? 0));
    expect(amplification).toBeLessThanOrEqual(1.05);
    expect(counts?.hedgeWins).toBeGreaterThan(0);
  });
});

describe.each<Kind>(["embed", "rerank"])("hedged %s calls", (kind) => {
  test("of which 10% hang: p99 within two and a half of the healthy one, at most 5% of copies too many", async () => {
    const upstream = createFlaky(kind);
    await upstream.run(LOAD);
    const healthyMs = toQuantile(await upstream.run(LOAD), 0.99);
    const before = upstream.calls;
    upstream.chances.hang = 0.1;
    const hungBefore = upstream.hung;
    const outcomes = await upstream.run({ ...LOAD, calls: 5_000 });
    const hung = upstream.hung - hungBefore;
    const p99 = toQuantile(outcomes, 0.99);
    const tooMany = (upstream.calls - before - outcomes.length - hung) / outcomes.length;
    print(`${kind} 10% hang`, { healthyMs, p99, tooMany, hung, ...upstream.read() });
    expect(toSuccessShare(outcomes)).toBe(1);
    expect(hung).toBeGreaterThan(400);
    expect(p99).toBeLessThanOrEqual(2.5 * healthyMs);
    expect(tooMany).toBeLessThanOrEqual(0.05);
  });

  test("of which all hang get no more copies than their share", async () => {
    const upstream = createFlaky(kind, { ATTEMPTS_MAX: "1", BREAKER_FAILURE_SHARE: "1" });
    await upstream.run(LOAD);
    const before = upstream.calls;
    upstream.chances.hang = 1;
    const outcomes = await upstream.run({ ...LOAD, calls: 1_000 });
    expect(upstream.calls - before).toBeLessThanOrEqual(1.06 * outcomes.length);
  });
});

/** No attempt is cut off, so that what is seen is the hedge's doing. */
const PATIENT = {
  EMBED_ATTEMPT_TIMEOUT_MS: "3000",
  RERANK_ATTEMPT_TIMEOUT_MS: "3000",
  RERANK_TIMEOUT_MS: "3000",
};
