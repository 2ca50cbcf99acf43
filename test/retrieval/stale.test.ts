import { expect, test } from "vitest";
import { toVisibleStore } from "../../src/access/visible-store.ts";
import { type AnswerDeps, search } from "../../src/answer.ts";
import { parseConfig } from "../../src/config.ts";
import type { RunEnd, RunEvent } from "../../src/domain/event.ts";
import { AppError } from "../../src/errors.ts";
import { inspectCollections } from "../../src/http/inspect-collections.ts";
import { recall } from "../../src/retrieval/last-known.ts";
import type { WriteStore } from "../../src/stores/store.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { createTestStore, wordEmbedder, wordModels } from "../support/collections.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { readEnd, toAsk } from "../support/run.ts";

const never = new AbortController().signal;
const texts = { retries: "Retries use jitter.", queue: "A bounded queue rejects work." };

type Mood = "well" | "hangs" | AppError;

/** A store that can be made to hang or to fail, for its list and for each of its collections. */
async function makeWorld(settings: Readonly<Record<string, string>> = {}) {
  const inner = await createTestStore({ faq: texts, handbook: texts });
  const clock = createFakeClock();
  const moods: Record<string, Mood> = {};
  const heed = async <T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    const mood = moods[name] ?? "well";
    if (mood === "well") return work();
    if (mood !== "hangs") throw mood;
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  };
  const store: WriteStore = {
    ...inner,
    list: (signal) => heed("list", signal, () => inner.list(signal)),
    open: (name, signal) => heed(name, signal, () => inner.open(name, signal)),
  };
  const deps: AnswerDeps = {
    config: parseConfig({ STALE_AFTER_MS: "500", SEARCH_TIMEOUT_MS: "1000", ...settings }),
    clock,
    log: silentLog,
    store,
    ...wordModels,
  };
  const begin = (changes: Parameters<typeof toAsk>[1] = {}): AsyncIterable<RunEvent> =>
    search(deps, toAsk("Why jitter?", changes), never);
  const ask = (changes: Parameters<typeof toAsk>[1] = {}): Promise<RunEnd> =>
    readEnd(begin(changes));
  return { store, clock, moods, begin, ask };
}

const away = new AppError("store_unavailable");
const all = ["found", "found", "found", "found"];
const statuses = (end: RunEnd): readonly string[] => end.ledger.map(({ status }) => status);

test("a collection that does not open in time is searched as it was, and the run says so", async () => {
  const { clock, moods, ask } = await makeWorld();
  const before = await ask();
  moods["faq"] = "hangs";
  const asking = ask();
  await clock.advance(499);
  expect(await Promise.race([asking, Promise.resolve("waits")])).toBe("waits");
  await clock.advance(1);
  const end = await asking;
  expect(end.degraded).toEqual(["collection_stale:faq"]);
  expect(end.versions).toEqual(before.versions);
  expect(statuses(end)).toEqual(all);
  moods["faq"] = "well";
  expect((await ask()).degraded).toEqual([]);
});

test("a store that is away altogether is searched as it was", async () => {
  const { moods, ask } = await makeWorld();
  await ask();
  Object.assign(moods, { list: away, faq: away, handbook: away });
  const end = await ask();
  expect(end.degraded).toEqual([
    "collections_stale",
    "collection_stale:faq",
    "collection_stale:handbook",
  ]);
  expect(statuses(end)).toEqual(all);
});

test("what the service saw when it started is known to its first run", async () => {
  const { store, clock, moods, ask } = await makeWorld();
  const embedders = new Set([wordEmbedder.id]);
  await inspectCollections({ config: parseConfig({}), clock, store, embedders }, never);
  Object.assign(moods, { list: away, faq: away, handbook: away });
  const end = await ask();
  expect(end.outcome).toBe("finished");
  expect(end.degraded).toContain("collections_stale");
  expect(statuses(end)).toEqual(all);
});

test.each([
  ["is answered", [], "finished"],
  ["fails while the collections open", ["nowhere"], "failed"],
] as const)(
  "a run that %s begins with its start, whatever is known before it",
  async (_, collections, outcome) => {
    const { moods, begin, ask } = await makeWorld();
    await ask();
    moods["list"] = away;
    const events: RunEvent[] = [];
    for await (const event of begin({ collections })) events.push(event);
    expect(events.slice(0, 2)).toMatchObject([
      { type: "run-start" },
      { type: "degraded", code: "collections_stale" },
    ]);
    expect(events.at(-1)).toMatchObject({ outcome, degraded: ["collections_stale"] });
  },
);

test("what was seen too long ago does not stand in", async () => {
  const { clock, moods, ask } = await makeWorld({ STALE_MS_MAX: "60000" });
  await ask();
  moods["faq"] = away;
  await clock.advance(59_999);
  expect((await ask()).degraded).toEqual(["collection_stale:faq"]);
  await clock.advance(1);
  expect((await ask()).degraded).toEqual(["collection_unavailable:faq"]);
});

test("nothing stands in where nothing may", async () => {
  const { moods, ask } = await makeWorld({ STALE_MS_MAX: "0", STALE_AFTER_MS: "" });
  await ask();
  moods["faq"] = away;
  expect((await ask()).degraded).toEqual(["collection_unavailable:faq"]);
});

test("nothing stands in for a store that was never seen", async () => {
  const { clock, moods, ask } = await makeWorld();
  moods["list"] = "hangs";
  const asking = ask();
  await clock.advance(1_000);
  expect(await asking).toMatchObject({ outcome: "expired", error: { code: "deadline_exceeded" } });
});

test.each(["collection_unavailable", "collection_not_found"] as const)(
  "a store that says %s is believed, then and when it is late afterwards",
  async (code) => {
    const { moods, ask } = await makeWorld();
    await ask();
    moods["faq"] = new AppError(code);
    expect((await ask()).degraded).toEqual(["collection_unavailable:faq"]);
    moods["faq"] = away;
    expect((await ask()).degraded).toEqual(["collection_unavailable:faq"]);
  },
);

test("of a collection that is listed no more nothing is kept", async () => {
  const { store, ask } = await makeWorld();
  await ask();
  expect([...recall(store).snapshots.keys()]).toEqual(["faq", "handbook"]);
  await store.drop("faq", never);
  await ask();
  expect([...recall(store).snapshots.keys()]).toEqual(["handbook"]);
});

test("of a collection that several may see one version is held, and nobody else gets at it", async () => {
  const { store } = await makeWorld();
  const see = (...names: string[]) => {
    const caller = { id: names.join(), scopes: new Set<never>(), collections: new Set(names) };
    return recall(toVisibleStore(store, caller)).snapshots;
  };
  const [one, two] = [see("handbook"), see("faq", "handbook")];
  const [older, newer] = [await store.open("handbook", never), await store.open("handbook", never)];
  one.set("handbook", { value: older, atMs: 1 });
  two.set("handbook", { value: newer, atMs: 2 });
  expect(one.get("handbook")?.value).toBe(newer);
  const other = see("faq");
  expect([other.get("handbook"), other.delete("handbook")]).toEqual([undefined, false]);
  expect(two.get("handbook")?.value).toBe(newer);
});

test("a run that ends while it waits for the store ends as it would", async () => {
  const { clock, moods, ask } = await makeWorld();
  await ask();
  moods["faq"] = "hangs";
  const asking = ask({ deadlineMs: 100 });
  await clock.advance(100);
  expect(await asking).toMatchObject({ outcome: "expired", degraded: [] });
  expect(clock.pending).toBe(0);
});
