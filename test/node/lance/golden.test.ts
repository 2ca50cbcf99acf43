/** The requests of our store over HTTP are those that LanceDB's own client sends for the same work. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { createNativeAnalyse } from "../../../src/node/lance/native-analyse.ts";
import { createResidents } from "../../../src/node/lance/residents.ts";
import { createRestStore } from "../../../src/stores/lance/rest-store.ts";
import type { ReadStore, Snapshot } from "../../../src/stores/store.ts";
import { spec, toDocument, toVector } from "../../conformance/store-data.ts";
import { makeAccess, makeKey } from "../../support/keys.ts";
import { type Recorded, startGateway, type TestGateway } from "../../support/lance-gateway.ts";
import { openTestStore } from "./test-store.ts";
import { makeTempFolder, type TempFolder } from "../../support/local-store.ts";

const { signal } = new AbortController();
const limits = { limit: 7, timeoutMs: 5_000 };
const filter = { field: "metadata.name", op: "eq", value: "o'brien" } as const;
let folder: TempFolder;
let gateway: TestGateway;
let connect: Readonly<Record<"native" | "ours", () => Promise<ReadStore>>>;
let stores: Readonly<Record<"native" | "ours", ReadStore>>;

beforeAll(async () => {
  folder = await makeTempFolder();
  const local = await openTestStore(folder.path, { residents: createResidents(0) });
  const writer = await local.create(spec, signal);
  await writer.commit({ put: [toDocument("a", ["red cats", "blue dogs"])], remove: [] }, signal);
  await writer.index(signal);
  await writer.close();
  const { key, entry } = await makeKey({ scopes: ["read"] });
  gateway = await startGateway(local, makeAccess([entry]).access);
  const { url } = gateway;
  const config = parseConfig({
    LANCE_URL: url,
    LANCE_API_KEY: key,
    LANCE_DATABASE: "tributary",
    FRESHNESS_MS: "600000", // nobody looks again beside the work
  });
  connect = {
    native: () =>
      createLanceStore({
        uri: "db://tributary",
        server: { url, apiKey: key },
        config,
        clock: systemClock,
        residents: createResidents(0),
      }),
    ours: async () =>
      createRestStore({ config, url, clock: systemClock, analyse: createNativeAnalyse() }),
  };
  stores = { native: await connect.native(), ours: await connect.ours() };
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

type Work = (snapshot: Snapshot) => Promise<unknown>;
const cases: readonly (readonly [string, Work])[] = [
  ["nearest", (s) => s.search({ ...limits, type: "vector", vector: toVector(1) }, signal)],
  [
    "nearest, filtered",
    (s) => s.search({ ...limits, type: "vector", vector: toVector(1), filter }, signal),
  ],
  [
    "one term",
    (s) => s.search({ ...limits, type: "keyword", terms: [{ term: "cat", idf: 1 }] }, signal),
  ],
  [
    "terms of several weights, filtered",
    (s) => {
      const terms = [
        { term: "cat", idf: 2 },
        { term: "dog", idf: 0.5 },
      ];
      return s.search({ ...limits, type: "keyword", terms, filter }, signal);
    },
  ],
  ["a document's rows", (s) => s.rowsOf({ documentId: "o'a", from: 3, limit: 5 }, signal)],
  ["documents", (s) => s.documents({ limit: 5 }, signal)],
  ["documents after one", (s) => s.documents({ after: "a'", limit: 5 }, signal)],
  ["one document", (s) => s.document?.("a", signal) ?? Promise.reject(new Error("cannot"))],
];

test.each(cases)("%s: the same request", async (_, work) => {
  const [native, ours] = [await record("native", work), await record("ours", work)];
  expect(native).toHaveLength(1);
  expect(ours).toEqual(native);
});

test("chunks by their rows: the same request but for its limit, which says how many they are", async () => {
  const work: Work = (snapshot) => snapshot.take(["0", "1"], signal);
  const [native] = await record("native", work);
  const [ours] = await record("ours", work);
  const body = native?.body as object;
  expect(body).toMatchObject({ k: 2 ** 63 });
  expect(ours).toEqual({ ...native, body: { ...body, k: 2 } });
});

test("listing, opening and the statistics ask nothing that the client does not", async () => {
  const all = async (name: keyof typeof stores) => {
    const store = await connect[name]();
    gateway.requests.length = 0;
    await store.list(signal);
    await (await store.open(spec.name, signal)).terms("red cats", signal);
    return gateway.requests.map(toComparable);
  };
  const native = await all("native");
  const ours = await all("ours");
  expect(ours.length).toBeGreaterThan(4);
  for (const request of ours) expect(native).toContainEqual(request);
});

/** What a store sends for the work, on a snapshot whose statistics are at hand. */
async function record(name: keyof typeof stores, work: Work) {
  const snapshot = await stores[name].open(spec.name, signal);
  await snapshot.terms("cats", signal);
  gateway.requests.length = 0;
  await work(snapshot);
  return gateway.requests.map(toComparable);
}

/** Without what must differ: the id of a request, the client's name, how it reads a version it has seen. */
function toComparable({ method, path, headers, body }: Recorded) {
  const kept = ["content-type", "x-api-key", "x-lancedb-database", "x-request-timeout-ms"];
  expect(headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  return { method, path, body: roundBoosts(body), headers: kept.map((name) => headers[name]) };
}

/** The client holds a boost in 32 bits. */
function roundBoosts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(roundBoosts);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => {
    const isBoost = name === "boost" && typeof one === "number";
    return [name, isBoost ? Math.fround(one) : roundBoosts(one)];
  });
  return Object.fromEntries(entries) as unknown;
}
