/** What a push sends at once. */
import { expect, test } from "vitest";
import type { PushTarget } from "../../../ingest/push/edge-target.ts";
import { pushCollection } from "../../../ingest/push/push-collection.ts";
import { parsePushLine } from "../../../src/stores/push-format.ts";
import type { DocumentWrite } from "../../../src/stores/store.ts";
import { spec, toDocument } from "../../conformance/store-data.ts";

const { signal } = new AbortController();

/** The batches of a push, by the ids of their documents, to a Worker that has these already. */
async function push(documents: readonly DocumentWrite[], arrived: ReadonlyMap<string, string>) {
  const batches: (readonly string[])[] = [];
  const info = { ...spec, version: 1, documents: documents.length, chunks: 0 };
  const target: PushTarget = {
    begin: async () => ({ status: "open", documents: 0, chunks: 0 }),
    arrived: async () => new Map(arrived),
    send: async (lines) => {
      batches.push(lines.map((line) => parsePushLine(line, "a line").id));
    },
    publish: async () => undefined,
  };
  const source = {
    key: "a-good-key",
    info,
    async *documents() {
      yield* documents;
    },
  };
  await pushCollection(source, target, signal);
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
