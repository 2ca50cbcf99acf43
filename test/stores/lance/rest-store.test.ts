/** A LanceDB server that lies, hangs, fails or sends damage: what the store says of it, and what it keeps to itself. */
import { hash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Binary, Float32, tableToIPC, Table, Uint64, Utf8, vectorFromArray } from "apache-arrow";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Clock, systemClock } from "../../../src/async/clock.ts";
import { parseConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";
import { createRestStore } from "../../../src/stores/lance/rest-store.ts";
import { refusal, vectorQuery } from "../../conformance/store.ts";
import { spec } from "../../conformance/store-data.ts";
import { createFakeClock } from "../../support/fake-clock.ts";

const { signal } = new AbortController();
const SECRET = "sk-secret-key";
/** What a server might say; nobody but the log may hear of it. */
const WORDS = "/var/lance/secret-path panicked";

type Answer = (response: ServerResponse) => unknown;
const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
const raw =
  (body: string | Uint8Array, status = 200, headers = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end(body);
const metadata = { "tributary:collection": JSON.stringify({ format: 1, ...spec }) };
const GOOD: Readonly<Record<string, Answer>> = {
  list: json({ tables: ["guide", "others", "Not a name", "guide.terms"] }),
  describe: json({ version: 4, schema: { fields: [], metadata } }),
  count_rows: json(2),
  query: raw(tableToIPC(new Table({ x: vectorFromArray(["a"], new Utf8()) }), "file")),
};

/** A store on a server that answers so, and the operations it was asked for. */
async function startServer(
  answers: Readonly<Record<string, Answer>>,
  settings: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const operation = /\/(\w+)\/$/.exec(request.url ?? "")?.[1] ?? "list";
    asked.push(operation);
    request.resume().once("end", () => ({ ...GOOD, ...answers })[operation]?.(response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = parseConfig({
    LANCE_URL: url,
    LANCE_API_KEY: SECRET,
    BACKOFF_MS: "1",
    BACKOFF_MS_MAX: "1",
    ...settings,
  });
  const analyse = async (text: string) => new Set(text.split(" "));
  return { asked, store: createRestStore({ config, url, clock, analyse }) };
}

type Case = readonly [string, Answer, string, RegExp, number];
const SILENT = ["silence", "half an answer"];
const ATTEMPT_MS = 150;
const failures: readonly Case[] = [
  ["an error", json({ error: WORDS }, 500), "store_unavailable", /LANCE_URL.*500/, 4],
  ["a limit of its rate", json({}, 429), "store_unavailable", /LANCE_URL.*429/, 4],
  ["a refused key", json({ error: WORDS }, 401), "misconfigured", /LANCE_API_KEY/, 1],
  ["a forbidden key", json({}, 403), "misconfigured", /LANCE_API_KEY/, 1],
  [
    "a redirect",
    raw("", 302, { location: "http://127.0.0.1:9/" }),
    "misconfigured",
    /LANCE_URL/,
    1,
  ],
  ["a refusal of the request", json({ error: WORDS }, 400), "misconfigured", /LANCE_URL/, 1],
  ["a page", raw("<!doctype html><p>hello"), "store_unavailable", /LANCE_URL/, 2],
  ["an answer of another form", json({ rows: WORDS }), "store_unavailable", /LANCE_URL/, 2],
  ["an endless answer", raw("1".repeat(3_000)), "store_unavailable", /LANCE_ANSWER_BYTES_MAX/, 2],
  ["a broken connection", (r) => r.destroy(), "store_unavailable", /LANCE_URL/, 4],
  ["silence", () => undefined, "store_unavailable", /LANCE_URL/, 2],
  ["half an answer", (r) => r.writeHead(200).write("{"), "store_unavailable", /LANCE_URL/, 2],
];

describe.each(["list", "describe", "count_rows", "query"])("where %s should be", (operation) => {
  test.each(failures)("%s", async (...given) => {
    const [name, answer, code, detail, attempts] = given;
    const clock = createFakeClock();
    // Time passes only where nothing comes: on a busy machine all else may be late as well.
    const wait: Answer = (response) => {
      answer(response);
      setImmediate(() => void clock.advance(ATTEMPT_MS + 1)); // what was sent has been read
    };
    const isSilent = SILENT.includes(name);
    const { store, asked } = await startServer(
      { [operation]: isSilent ? wait : answer },
      {
        LANCE_ANSWER_BYTES_MAX: "2048",
        ...(isSilent ? { LANCE_ATTEMPT_TIMEOUT_MS: `${ATTEMPT_MS}` } : {}),
        ...(attempts === 2 ? { ATTEMPTS_MAX: "2" } : {}),
      },
      isSilent ? clock : systemClock,
    );
    const work = async () => {
      if (operation === "list") return store.list(signal);
      const snapshot = await store.open("guide", signal);
      return snapshot.search(vectorQuery(1), signal);
    };
    const error = await refusal(work());
    expect(error.code).toBe(code);
    expect(error.detail).toMatch(detail);
    expect(error.detail).not.toMatch(/secret|panick/);
    const times = asked.filter((one) => one === operation).length;
    // Both counts are asked for at the same time, and the first that fails is told.
    expect(times).toBeGreaterThanOrEqual(attempts);
    expect(times).toBeLessThanOrEqual(operation === "count_rows" ? attempts * 2 : attempts);
  });
});

test.each([1, 20])("LANCE_CONCURRENCY_MAX=%i: so many requests are there at once", async (max) => {
  const waiting: ServerResponse[] = [];
  const { asked, store } = await startServer(
    { list: (response) => waiting.push(response) },
    { LANCE_CONCURRENCY_MAX: String(max), LANCE_ATTEMPT_TIMEOUT_MS: "60000" },
  );
  const listing = Promise.all(Array.from({ length: max + 3 }, () => store.list(signal)));
  for (let answered = 0; answered < max + 3; answered += 1) {
    await expect.poll(() => waiting.length, { timeout: 20_000 }).toBeGreaterThan(0);
    const open = Math.min(max, max + 3 - answered);
    await expect.poll(() => asked.length - answered, { timeout: 20_000 }).toBe(open);
    GOOD["list"]?.(waiting.shift() as ServerResponse);
  }
  expect(await listing).toHaveLength(max + 3);
});

describe("damage", () => {
  const whole = tableToIPC(new Table({ _rowid: vectorFromArray(["0"], new Utf8()) }), "file");
  test.each<readonly [string, Uint8Array | string]>([
    ["Arrow that was cut off", whole.subarray(0, whole.length - 40)],
    ["no Arrow at all", "ARROW1\0\0 but not really"],
    ["nothing", ""],
    [
      "Arrow without the columns that were asked for",
      tableToIPC(new Table({ x: vectorFromArray(["a"], new Utf8()) })),
    ],
  ])("%s is not of the protocol", async (_, body) => {
    const { store } = await startServer({ query: raw(body) });
    const snapshot = await store.open("guide", signal);
    const error = await refusal(snapshot.search(vectorQuery(1), signal));
    expect([error.code, error.detail]).toEqual([
      "store_unavailable",
      expect.stringContaining("LANCE_URL"),
    ]);
  });

  test("statistics that are none are said to be none", async () => {
    const { store } = await startServer({});
    const snapshot = await store.open("guide", signal);
    expect((await refusal(snapshot.terms("cats", signal))).code).toMatch(/unavailable/);
  });
});

describe("what a foreign program wrote", () => {
  const whole = {
    documentId: "d",
    position: 0,
    title: "T",
    headings: ["H"],
    start: 0,
    end: 4,
    metadata: { year: 2_024, tags: ["a"] },
    textStart: 2,
  };
  const take = async (detail: string) => {
    const digest = hash("sha256", `T\ntext\n${detail}`, "hex").slice(0, 32);
    const row = { _rowid: ["7"], content: ["T\ntext"], detail: [`${digest}${detail}`] };
    const { store } = await startServer({ query: raw(toFile(row)) });
    return (await store.open("guide", signal)).take(["7"], signal);
  };
  test("is a chunk where its detail is one", async () => {
    expect(await take(JSON.stringify(whole))).toMatchObject([{ id: "d#0", text: "text" }]);
  });
  test.each([
    "null",
    "5",
    "[]",
    "{}",
    "no JSON",
    JSON.stringify({ ...whole, headings: null }),
    JSON.stringify({ ...whole, headings: [1] }),
    JSON.stringify({ ...whole, metadata: null }),
    JSON.stringify({ ...whole, metadata: { a: { b: 1 } } }),
    JSON.stringify({ ...whole, page: "1" }),
    JSON.stringify({ ...whole, textStart: "x" }),
  ])("is a damaged chunk where its detail is %s, whatever its hash says", async (detail) => {
    expect(await take(detail)).toEqual([undefined]);
  });

  test.each(["null", "5", "[1]", '{"a":1}', '{"a":null}', "no JSON"])(
    "is no collection where the forms of its terms are %s",
    async (forms) => {
      const columns = {
        version: ["4"],
        chunks: ["2"],
        trainedRows: ["0"],
        forms: [forms],
        terms: [new Uint8Array()],
        ends: [new Uint8Array()],
        counts: [new Uint8Array()],
      };
      const { store } = await startServer({ query: raw(toFile(columns)) });
      const snapshot = await store.open("guide", signal);
      const { code, detail } = await refusal(snapshot.terms("cats", signal));
      expect([code, detail]).toEqual([
        "collection_unavailable",
        expect.stringContaining("guide at LANCE_URL are not of this program"),
      ]);
    },
  );
});

/** Columns as a server sends them. */
function toFile(columns: Readonly<Record<string, readonly (string | Uint8Array)[]>>): Uint8Array {
  const vectors = Object.entries(columns).map(([name, values]) => [
    name,
    vectorFromArray(values, typeof values[0] === "string" ? new Utf8() : new Binary()),
  ]);
  return tableToIPC(new Table(Object.fromEntries(vectors)), "file");
}

test("tables that are not of this program are no collections", async () => {
  const { store } = await startServer({
    list: json({ tables: ["guide", "others"] }),
  });
  // The spec says which name it is for, so that the other table is not ours.
  expect(await store.list(signal)).toEqual(["guide"]);
  expect((await refusal(store.open("others", signal))).code).toBe("collection_unavailable");
  expect((await refusal(store.open("guide.terms", signal))).code).toBe("collection_not_found");
});

test.each<readonly [string, Readonly<Record<string, Answer>>]>([
  ["a table's name that is none", { list: json({ tables: ["guide", 1] }) }],
  ["more tables than are looked at", { list: json({ tables: Array(10_001).fill("guide") }) }],
  ["a list that is none", { list: json({ tables: { 0: "guide" } }) }],
  [
    "metadata that are a list",
    { describe: json({ version: 4, schema: { metadata: [metadata["tributary:collection"]] } }) },
  ],
  [
    "metadata that are no text",
    { describe: json({ version: 4, schema: { metadata: { ...metadata, x: 1 } } }) },
  ],
])("%s is no answer", async (_, answers) => {
  const { store } = await startServer(answers);
  const asking = "list" in answers ? store.list(signal) : store.open("guide", signal);
  expect((await refusal(asking)).code).toMatch(/unavailable/);
});

test("a server that is down is soon asked no more", async () => {
  const { store, asked } = await startServer({ list: json({}, 503) });
  for (let round = 0; round < 40; round += 1) {
    expect((await refusal(store.list(signal))).code).toBe("store_unavailable");
  }
  expect(asked.length).toBeLessThan(80);
});

test("who leaves while the tables are looked at leaves no list without them behind", async () => {
  const asked = Promise.withResolvers<void>();
  let isSilent = true;
  const { store } = await startServer({
    describe: (response) => (isSilent ? asked.resolve() : GOOD["describe"]?.(response)),
  });
  const leaving = new AbortController();
  const listing = store.list(leaving.signal).catch((thrown: unknown) => thrown);
  await asked.promise;
  leaving.abort(new AppError("deadline_exceeded"));
  expect(await listing).toMatchObject({ code: "deadline_exceeded" });
  isSilent = false;
  expect(await store.list(signal)).toEqual(["guide"]);
});

describe("what was seen of a collection", () => {
  const metadataOf = (instance: string) => ({ ...metadata, "tributary:instance": instance });
  const described = (version: number, instance = "one"): Answer =>
    json({ version, schema: { metadata: metadataOf(instance) } });
  const start = async (...answers: readonly Answer[]) => {
    const clock = createFakeClock();
    let next = 0;
    const server = await startServer(
      { describe: (response) => answers[Math.min(next++, answers.length - 1)]?.(response) },
      { FRESHNESS_MS: "1000", ATTEMPTS_MAX: "1" },
      clock,
    );
    const open = async () => (await server.store.open("guide", signal)).info.version;
    return { ...server, open, clock };
  };

  test("counts for FRESHNESS_MS, and no longer", async () => {
    const { open, clock } = await start(described(4), described(5));
    expect(await open()).toBe(4);
    await clock.advance(999);
    expect(await open()).toBe(4);
    await clock.advance(1);
    expect(await open()).toBe(5);
  });

  test("counts no more once it was forgotten, nor when a look at it failed", async () => {
    const { open, clock, store, asked } = await start(
      described(4),
      described(5),
      json({}, 404),
      described(5),
    );
    await open();
    store.forget?.("guide");
    expect(await open()).toBe(5);
    await clock.advance(1_000);
    expect((await refusal(open())).code).toBe("collection_not_found");
    expect(await open()).toBe(5);
    expect(asked.filter((operation) => operation === "count_rows")).toHaveLength(6);
  });

  test("is read anew where the collection was made again at the same version", async () => {
    const { clock, store, asked } = await start(described(4), described(4), described(4, "two"));
    const first = await store.open("guide", signal);
    await clock.advance(1_000);
    expect(await store.open("guide", signal)).toBe(first);
    await clock.advance(1_000);
    expect((await store.open("guide", signal)).instance).toBe("two");
    expect(asked.filter((operation) => operation === "count_rows")).toHaveLength(4);
  });
});

test("a hit has the score of its distance; a row without one is no hit, and nor are more than 2,000", async () => {
  const rows = (count: number, distance: (row: number) => number | null) =>
    raw(
      tableToIPC(
        new Table({
          _rowid: vectorFromArray(
            Array.from({ length: count }, (_, row) => BigInt(row)),
            new Uint64(),
          ),
          _distance: vectorFromArray(
            Array.from({ length: count }, (_, row) => distance(row)),
            new Float32(),
          ),
        }),
        "file",
      ),
    );
  const search = async (answer: Answer) => {
    const { store } = await startServer({ query: answer }, { ATTEMPTS_MAX: "1" });
    return (await store.open("guide", signal)).search(vectorQuery(1), signal);
  };
  expect(await search(rows(3, (row) => [0.25, null, Number.NaN][row] ?? null))).toEqual([
    { row: "0", score: 0.75 },
  ]);
  expect(await search(rows(2_000, () => 0))).toHaveLength(2_000);
  expect((await refusal(search(rows(2_001, () => 0)))).detail).toContain("LANCE_URL");
});

test("who leaves is let go at once, and the request ends with them", async () => {
  const closed = Promise.withResolvers<void>();
  const leaving = new AbortController();
  const { store } = await startServer({
    list: (response) => {
      response.once("close", () => closed.resolve());
      leaving.abort();
    },
  });
  await expect(store.list(leaving.signal)).rejects.toMatchObject({ code: "cancelled" });
  await closed.promise;
});
