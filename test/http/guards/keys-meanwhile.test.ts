/** Keys that change while a request's body is on its way: what counts is how they stand when it is there. */
import { expect, test } from "vitest";
import type { KeyEntry } from "../../../src/access/key-list.ts";
import { addLanceRoutes } from "../../../src/http/lance/routes.ts";
import type { LanceTables, TableRef } from "../../../src/http/lance/tables.ts";
import type { DocumentChange } from "../../../src/http/uploads/document-writer.ts";
import { makeApp, makeService } from "../../support/app.ts";
import { fakeWriter } from "../../support/fake-writer.ts";
import { bearer, makeAccess, makeKey } from "../../support/keys.ts";

const REVOKED = { revokedAt: "2026-01-02T00:00:00.000Z" };
const messages = [{ role: "user", content: "x" }];
const call = { name: "ask", arguments: { question: "x" } };
const TABLE = "/v1/table/guide";
const TABLES: readonly Body[] = [
  ["POST", `${TABLE}/describe/`, {}],
  ["POST", `${TABLE}/count_rows/`, {}],
  ["POST", `${TABLE}/query/`, { vector: [], k: 1 }],
];
const DOCUMENT = "/v1/collections/guide/documents/a.md";
const NOTHING = { asked: [], changes: [], read: [] };
type Body = readonly [method: string, path: string, body: unknown];
const BODIES: readonly Body[] = [
  ["POST", "/v1/ask", { question: "x" }],
  ["POST", "/v1/search", { question: "x" }],
  ["POST", "/v1/explain", { question: "x", documentId: "a.md", collection: "guide" }],
  ["POST", "/v1/chat/completions", { model: "tributary", messages }],
  ["POST", "/v1/chat", { messages: [{ role: "user", parts: [{ type: "text", text: "x" }] }] }],
  ["POST", "/mcp", { jsonrpc: "2.0", id: 1, method: "tools/call", params: call }],
  ["PUT", DOCUMENT, "text"],
  ...TABLES,
];

/** Tables that keep which of them were read. */
function recordTables(read: TableRef[]): LanceTables {
  const keep = <T>(table: TableRef, found: T): Promise<T> => {
    read.push(table);
    return Promise.resolve(found);
  };
  return {
    describe: (table) => keep(table, { version: 1, schema: { fields: [], metadata: {} } }),
    count: (table) => keep(table, 1),
    query: (table) => keep(table, { version: 1, file: new Uint8Array() }),
    versions: (table) => keep(table, []),
  };
}

/** Sends a body whose key becomes this before its last byte; what came back, and what was begun. */
async function sendMeanwhile([method, path, body]: Body, change: Partial<KeyEntry>) {
  const { key, entry } = await makeKey();
  const { access, source } = makeAccess([entry]);
  const changes: DocumentChange[] = [];
  const read: TableRef[] = [];
  let discarded = 0;
  const documents = {
    ...fakeWriter,
    async receive(...received: Parameters<typeof fakeWriter.receive>) {
      const upload = await fakeWriter.receive(...received);
      return { ...upload, discard: async () => void (discarded += 1) };
    },
    write: (...[one, ...rest]: Parameters<typeof fakeWriter.write>) => {
      changes.push(one);
      return fakeWriter.write(one, ...rest);
    },
  };
  const service = { ...makeService({ access }), documents };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  let isFirst = true;
  const slow = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (isFirst) controller.enqueue(bytes.subarray(0, 1));
        else {
          source.keys = [{ ...entry, ...change }];
          controller.enqueue(bytes.subarray(1));
          controller.close();
        }
        isFirst = false;
      },
    },
    { highWaterMark: 0 },
  );
  const type = method === "PUT" ? "text/markdown" : "application/json";
  const accept = path === "/mcp" ? "application/json, text/event-stream" : "*/*";
  const headers = { ...bearer(key), "Content-Type": type, Accept: accept };
  const init = { method, headers, body: slow, duplex: "half" };
  const app = makeApp(service);
  addLanceRoutes(app, { ...service, tables: recordTables(read) });
  const response = await app.request(path, init);
  await response.text();
  return { status: response.status, asked: service.asked, changes, read, discarded, service };
}

test.each(BODIES)("%s %s: a key that is revoked meanwhile begins nothing", async (...body) => {
  const { status, asked, changes, read, discarded, service } = await sendMeanwhile(body, REVOKED);
  expect({ status, asked, changes, read }).toEqual({ status: 401, ...NOTHING });
  expect(discarded).toBe(body[0] === "PUT" ? 1 : 0);
  expect(service.log.lines.join("\n")).toMatch(/key-refused.*revoked/);
});

test.each(BODIES)("%s %s: a key that stays begins what it asks for", async (...body) => {
  const { status, asked, changes, read } = await sendMeanwhile(body, {});
  expect([status, asked.length + changes.length + read.length]).toEqual([200, 1]);
});

test.each(BODIES)("%s %s: a key that lost its scope meanwhile begins nothing", async (...body) => {
  const { status, asked, changes, read } = await sendMeanwhile(body, { scopes: [] });
  expect({ status, asked, changes, read }).toEqual({ status: 403, ...NOTHING });
});

test.each(TABLES)(
  "%s %s: a key that lost the collection meanwhile reads nothing",
  async (...body) => {
    const { status, read } = await sendMeanwhile(body, { collections: ["other"] });
    expect([status, read]).toEqual([404, []]);
  },
);

test("a key that lost its collection meanwhile asks without it, and writes nothing there", async () => {
  const other = { collections: ["other"] };
  const { asked } = await sendMeanwhile(["POST", "/v1/ask", { question: "x" }], other);
  expect(asked.map(({ caller }) => [...(caller.collections ?? [])])).toEqual([["other"]]);
  const put = await sendMeanwhile(["PUT", DOCUMENT, "text"], other);
  expect([put.status, put.changes, put.discarded]).toEqual([404, [], 1]);
});

test("a request counts once for its key, however its body comes", async () => {
  const { status } = await sendMeanwhile(["POST", "/v1/ask", { question: "x" }], {
    requestsPerMinuteMax: 1,
  });
  expect(status).toBe(200);
});

test("a body that was begun before there were keys needs one when it is there", async () => {
  const { entry } = await makeKey();
  const { access, source } = makeAccess([]);
  const open = Object.assign(source, { isOff: true });
  const service = makeService({ access });
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        Object.assign(open, { isOff: false, keys: [entry] });
        controller.enqueue(new TextEncoder().encode('{"question": "x"}'));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { "Content-Type": "application/json" };
  const init = { method: "POST", headers, body, duplex: "half" };
  const { status } = await makeApp(service).request("http://127.0.0.1/v1/ask", init);
  expect([status, service.asked]).toEqual([401, []]);
});
