/** What /v1/table refuses, and to whom a collection exists. */
import { tableFromIPC } from "apache-arrow";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";
import { createLanceStore } from "../../../src/node/lance/lance-store.ts";
import { createResidents } from "../../../src/node/lance/residents.ts";
import { spec, toDocument, toVector } from "../../conformance/store-data.ts";
import { makeAccess, makeKey } from "../../support/keys.ts";
import { startGateway, type TestGateway } from "../../support/lance-gateway.ts";
import { makeTempFolder, type TempFolder } from "../../support/local-store.ts";

const { signal } = new AbortController();
let folder: TempFolder;
let gateway: TestGateway;
let keys: Readonly<Record<"reader" | "all" | "asker" | "other", string>>;

beforeAll(async () => {
  folder = await makeTempFolder();
  const settings = { LANCE_GATEWAY_ROWS_MAX: "2", LANCE_GATEWAY_BODY_BYTES_MAX: "4096" };
  const config = parseConfig(settings);
  const residents = createResidents(0);
  const store = await createLanceStore({ uri: folder.path, config, clock: systemClock, residents });
  for (const name of ["guide", "notes", "secret"]) {
    const writer = await store.create({ ...spec, name }, signal);
    const texts = ["red cats", "blue dogs", "red fish"];
    await writer.commit({ put: [toDocument("a", texts)], remove: [] }, signal);
    await writer.index(signal);
    await writer.close();
  }
  const reader = await makeKey({ scopes: ["read"], collections: ["guide"] });
  const all = await makeKey({ scopes: ["read"] });
  const asker = await makeKey({ scopes: ["ask"] });
  const { access } = makeAccess([reader.entry, all.entry, asker.entry]);
  const { key: other } = await makeKey();
  keys = { reader: reader.key, all: all.key, asker: asker.key, other };
  gateway = await startGateway(store, access, settings);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

async function send(path: string, body?: unknown, key = keys.reader, method = "POST") {
  const response = await fetch(`${gateway.url}/v1/table/${path}`, {
    method,
    headers: {
      "x-api-key": key,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isJson = response.headers.get("Content-Type")?.includes("json") === true;
  const json = isJson ? (JSON.parse(new TextDecoder().decode(bytes)) as unknown) : undefined;
  return { status: response.status, headers: response.headers, json, bytes };
}

const plain = { vector: [], k: 2 };
const nearest = { vector: [...toVector(1)], k: 2 };

test("a query that takes too long says how long it may, and which setting says so", async () => {
  await using place = await makeTempFolder();
  const config = parseConfig({});
  const store = await createLanceStore({ uri: place.path, config, clock: systemClock });
  await (await store.create(spec, signal)).close();
  const query = (): Promise<never> => Promise.reject(new AppError("deadline_exceeded"));
  const slow = { ...store, tables: { ...store.tables, query } };
  await using server = await startGateway(slow, undefined, { AUTH: "off" });
  const response = await fetch(`${server.url}/v1/table/${spec.name}/query`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "x-request-timeout-ms": "7000" },
    body: JSON.stringify(plain),
  });
  expect(response.status).toBe(504);
  expect(await response.json()).toMatchObject({
    code: "deadline_exceeded",
    detail: expect.stringMatching(/after 7000 ms.*LANCE_GATEWAY_TIMEOUT_MS/),
  });
});

describe("a hidden collection does not exist", () => {
  test("in the list", async () => {
    expect((await send("", undefined, keys.reader, "GET")).json).toEqual({ tables: ["guide"] });
  });
  // Seen, LanceDB's client for Python 0.40.0: `list_tables()`, which has taken the place of `table_names()`.
  test("in the list of the root namespace, and there is no other", async () => {
    const list = async (id: string, key = keys.reader) => {
      const path = `../namespace/${id}/table/list`;
      const { status, json } = await send(path, undefined, key, "GET");
      return { status, ...(json as object) };
    };
    expect(await list("$")).toEqual({ status: 200, tables: ["guide"] });
    expect(await list("$", keys.asker)).toMatchObject({ status: 403 });
    expect(await list("$", keys.other)).toMatchObject({ status: 401 });
    expect(await list("mine")).toMatchObject({ status: 404, code: "not_found" });
  });
  test.each(["describe", "count_rows", "query", "version/list"])("for %s", async (operation) => {
    for (const name of ["secret", "missing", "secret.terms", "guide.g2", "..%2Fguide"]) {
      const { status, json } = await send(`${name}/${operation}/`, plain);
      expect([name, status]).toEqual([name, 404]);
      const plainName = decodeURIComponent(name).replace(".terms", "");
      expect(json).toMatchObject({ detail: `there is no collection "${plainName}"` });
    }
  });
});

test("the list comes in pages: each collection once, and the last page says that it is the last", async () => {
  const list = async (query: string) => (await send(`?${query}`, undefined, keys.all, "GET")).json;
  expect(await list("")).toEqual({ tables: ["guide", "notes", "secret"] });
  expect(await list("limit=2")).toEqual({ tables: ["guide", "notes"], page_token: "notes" });
  expect(await list("limit=2&page_token=notes")).toEqual({ tables: ["secret"] });
  expect(await list("limit=3")).toEqual({ tables: ["guide", "notes", "secret"] });
  // What is dropped between two pages costs none of the others.
  expect(await list("limit=2&page_token=h")).toEqual({ tables: ["notes", "secret"] });
});

test("without a key, with a wrong one and without the scope nothing is read", async () => {
  for (const path of ["", "guide/describe/", "guide/query/"]) {
    const method = path === "" ? "GET" : "POST";
    expect((await send(path, undefined, keys.other, method)).status).toBe(401);
    expect((await send(path, undefined, "", method)).status).toBe(401);
    expect((await send(path, undefined, keys.asker, method)).status).toBe(403);
  }
});

test("a table is described, counted and read, with and without the last slash", async () => {
  const { json, headers } = await send("guide/describe");
  expect(json).toMatchObject({ table: "guide", schema: { metadata: {} } });
  const { version } = json as { version: number };
  expect(headers.get("x-lancedb-version")).toBe(String(version));
  expect((await send("guide/count_rows/", { version })).json).toBe(3);
  expect((await send("guide/count_rows/", { predicate: "position > 0" })).json).toBe(2);
  const { status, bytes } = await send("guide/query/", { ...plain, columns: ["content"] });
  expect(status).toBe(200);
  expect(new TextDecoder().decode(bytes.subarray(0, 6))).toBe("ARROW1");
  const listed = await send("guide/version/list/");
  expect(
    (listed.json as { versions: { version: number }[] }).versions.map((one) => one.version),
  ).toContain(version);
});

type Read = readonly [string, object, readonly number[]];
test.each<Read>([
  ["all that satisfy a condition", { k: 2 ** 63, filter: "position > 0" }, [1, 2]],
  ["all behind an offset", { k: 2 ** 63, offset: 1 }, [1, 2]],
  [
    "all that satisfy a condition behind an offset",
    { k: 3, offset: 1, filter: "position < 2" },
    [1],
  ],
  ["all behind the end", { k: 2 ** 63, offset: 7 }, []],
  ["none", { k: 0 }, []],
  // Seen, LanceDB's client for Node 0.39.0: `takeRowIds([])`.
  ["those of no ids", { k: 2 ** 63, filter: "false" }, []],
])("rows are counted against the limit as they are asked for: %s", async (...given) => {
  const [, body, positions] = given;
  const answer = await send("guide/query/", { ...plain, columns: ["position"], ...body });
  expect(answer.json).toBeUndefined();
  const found = tableFromIPC(answer.bytes).toArray() as { position: number }[];
  expect(found.map(({ position }) => position)).toEqual(positions);
});

const DEEP = `${"(title = 'timeout' OR ".repeat(40)}title = 'b'${")".repeat(40)}`;
type Refused = readonly [string, string, unknown, number, string];
describe("refuses", () => {
  test.each<Refused>([
    ["a query that is not JSON", "guide/query/", "{", 400, "JSON"],
    ["a query that is a list", "guide/query/", [], 400, "the body"],
    ["a query without k", "guide/query/", { vector: [] }, 400, "k"],
    ["an unknown option", "guide/query/", { ...plain, fast_search: true }, 400, "fast_search"],
    ["postfiltering", "guide/query/", { ...plain, prefilter: false }, 400, "before the search"],
    ["SQL for columns", "guide/query/", { ...plain, columns: { a: "1" } }, 400, "names of columns"],
    ["a bounded distance", "guide/query/", { ...nearest, upper_bound: 0.5 }, 400, "no bounds"],
    ["an unknown column", "guide/query/", { ...plain, columns: ["nope"] }, 400, "nope"],
    ["a column twice", "guide/query/", { ...plain, columns: ["title", "title"] }, 400, "twice"],
    // What the library's parser cannot take is no damage of the collection, whatever it says.
    ["a filter too deep to count", "guide/count_rows", { predicate: DEEP }, 400, "too deep"],
    ["a filter too deep to search", "guide/query/", { ...plain, filter: DEEP }, 400, "too deep"],
    [
      "an order by an unknown column",
      "guide/query/",
      { ...plain, order_by: [{ column_name: "x" }] },
      400,
      "x",
    ],
    [
      "an id that no row can have",
      "guide/query/",
      { ...plain, filter: "_rowid IN (99999999999999999999)" },
      400,
      "whole numbers",
    ],
    ["nearest rows, none of them", "guide/query/", { ...nearest, k: 0 }, 400, "at least 1"],
    [
      "too many rows of a condition",
      "guide/query/",
      { ...plain, k: 3, filter: "position < 3" },
      400,
      "LANCE_GATEWAY_ROWS_MAX",
    ],
    [
      "a position beside an OR",
      "guide/query/",
      { ...plain, filter: "title = 'a' OR position = 1" },
      400,
      "joined to other conditions by AND",
    ],
    ["too many rows", "guide/query/", { ...plain, k: 3 }, 400, "LANCE_GATEWAY_ROWS_MAX"],
    [
      "all rows where there are too many",
      "guide/query/",
      { ...plain, k: 2 ** 63 },
      400,
      "LANCE_GATEWAY_ROWS_MAX",
    ],
    [
      "rows by too many ids",
      "guide/query/",
      { ...plain, filter: "_rowid IN (0,1,2)" },
      400,
      "LANCE_GATEWAY_ROWS_MAX",
    ],
    [
      "rows by their ids, but the first",
      "guide/query/",
      { ...plain, filter: "_rowid IN (0)", offset: 1 },
      400,
      "read alone",
    ],
    ["too large a body", "guide/query/", { ...plain, filter: "x".repeat(5_000) }, 413, "4096"],
    ["a vector of another embedder", "guide/query/", { ...nearest, vector: [1, 0] }, 400, "test:8"],
    ["several vectors", "guide/query/", { ...nearest, vector: [[1], [0]] }, 400, "one vector"],
    [
      "a vector of what is no number",
      "guide/query/",
      { ...nearest, vector: [1, "0"] },
      400,
      "must be numbers",
    ],
    [
      "numbers too large for a vector",
      "guide/query/",
      { ...nearest, vector: Array(8).fill(1e300) },
      400,
      "finite",
    ],
    [
      "a vector and a text",
      "guide/query/",
      { ...nearest, full_text_query: { query: "x" } },
      400,
      "vector",
    ],
    [
      "a search of another column",
      "guide/query/",
      { ...plain, full_text_query: { columns: ["detail"], query: "x" } },
      400,
      "full_text_query",
    ],
    [
      "a phrase",
      "guide/query/",
      { ...plain, full_text_query: { query: { phrase: { terms: "a b" } } } },
      400,
      "no phrases",
    ],
    [
      "a condition that a filter cannot express",
      "guide/query/",
      { ...plain, filter: "length(title) > 1" },
      400,
      "filter",
    ],
    [
      "an injected condition",
      "guide/count_rows/",
      { predicate: "title = 'a' OR 1=1" },
      400,
      "filter",
    ],
    [
      "a condition on statistics",
      "guide.terms/query/",
      { ...plain, k: 1, filter: "chunks = 1" },
      400,
      "statistics",
    ],
    ["a version that is gone", "guide/query/", { ...plain, version: 999 }, 404, "version 999"],
    [
      "a version of a generation that is not",
      "guide/describe/",
      { version: 2 ** 32 * 5 + 1 },
      404,
      "version",
    ],
    ["writing", "guide/insert/", plain, 400, "not changed"],
    ["dropping", "guide/drop/", undefined, 400, "not changed"],
    [
      "an operation named like an object's own",
      "guide/constructor/",
      undefined,
      400,
      "not changed",
    ],
  ])("%s", async (...given) => {
    const [, path, body, status, word] = given;
    const answer = await send(path, body);
    expect([answer.status, JSON.stringify(answer.json)]).toEqual([
      status,
      expect.stringContaining(word),
    ]);
    expect(JSON.stringify(answer.json)).not.toMatch(/lance error|\.rs:|panick|1=1|length\(/i);
  });

  test("more clauses than there may be, however they are nested", async () => {
    const match = { match: { terms: "a" } };
    const wide = { boolean: { should: Array.from({ length: 65 }, () => match) } };
    let deep: object = match;
    for (let depth = 0; depth < 6; depth += 1) deep = { boolean: { must: [deep] } };
    for (const query of [wide, deep]) {
      expect((await send("guide/query/", { ...plain, full_text_query: { query } })).status).toBe(
        400,
      );
    }
  });

  test("another method, by name", async () => {
    expect((await send("guide/query/", undefined, keys.reader, "GET")).status).toBe(405);
    expect((await send("", undefined, keys.reader, "POST")).status).toBe(405);
  });
});

test.each([[["id"]], [["vector", "content"]], [["id", "_rowid"]]])(
  "rows come in the order of a column that is not read: %j",
  async (columns) => {
    const order = [{ column_name: "position", ascending: false }];
    const answer = await send("guide/query/", { ...plain, columns, order_by: order });
    const { schema } = tableFromIPC(answer.bytes);
    expect(schema.fields.map(({ name }) => name)).toEqual(columns);
    const all = await send("guide/query/", {
      ...plain,
      columns: [...columns, "position"],
      order_by: order,
    });
    const positions = tableFromIPC(all.bytes).getChild("position")?.toArray();
    expect(Array.from(positions as ArrayLike<number>)).toEqual([2, 1]);
    expect(String(tableFromIPC(answer.bytes))).toBe(
      String(tableFromIPC(all.bytes).select(columns)),
    );
  },
);

test("whatever a query combines, it is answered or refused, and never fails", async () => {
  const words = fc.constantFrom(
    "",
    "red cats",
    "\u0000",
    "'); DROP",
    "a".repeat(300),
    "*",
    "red~2^4",
  );
  const match = fc.record({
    match: fc.record(
      {
        terms: words,
        boost: fc.constantFrom(1e-6, 1, 1e6),
        operator: fc.constantFrom("Or", "And"),
      },
      { requiredKeys: ["terms"] },
    ),
  });
  const clauses = fc.array(match, { maxLength: 2 });
  const bool = fc.record({
    boolean: fc.record({ must: clauses, must_not: clauses, should: clauses }, { requiredKeys: [] }),
  });
  const query = fc.record(
    {
      k: fc.constantFrom(1, 2),
      offset: fc.constantFrom(0, 1, 1_000_000, Number.MAX_SAFE_INTEGER),
      vector: fc.constantFrom<number[][]>([], [...toVector(1)] as never, Array(8).fill(0) as never),
      distance_type: fc.constantFrom("cosine", "l2", "dot"),
      nprobes: fc.constantFrom(0, 1, 1_000),
      minimum_nprobes: fc.constantFrom(0, 1, 50),
      maximum_nprobes: fc.constantFrom(0, 1, 20),
      refine_factor: fc.constantFrom(1, 100),
      bypass_vector_index: fc.boolean(),
      full_text_query: fc.record({ query: fc.oneof(words, match, bool) }),
      filter: fc.constantFrom(
        "title = 'a'",
        "page > 1",
        "position < 9",
        "_rowid IN (0)",
        "meta_open = 1",
      ),
      columns: fc.subarray([
        "id",
        "vector",
        "meta_tags",
        "_distance",
        "_score",
        "_rowid",
        "content",
      ]),
      order_by: fc.constantFrom(
        [{ column_name: "position" }],
        [{ column_name: "vector" }],
        [{ column_name: "_score" }],
        [{ column_name: "meta_tags" }],
      ),
      with_row_id: fc.boolean(),
    },
    { requiredKeys: ["k"] },
  );
  await fc.assert(
    fc.asyncProperty(query, async (body) => {
      const { status } = await send("guide/query/", body);
      expect([200, 400, 409]).toContain(status);
    }),
    { numRuns: 400 },
  );
});
