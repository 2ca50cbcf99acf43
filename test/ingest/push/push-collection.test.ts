/** What a push sends at once. */
import { expect, test } from "vitest";
import type { PushTarget } from "../../../ingest/push/edge-target.ts";
import { pushCollection } from "../../../ingest/push/push-collection.ts";
import { parsePushLine } from "../../../src/stores/push-format.ts";
import type { CollectionExport } from "../../../src/node/lance/export-documents.ts";
import type { DocumentWrite } from "../../../src/stores/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";
import { settle } from "../../support/fake-clock.ts";

const { signal } = new AbortController();

const sourceOf = (documents: readonly DocumentWrite[]): CollectionExport => {
  const chunks = documents.reduce((sum, document) => sum + document.chunks.length, 0);
  return {
    key: "a-good-key",
    info: { ...spec, version: 1, documents: documents.length, chunks },
    async *documents() {
      yield* documents;
    },
  };
};
/** A Worker that has these already; its other calls are told apart by the test. */
const targetWith = (arrived: ReadonlyMap<string, string>, calls: Partial<PushTarget> = {}) => ({
  begin: async () => ({ status: "open" as const, documents: 0, chunks: 0 }),
  arrived: async () => arrived,
  send: async () => undefined,
  publish: async () => undefined,
  ...calls,
});

/** The batches of a push, by the ids of their documents. */
async function push(documents: readonly DocumentWrite[], arrived: ReadonlyMap<string, string>) {
  const batches: (readonly string[])[] = [];
  const send = async (lines: readonly string[]): Promise<void> => {
    batches.push(lines.map((line) => parsePushLine(line, "a line").id));
  };
  await pushCollection(sourceOf(documents), targetWith(arrived, { send }), signal);
  return batches;
}

const short = (id: string, chunks = 1): DocumentWrite =>
  toDocument(
    id,
    Array.from({ length: chunks }, (_, index) => `chunk ${index}`),
  );
/** 1.8 MB: its hash is its text once more. */
const long = (id: string): DocumentWrite => toDocument(id, ["x".repeat(900_000)]);

test("a batch has at most 500 chunks", async () => {
  const documents = [short("a", 300), short("b", 200), short("c")];
  expect(await push(documents, new Map())).toEqual([["a", "b"], ["c"]]);
});

test("a batch has at most 4 MiB, and a document that is larger is one by itself", async () => {
  const larger = toDocument("larger", ["x".repeat(2_500_000)]);
  const documents = [long("a"), long("b"), long("c"), larger, short("d")];
  expect(await push(documents, new Map())).toEqual([["a", "b"], ["c"], ["larger"], ["d"]]);
});

test("what has arrived is not sent again, but where its content is another", async () => {
  const [one, other] = [short("one"), short("other")];
  const arrived = new Map([
    ["one", one.hash],
    ["other", "the hash of another content"],
  ]);
  expect(await push([one, other], arrived)).toEqual([["other"]]);
});

test("the first document of a batch may be as large as a batch, and letters count by their bytes", async () => {
  const wide = (id: string): DocumentWrite => toDocument(id, ["東".repeat(500_000)]);
  expect(await push([short("big", 600), wide("a"), wide("b")], new Map())).toEqual([
    ["big"],
    ["a"],
    ["b"],
  ]);
});

test("a document that no Worker takes is named before anything of it is sent", async () => {
  const refused = push([toDocument("huge", ["x".repeat(6_500_000)])], new Map());
  await expect(refused).rejects.toMatchObject({
    code: "payload_too_large",
    detail: expect.stringContaining("document huge") as string,
  });
});

test("what was there and what was sent is counted apart, and all of it is published", async () => {
  const documents = [short("there", 3), short("new", 400), short("last", 300)];
  const whole = { documents: 3, chunks: 703 };
  const told: unknown[] = [];
  const publish = async (sent: object): Promise<void> => void told.push(sent);
  const there = new Map([["there", documents[0]?.hash ?? ""]]);
  const seen: number[] = [];
  const report = await pushCollection(
    sourceOf(documents),
    targetWith(there, { publish }),
    signal,
    ({ chunksDone }) => seen.push(chunksDone),
  );
  const done = { documentsDone: 3, chunksDone: 703 };
  expect(report).toEqual({ ...whole, ...done, chunksSent: 700, isUnchanged: false });
  expect(seen.at(-1)).toBe(703);
  expect(told).toEqual([whole]);
});

test("what is published already is neither compared nor sent", async () => {
  const unexpected = async (): Promise<never> => Promise.reject(new Error("it was not expected"));
  const target = targetWith(new Map(), {
    begin: async () => ({ status: "published", documents: 1, chunks: 2 }),
    arrived: unexpected,
    send: unexpected,
    publish: unexpected,
  });
  const all = { documents: 1, documentsDone: 1, chunks: 2, chunksDone: 2 };
  const report = await pushCollection(sourceOf([short("a", 2)]), target, signal);
  expect(report).toEqual({ ...all, chunksSent: 0, isUnchanged: true });
});

test("three batches are under way at once, and none begins when the push is given up", async () => {
  const giving = new AbortController();
  const reason = new Error("given up");
  let begun = 0;
  const waiting = Promise.withResolvers<void>();
  const send = async (): Promise<void> => {
    begun += 1;
    await waiting.promise;
  };
  const documents = Array.from({ length: 9 }, (_, index) => short(`d${index}`, 500));
  const pushed = pushCollection(
    sourceOf(documents),
    targetWith(new Map(), { send }),
    giving.signal,
  );
  await settle();
  expect(begun).toBe(3);
  giving.abort(reason);
  waiting.resolve();
  await expect(pushed).rejects.toBe(reason);
  expect(begun).toBe(3);
});
