/** The store on object storage: one writer by a lease, nothing late, nothing twice. */
import { expect, onTestFinished, test } from "vitest";
import { type Clock, systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";
import { connectLance, openTable } from "../../../src/node/lance/base.ts";
import { examineStore } from "../../../src/node/lance/doctor.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { acquireLease } from "../../../src/node/lance/lease.ts";
import { toPlace } from "../../../src/node/lance/place.ts";
import { createWriter } from "../../../src/node/lance/writer.ts";
import type { CollectionWriter, DocumentWrite, WriteStore } from "../../../src/stores/store.ts";
import { describeStore } from "../../conformance/store.ts";
import { spec, toDocument, toVector } from "../../conformance/store-data.ts";
import { type FakeS3, startFakeS3 } from "../../support/fake-s3.ts";

const { signal } = new AbortController();
const { name } = spec;
const LEASE_MS = 2_000;
/** Shows no signs of life: what a process that was stopped looks like to others. */
const stopped: Clock = {
  ...systemClock,
  timer: (ms, fire) => (ms < LEASE_MS / 4 ? systemClock.timer(ms, fire) : () => {}),
};

const toOptions = ({ options }: FakeS3, clock: Clock = systemClock) => ({
  uri: "s3://bucket/kb",
  config: parseConfig({
    STORE_OPTIONS: options,
    FRESHNESS_MS: "1",
    STORE_LEASE_MS: `${LEASE_MS}`,
    RESIDENT_BYTES_MAX: "0",
  }),
  clock,
});
/** As another process would. */
const open = (s3: FakeS3): Promise<WriteStore> => createLanceStore(toOptions(s3));
const put = (writer: CollectionWriter, ...documents: DocumentWrite[]) =>
  writer.commit({ put: documents, remove: [] }, signal);

async function readDocuments(s3: FakeS3): Promise<readonly string[]> {
  const snapshot = await (await open(s3)).open(name, signal);
  const found = await snapshot.documents({ limit: 1_000 }, signal);
  return found.map(({ id, chunks }) => `${id} ${chunks}`);
}

/** As soon as the holder counts as gone. */
async function takeOver(store: WriteStore): Promise<CollectionWriter> {
  for (;;) {
    try {
      return await store.openWriter(name, signal);
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== "ingest_locked") throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

describeStore("LanceDB on object storage", async () => {
  const s3 = await startFakeS3();
  onTestFinished(() => s3[Symbol.asyncDispose]());
  return open(s3);
});

test("of many that want to write one may, each under a higher number, by writes under a condition", async () => {
  await using s3 = await startFakeS3();
  const bases = await Promise.all(Array.from({ length: 6 }, () => connectLance(toOptions(s3))));
  const acquire = (at: number) => {
    const base = bases[at % bases.length] ?? bases[0];
    if (base === undefined) throw new Error("there is no base");
    return acquireLease({ base, collection: name, leaseMs: 60_000 });
  };
  let fence = 0;
  for (let round = 1; round <= 3; round += 1) {
    const all = await Promise.allSettled(bases.map((_, at) => acquire(at)));
    const won = all.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const lost = all.flatMap((one) => (one.status === "rejected" ? [one.reason as Error] : []));
    expect(won).toHaveLength(1);
    for (const error of lost) expect(error).toMatchObject({ code: "ingest_locked" });
    expect(won[0]?.fence).toBeGreaterThan(fence);
    fence = won[0]?.fence ?? 0;
    expect(won[0]?.isTakenOver).toBe(false);
    await won[0]?.release();
    await won[0]?.release();
  }
  // Old versions of the row are cleared away in between.
  for (let round = 1; round <= 16; round += 1) {
    const lease = await acquire(round);
    expect(lease.fence).toBe((fence += 1));
    await lease.release();
  }
  expect(s3.conditions.some(({ held }) => !held)).toBe(true);
  const manifests = [...s3.objects.keys()].filter((key) => key.endsWith(".manifest"));
  const conditional = new Set(s3.conditions.map((one) => one.name));
  expect(manifests.filter((key) => !conditional.has(key))).toEqual([]);
});

test("a holder that shows signs of life keeps its lease for as long as it writes", async () => {
  await using s3 = await startFakeS3();
  const writer = await (await open(s3)).create(spec, signal);
  const other = await open(s3);
  for (const untilMs = Date.now() + 1.5 * LEASE_MS; Date.now() < untilMs;) {
    await expect(other.openWriter(name, signal)).rejects.toMatchObject({
      code: "ingest_locked",
      detail: expect.stringContaining(`process ${process.pid}`),
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await put(writer, toDocument("a", ["alpha"]));
  await writer.close();
  await (await other.openWriter(name, signal)).close();
});

test("a writer that was stopped and taken over from commits nothing more", async () => {
  await using s3 = await startFakeS3();
  const late = await (await createLanceStore(toOptions(s3, stopped))).create(spec, signal);
  await put(late, toDocument("a", ["alpha"]));
  const writer = await takeOver(await open(s3));
  await expect(put(late, toDocument("late", ["omega"]))).rejects.toMatchObject({
    code: "ingest_locked",
  });
  await expect(late.optimize(signal)).rejects.toMatchObject({ code: "ingest_locked" });
  await put(writer, toDocument("b", ["beta"]));
  await late.close(); // gives back what it no longer has
  await expect((await open(s3)).openWriter(name, signal)).rejects.toMatchObject({
    code: "ingest_locked",
  });
  await writer.close();
  expect(await readDocuments(s3)).toEqual(["a 1", "b 1"]);
});

test("a stopped writer from whom nobody has taken over goes on", async () => {
  await using s3 = await startFakeS3();
  const writer = await (await createLanceStore(toOptions(s3, stopped))).create(spec, signal);
  await new Promise((resolve) => setTimeout(resolve, 1.5 * LEASE_MS));
  await put(writer, toDocument("a", ["alpha"]));
  await writer.close();
  expect(await readDocuments(s3)).toEqual(["a 1"]);
});

test("a commit that was under way when the collection was taken over does not land", async () => {
  await using s3 = await startFakeS3();
  const late = await (await createLanceStore(toOptions(s3, stopped))).create(spec, signal);
  await put(late, toDocument("a", ["alpha"]));
  const held = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  s3.beforePut = (object) => {
    if (!/guide\.lance\/_versions\/.*manifest$/.test(object)) return undefined;
    s3.beforePut = () => {};
    reached.resolve();
    return held.promise;
  };
  const committing = put(late, toDocument("late", ["omega"]));
  committing.catch(() => undefined);
  await reached.promise; // it has asked the lease, and only its last write is missing
  const writer = await takeOver(await open(s3));
  held.resolve();
  await expect(committing).rejects.toMatchObject({ code: "ingest_locked" });
  await put(writer, toDocument("b", ["beta"]));
  await writer.close();
  expect(await readDocuments(s3)).toEqual(["a 1", "b 1"]);
});

test("also past the lease no row is there twice", async () => {
  await using s3 = await startFakeS3();
  await (await (await open(s3)).create(spec, signal)).close();
  const place = toPlace(name, 1);
  const lock = { release: async () => {} };
  const writers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const base = await connectLance(toOptions(s3));
      const table = await openTable(base, place);
      return createWriter({ base, place, table, lock, recovered: [], onChange() {} });
    }),
  );
  const batches = Array.from({ length: 6 }, (_, at) => toDocument(`d${at}`, ["one", "two"]));
  await Promise.all(
    writers.map(async (writer) => {
      for (const document of batches) await put(writer, document);
    }),
  );
  expect(await readDocuments(s3)).toEqual(batches.map(({ id }) => `${id} 2`));
  const writer = await (await open(s3)).openWriter(name, signal);
  await writer.index(signal);
  expect(await writer.verify(signal)).toEqual([]);
  await writer.close();
});

test("doctor reads everything, says what is damaged, and mends what can be made again", async () => {
  await using s3 = await startFakeS3();
  const examine = (fix = false) => examineStore(toOptions(s3), { fix }, signal);
  await expect(examine()).rejects.toMatchObject({ code: "not_found" });
  const writer = await (await open(s3)).create(spec, signal);
  await put(writer, toDocument("a", ["alpha beta"]), toDocument("b", ["gamma"]));
  expect((await examine()).findings).toMatchObject([{ state: "unexamined" }]);
  await writer.close();
  const states = async (fix = false) => (await examine(fix)).findings.map(({ state }) => state);
  expect(await states()).toContain("damaged"); // not indexed yet
  expect(new Set(await states(true))).not.toContain("damaged");
  expect(await states()).toEqual([]);
  for (const key of s3.objects.keys()) if (/guide\.lance\/data\//.test(key)) s3.objects.delete(key);
  expect((await examine()).findings).toMatchObject([{ state: "damaged", collection: name }]);
  expect(JSON.stringify(await examine())).not.toMatch(/zqsecret|zqid/);
});

const RIGHTS = "with these rights";
type Refusal = readonly [number, string, string];
test.each<Refusal>([
  [403, "AccessDenied", RIGHTS],
  [400, "ExpiredToken", RIGHTS],
  [503, "SlowDown", "STORE_OPTIONS"],
  [301, "PermanentRedirect", "STORE_OPTIONS"],
  [404, "NoSuchBucket", "STORE_OPTIONS"],
])("storage that answers %i %s is not late, and no collection is damaged", async (...given) => {
  const [status, code, word] = given;
  await using s3 = await startFakeS3();
  const options = toOptions(s3);
  const storeOptions = `${s3.options},client_max_retries=0`;
  const store = await createLanceStore({ ...options, config: { ...options.config, storeOptions } });
  const writer = await store.create(spec, signal);
  await put(writer, toDocument("a", ["red cats"]));
  await writer.close();
  const snapshot = await store.open(name, signal);
  const search = { type: "vector", vector: toVector(1), limit: 1, timeoutMs: 30_000 } as const;
  const attempts = [
    () => open({ ...s3, options: storeOptions }),
    () => snapshot.search(search, signal),
    () => store.open(name, signal),
    () => store.list(signal),
  ];
  s3.refusal = [status, code];
  for (const attempt of attempts) {
    const detail = expect.stringContaining(word) as string;
    await expect(attempt()).rejects.toMatchObject({ code: "store_unavailable", detail });
  }
  s3.refusal = undefined;
  s3.isPage = true;
  for (const attempt of attempts.slice(1)) {
    const detail = expect.stringContaining("what answers at the endpoint") as string;
    await expect(attempt()).rejects.toMatchObject({ code: "store_unavailable", detail });
  }
  s3.isPage = false;
  s3.breaksOff = true;
  for (const attempt of attempts.slice(1)) {
    await expect(attempt()).rejects.toMatchObject({ code: "store_unavailable" });
  }
  s3.breaksOff = false;
  expect(await store.list(signal)).toEqual([name]);
});
