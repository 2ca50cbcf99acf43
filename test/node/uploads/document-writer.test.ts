/** The queue before the process that writes: locks are waited for, clients may leave, a broken process fails its own. */
import { expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { createDocumentWriter } from "../../../src/node/uploads/document-writer.ts";
import type { UploadAnswer, UploadBatch } from "../../../src/node/uploads/upload-protocol.ts";

type Answer = (batch: UploadBatch, tell: (answer: UploadAnswer) => void) => unknown;

/** A writer whose process gives these answers, one a batch; a further batch is an error. */
function make(answers: Answer[], env: Record<string, string> = {}) {
  const batches: UploadBatch[] = [];
  const cancelled: number[] = [];
  const forgotten: string[] = [];
  const writer = createDocumentWriter({
    config: parseConfig(env),
    clock: systemClock,
    store: { forget: (name) => void forgotten.push(name) },
    spool: { receive: () => Promise.reject(new Error("nothing is received here")) },
    child: {
      async run(batch, tell) {
        batches.push(batch);
        const answer = answers.shift();
        if (answer === undefined) throw new Error("a batch too many");
        await answer(batch, tell);
      },
      cancel: (key) => void cancelled.push(key),
    },
  });
  const write = (
    documentId: string,
    signal = new AbortController().signal,
    collection = "guide",
    callerId = "a",
  ) => writer.write({ callerId, collection, documentId }, signal, () => undefined);
  return { write, batches, cancelled, forgotten, idle: () => writer.idle() };
}

const succeed: Answer = ({ collection, items }, tell) => {
  for (const { key, change } of items) {
    const counts = { chunksWritten: 1, chunksReused: 0, chunksRemoved: 0, version: 2 };
    const flags = { unchanged: false, created: false, indexed: true, warnings: [] };
    const { documentId } = change;
    tell({ type: "done", key, receipt: { collection, documentId, ...counts, ...flags } });
  }
};
const refuse: Answer = ({ items }, tell) => {
  const error = { code: "ingest_locked" as const, detail: "locked" };
  for (const { key } of items) tell({ type: "failed", key, error });
};

test("says when nothing is written any more", async () => {
  const { promise: writing, resolve } = Promise.withResolvers<void>();
  const { write, idle } = make([(batch, tell) => writing.then(() => succeed(batch, tell))]);
  await idle();
  let isIdle = false;
  const written = write("a.md");
  const ended = idle().then(() => (isIdle = true));
  await new Promise((done) => setImmediate(done));
  expect(isIdle).toBe(false);
  resolve();
  await Promise.all([written, ended]);
});

test("a locked collection is tried again until the process has it", async () => {
  const { write, batches, forgotten } = make([refuse, succeed]);
  await expect(write("a.md")).resolves.toMatchObject({ documentId: "a.md" });
  expect([batches.length, forgotten]).toEqual([2, ["guide"]]);
});

test("a collection that stays locked is refused with a time to come back", async () => {
  const { write } = make([refuse, refuse], { UPLOAD_WAIT_MS: "300" });
  const refusal = { code: "ingest_locked", retryAfterMs: 2_000 };
  await expect(write("a.md")).rejects.toMatchObject(refusal);
});

test("a locked collection holds up no other", async () => {
  const { write, batches } = make([refuse, succeed, succeed]);
  await Promise.all([write("a.md"), write("b.md", undefined, "faq")]);
  expect(batches.map(({ collection }) => collection)).toEqual(["guide", "faq", "guide"]);
});

test("collections take turns: hundreds of documents for one hold up no other", async () => {
  const { write, batches } = make([succeed, succeed, succeed, succeed, succeed]);
  const many = Array.from({ length: 70 }, (_, at) => write(`${at}.md`));
  const few = ["faq", "rules"].map((collection) => write("a.md", undefined, collection));
  await Promise.all([...many, ...few]);
  const sizes = batches.map(({ collection, items }) => [collection, items.length]);
  expect(sizes).toEqual([
    ["guide", 1],
    ["faq", 1],
    ["rules", 1],
    ["guide", 64],
    ["guide", 5],
  ]);
});

test("those behind a batch share the next one, but not two changes of one document", async () => {
  const { write, batches } = make([succeed, succeed, succeed]);
  await Promise.all(["a.md", "b.md", "c.md", "b.md"].map((id) => write(id)));
  const ids = batches.map(({ items }) => items.map(({ change }) => change.documentId));
  expect(ids).toEqual([["a.md"], ["b.md", "c.md"], ["b.md"]]);
});

test("a process that ends fails what it had, and the next goes on", async () => {
  const { write } = make([() => undefined, succeed]);
  const [first, second] = await Promise.allSettled([write("a.md"), write("b.md")]);
  expect(first).toMatchObject({ status: "rejected", reason: { code: "ingest_failed" } });
  expect(second).toMatchObject({ status: "fulfilled" });
});

test("whose client leaves is called off: at once when it waits, by the process when it has it", async () => {
  const leave = new AbortController();
  const { write, batches, cancelled } = make([
    (batch, tell) => {
      leave.abort();
      return refuse(batch, tell);
    },
  ]);
  const both = await Promise.allSettled([write("a.md", leave.signal), write("b.md", leave.signal)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  // The lock that was met afterwards is no reason to try again for nobody.
  expect([batches.length, cancelled]).toEqual([1, [1]]);
});

test("more than may wait are refused", async () => {
  const held = Promise.withResolvers<void>();
  const { write } = make([(batch, tell) => held.promise.then(() => succeed(batch, tell))], {
    UPLOADS_MAX: "1",
  });
  const first = write("a.md");
  await expect(write("b.md")).rejects.toMatchObject({ code: "overloaded" });
  held.resolve();
  await first;
});

test("what there was no time for comes in a later batch, unless its client has left", async () => {
  const leave = new AbortController();
  const tooSlow: Answer = ({ collection, items: [first, ...others] }, tell) => {
    leave.abort();
    if (first !== undefined) succeed({ type: "batch", collection, items: [first] }, tell);
    for (const { key } of others) tell({ type: "later", key });
  };
  const { write, batches } = make([succeed, tooSlow, succeed]);
  const left = ["a.md", "b.md", "c.md"].map((id) => write(id));
  const gone = write("d.md", leave.signal);
  await expect(gone).rejects.toMatchObject({ code: "cancelled" });
  await Promise.all(left);
  const ids = batches.map(({ items }) => items.map(({ change }) => change.documentId));
  expect(ids).toEqual([["a.md"], ["b.md", "c.md", "d.md"], ["c.md"]]);
});

test("one caller leaves places for others, who leave some in turn", async () => {
  const held = Promise.withResolvers<void>();
  const answer: Answer = (batch, tell) => held.promise.then(() => succeed(batch, tell));
  const { write } = make([answer, succeed], { UPLOADS_MAX: "16" });
  const flood = async (callerId: string) => {
    const all = Array.from({ length: 16 }, (_, at) =>
      write(`${callerId}${at}.md`, undefined, "guide", callerId),
    );
    const refused = all.map((one) =>
      one.then(
        () => 0,
        () => 1,
      ),
    );
    await new Promise((done) => setImmediate(done));
    return refused;
  };
  const floods = [await flood("a"), await flood("b"), await flood("c")];
  held.resolve();
  const taken = await Promise.all(
    floods.map(async (all) => 16 - (await Promise.all(all)).reduce<number>((a, b) => a + b, 0)),
  );
  expect(taken).toEqual([12, 3, 1]);
});

test("an upload has its place from its first byte until it is discarded, so that disks do not fill", async () => {
  const arrived = Promise.withResolvers<void>();
  let received = 0;
  const writer = createDocumentWriter({
    config: parseConfig({ UPLOADS_MAX: "2" }),
    clock: systemClock,
    store: {},
    spool: {
      async receive() {
        received += 1;
        await arrived.promise;
        return {
          bytes: 1,
          head: new Uint8Array(),
          path: "/nowhere",
          discard: async () => undefined,
        };
      },
    },
    child: {
      run: () => Promise.reject(new Error("nothing is written here")),
      cancel: () => undefined,
    },
  });
  const receive = () => writer.receive(new Blob(["a"]).stream(), 1, "a");
  const first = receive();
  const second = receive();
  await expect(receive()).rejects.toMatchObject({ code: "overloaded" });
  arrived.resolve();
  await expect(receive()).rejects.toMatchObject({ code: "overloaded" });
  await (await first).discard();
  await (await first).discard();
  await second;
  const third = receive();
  await expect(receive()).rejects.toMatchObject({ code: "overloaded" });
  await third;
  expect(received).toBe(3);
});
