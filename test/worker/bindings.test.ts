/** The settings of a Worker: what is different there unless it is set. */
import { expect, test } from "vitest";
import { readBindings } from "../../src/worker/bindings.ts";

const objects = { idFromName: (name: string) => name, get: () => ({}) };
const assets = { fetch: async () => new Response() };
const given = { AUTH: "off", REGISTRY: objects, COLLECTIONS: objects, ASSETS: assets };

/** What the platform gives an isolate, and what was measured of the service. */
const ISOLATE_BYTES = 128e6;
const SERVICE_BYTES = 40e6;
const RUN_BYTES = 0.3e6;

test("as much as is kept at most fits in the memory of an isolate, beside as many runs as there may be", () => {
  const { config } = readBindings(given);
  const kept = config.runJournalBytesMax + config.answerCacheBytesMax + config.embedCacheBytesMax;
  expect(SERVICE_BYTES + config.runsMax * RUN_BYTES + kept).toBeLessThan(ISOLATE_BYTES);
});

test("a request has six connections, nothing is shared between requests, and every name may reach it", () => {
  const { config } = readBindings(given);
  expect(config).toMatchObject({ searchConcurrencyMax: 6, shareRuns: false, host: "0.0.0.0" });
});

test("a binding may be a function too", () => {
  const registry = Object.assign(() => undefined, objects);
  expect(readBindings({ ...given, REGISTRY: registry }).objects?.registry).toBe(registry);
});

test("what is set counts", () => {
  const { config } = readBindings({ ...given, RUNS_MAX: "300", RUN_JOURNAL_BYTES_MAX: "1000000" });
  expect(config.runsMax).toBe(300);
  expect(config.runJournalBytesMax).toBe(1_000_000);
});

test("numbers and truths of wrangler.toml count as their text, and lists as their parts", () => {
  const { config } = readBindings({ ...given, RUNS_MAX: 300, LOG_CONTENT: true });
  expect([config.runsMax, config.logContent]).toEqual([300, true]);
  const wrong = () => readBindings({ ...given, LANCE_GATEWAY: true });
  expect(wrong).toThrow("LANCE_GATEWAY cannot be true");
  const { config: listed } = readBindings({ ...given, VECTORIZE_COLLECTIONS: ["a", "b"] });
  expect(listed.vectorizeCollections).toEqual(["a", "b"]);
});

test("what is empty is unset, and leaves what is different here", () => {
  const unset = readBindings(given);
  const names = ["SHARE_RUNS", "RUNS_MAX", "HOST", "STORE"];
  const empty = readBindings({ ...given, ...Object.fromEntries(names.map((name) => [name, " "])) });
  expect(empty.config).toEqual(unset.config);
});
