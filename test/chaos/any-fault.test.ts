/** What holds under every fault: one terminal event, nothing private, nothing left; and endpoints that are not there at all. */
import pMap from "p-map";
import { expect, test } from "vitest";
import { FAIL_FAULTS } from "../../scripts/chaos/arguments.ts";
import type { Rule } from "../../scripts/chaos/settings.ts";
import {
  askWorld,
  expectNothingLeft,
  expectNothingPrivate,
  until,
} from "../support/chaos-world.ts";
import { checkSse, type CheckedStream } from "../support/sse-checker.ts";
import { useChaosStore } from "../support/use-chaos-store.ts";
import { anyFault } from "./all-faults.ts";
import { seenBy } from "./cell.ts";

const store = useChaosStore();

/** Room for many runs at once. */
const WIDE = { CHAT_CONCURRENCY_MAX: "64", EMBED_CONCURRENCY_MAX: "64" };
const AT_ONCE = 32;
/** Whole answers must be back so soon after the upstream is. */
const RECOVERY_MS = 40_000;

/** Limits for silences, long enough for as many healthy answers at the same time as this machine gives now. */
async function toLimits(): Promise<Readonly<Record<string, string>>> {
  await using world = await store.start({ env: WIDE });
  const startMs = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, () => askWorld(world)));
  const limit = `${Math.ceil(Math.min(8_000, Math.max(300, performance.now() - startMs)))}`;
  return {
    USAGE_WAIT_MS: "100",
    EMBED_ATTEMPT_TIMEOUT_MS: limit,
    RERANK_ATTEMPT_TIMEOUT_MS: limit,
    FIRST_DELTA_TIMEOUT_MS: limit,
    DELTA_GAP_TIMEOUT_MS: limit,
  };
}

/** Asks so often and holds every stream to the contract; a refusal before the stream must be one of the published ones. */
async function askMany(
  count: number,
  seed: number,
  rules: readonly Rule[],
  limits: Readonly<Record<string, string>> = {},
): Promise<readonly CheckedStream[]> {
  await using world = await store.start({ env: { ...WIDE, ...limits }, upstream: { seed, rules } });
  const streams = await pMap(
    Array.from({ length: count }),
    async () => {
      const response = await askWorld(world);
      expectNothingPrivate(world, seenBy(response));
      expect({ status: response.status, complete: response.complete }).toEqual({
        status: 200,
        complete: true,
      });
      return checkSse(response.body);
    },
    { concurrency: AT_ONCE },
  );
  await expectNothingLeft(world, {}, RECOVERY_MS);
  return streams;
}

test.each([1, 2])("seed %i: every stream ends with one run-end, whatever fails", async (seed) => {
  const rules = [anyFault("chat", 0.7), anyFault("embeddings", 0.4), anyFault("rerank", 0.4)];
  const streams = await askMany(64, seed, rules, await toLimits());
  const outcomes = streams.map(({ end }) => end?.outcome);
  expect(outcomes.filter((outcome) => outcome !== "finished" && outcome !== "failed")).toEqual([]);
  // Both happened, or this would say nothing.
  expect(new Set(outcomes).size).toBe(2);
});

test("three failures in ten on every call, before the first word: every answer is usable", async () => {
  const rules: Rule[] = [{ on: "any", oneOf: [...FAIL_FAULTS], rate: 0.3, skip: 0 }];
  const streams = await askMany(64, 7, rules);
  const usable = streams.filter(({ end, text }) => end?.outcome === "finished" && text !== "");
  expect(usable).toHaveLength(streams.length);
  const whole = streams.filter(({ end }) => end?.answerer === "openai:m");
  expect(whole.length / streams.length).toBeGreaterThan(0.85);
});

const nowhere: readonly (readonly [string, (url: string) => string])[] = [
  ["where nobody listens", () => "http://127.0.0.1:9/v1"],
  ["that speaks no TLS", (url) => url.replace("http:", "https:")],
];

test.each(nowhere)(
  "an endpoint %s costs the vectors and the model, not the answer",
  async (_, toBaseUrl) => {
    await using world = await store.start({ toBaseUrl });
    const response = await askWorld(world);
    expectNothingPrivate(world, seenBy(response));
    expect(checkSse(response.body).end).toMatchObject({
      outcome: "finished",
      answerer: "extractive",
      degraded: ["vector_unavailable", "extractive"],
    });
    expect(world.upstream.journal.totals().byTarget).toEqual({ rerank: 1 });
    await until(() => world.gate.running === 0 && world.sockets.size === 0, "something is left");
  },
);
