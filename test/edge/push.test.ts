/** Pushes: whole or not seen, gone on with, and harmless to repeat; and who may not. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { AppError } from "../../src/errors.ts";
import { toPushLine } from "../../src/stores/push-format.ts";
import { createEdgeTarget, type PushTarget } from "../../ingest/push/edge-target.ts";
import { pushCollection } from "../../ingest/push/push-collection.ts";
import { spec, toDocument, toVector } from "../conformance/store-data.ts";
import { askWith } from "../support/app.ts";
import { makeSamples, openSample, pushSample, type Samples } from "./samples.ts";
import { startEdge, TOKEN, useEdge } from "./test-edge.ts";
import { testTwoPushes } from "./two-pushes.ts";

const { signal } = new AbortController();
const BASE = "/v1/admin/collections/guide/pushes";

const edge = useEdge();
let samples: Samples;
beforeAll(async () => {
  samples = await makeSamples(["faq"]);
});
afterAll(() => samples[Symbol.asyncDispose]());

const admin = (path: string, body: unknown, token = TOKEN): Promise<Response> =>
  edge.fetch(path, askWith(body, { Authorization: `Bearer ${token}` }));
const chunksOf = async (name: string): Promise<number | undefined> => {
  const response = await edge.fetch(`/v1/collections/${name}`);
  return response.ok ? ((await response.json()) as { chunks: number }).chunks : undefined;
};

describe("pnpm ingest push", () => {
  test("that breaks off shows nothing, and the next one sends only what is missing", async () => {
    const source = await openSample(samples, "faq");
    const { key, info } = source;
    const options = { url: edge.url, token: TOKEN, clock: systemClock, collection: "faq", key };
    const target = createEdgeTarget(options);
    let batches = 0;
    const breaking: PushTarget = {
      ...target,
      async send(lines, signal) {
        batches += 1;
        await target.send(lines.slice(0, 40), signal); // the rest is lost with the connection
        throw new AppError("upstream_unavailable");
      },
    };
    await expect(pushCollection(source, breaking, signal)).rejects.toThrow("upstream_unavailable");
    expect(batches).toBe(1);
    expect(await chunksOf("faq")).toBeUndefined();
    const report = await pushCollection(source, target, signal);
    expect(report).toMatchObject({
      documents: info.documents,
      chunksSent: info.chunks - 40,
      isUnchanged: false,
    });
    expect(await chunksOf("faq")).toBe(info.chunks);
    expect(await pushSample(samples, "faq", edge.url)).toMatchObject({
      chunksSent: 0,
      isUnchanged: true,
    });
  });

  test("can be taken back, and what was pushed removed", async () => {
    expect((await admin("/v1/admin/collections/faq/rollback", {})).status).toBe(404);
    const remove = { method: "DELETE", headers: { Authorization: `Bearer ${TOKEN}` } };
    const path = "/v1/admin/collections/faq";
    expect((await edge.fetch(path, { method: "DELETE" })).status).toBe(401);
    expect((await edge.fetch(path, remove)).status).toBe(200);
    expect((await edge.fetch(path, remove)).status).toBe(404);
    await expect.poll(() => chunksOf("faq")).toBeUndefined();
    expect(await pushSample(samples, "faq", edge.url)).toMatchObject({ isUnchanged: false });
    expect((await admin("/v1/admin/collections/nope/rollback", {})).status).toBe(404);
  });

  test("that was never shown can be removed", async () => {
    const start = { key: "never-shown", spec: { ...spec, name: "half" } };
    expect((await admin("/v1/admin/collections/half/pushes", start)).status).toBe(200);
    const listed = (await (await edge.fetch("/v1/collections")).json()) as {
      collections: object[];
    };
    expect(listed.collections).not.toContainEqual(expect.objectContaining({ name: "half" }));
    expect(await chunksOf("half")).toBeUndefined();
    const remove = { method: "DELETE", headers: { Authorization: `Bearer ${TOKEN}` } };
    expect((await edge.fetch("/v1/admin/collections/half", remove)).status).toBe(200);
    expect((await edge.fetch("/v1/admin/collections/half", remove)).status).toBe(404);
  });

  test("takes a document as large as a batch may be, in any letters", async () => {
    // A character beyond Latin-1 has a text take two bytes for each of its others on the way to an object.
    const texts = Array.from({ length: 1_000 }, (_, index) => `“${index}” ${"x".repeat(11_000)}`);
    const start = { key: "a-large-document", spec: { ...spec, name: "large" } };
    const base = "/v1/admin/collections/large/pushes";
    expect((await admin(base, start)).status).toBe(200);
    const line = toPushLine({ ...toDocument("a", texts), hash: "large" });
    const added = await admin(`${base}/${start.key}/documents`, line);
    expect(await added.json()).toEqual({ chunksAdded: texts.length });
  });

  test("names a chunk that is larger than a row, and takes the rest of the collection", async () => {
    const start = { key: "a-huge-chunk", spec: { ...spec, name: "huge" } };
    const path = `/v1/admin/collections/huge/pushes`;
    expect((await admin(path, start)).status).toBe(200);
    const send = (...lines: readonly string[]): Promise<Response> =>
      admin(`${path}/${start.key}/documents`, lines.join("\n"));
    const good = toPushLine(toDocument("a", ["red cats"]));
    const huge = { ...toDocument("b", ["x ".repeat(1_100_000)]), hash: "huge" };
    const refused = await send(good, toPushLine(huge));
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({
      code: "payload_too_large",
      detail: expect.stringContaining("chunk 0 of document b") as string,
    });
    // What was written of the batch before it is undone.
    expect(await (await send(good)).json()).toEqual({ chunksAdded: 1 });
  });

  test("without the right token says so", async () => {
    const source = await openSample(samples, "faq");
    const options = { url: edge.url, clock: systemClock, collection: "faq", key: source.key };
    const target = createEdgeTarget({ ...options, token: "another" });
    const refused = await pushCollection(source, target, signal).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({
      code: "unauthenticated",
      detail: expect.stringContaining("ADMIN_TOKEN here") as string,
    });
  });
});

describe("two pushes at once", () => {
  const pushed = testTwoPushes(edge, { space: "-pushes-", vectorBytesMax: 2 ** 20 });
  const open = () => pushed.store.open("guide", signal);

  test("a push that is not whole is not shown", async () => {
    const { pushes } = pushed;
    const push = { collection: "guide", key: "half-of-it" };
    await pushes.begin({ key: push.key, spec }, signal);
    await pushes.add(push, [toDocument("a", ["one"])], signal);
    const early = pushes.publish(push, { documents: 2, chunks: 2 }, signal);
    await expect(early).rejects.toMatchObject({ code: "invalid_request" });
    expect((await open()).info.documents).toBe(20);
  });

  test("readers of the generation before go on reading it, and it can come back", async () => {
    const { pushes, store } = pushed;
    const old = await open();
    const push = { collection: "guide", key: "third-content" };
    await pushes.begin({ key: push.key, spec }, signal);
    await pushes.add(push, [toDocument("x", ["1", "2", "3"])], signal);
    await pushes.publish(push, { documents: 1, chunks: 3 }, signal);
    const query = { type: "vector", vector: toVector(0), limit: 50, timeoutMs: 5_000 } as const;
    expect(await old.search(query, signal)).toHaveLength(20);
    expect(await (await open()).search(query, signal)).toHaveLength(3);
    const { version } = (await open()).info;
    await store.generations?.rollback("guide", signal);
    const back = await open();
    expect(back.info.chunks).toBe(20);
    // What was kept of one version never is what another one says.
    expect(back.info.version).toBeGreaterThan(version);
  });
});

test("objects that are evicted in mid-use go on with what they stored", async () => {
  // One that nobody here holds a stub of: held objects are not evicted.
  const own = await startEdge();
  try {
    await pushSample(samples, "faq", own.url);
    const search = async (): Promise<unknown> => {
      const response = await own.fetch("/v1/search", askWith({ question: "What is a deadline?" }));
      const { passages, degraded } = (await response.json()) as Record<string, unknown>;
      return { passages, degraded };
    };
    const before = await search();
    expect(before).toMatchObject({ degraded: [] });
    await own.evict("COLLECTIONS", "faq@1");
    expect(await search()).toEqual(before);
    await own.evict("REGISTRY", "registry");
    expect(await search()).toEqual(before);
  } finally {
    await own.close();
  }
});

describe("what is sent to the admin address is checked", () => {
  const start = { key: "a-good-key", spec };
  test.each<readonly [string, string, unknown, readonly [number, string]]>([
    ["no token", "", start, [401, "unauthenticated"]],
    ["another token", "x", start, [401, "unauthenticated"]],
    ["no JSON", TOKEN, "{", [400, "invalid_request"]],
    [
      "another name",
      TOKEN,
      { ...start, spec: { ...spec, name: "other" } },
      [400, "invalid_request"],
    ],
    ["a short key", TOKEN, { ...start, key: "a" }, [400, "invalid_request"]],
    [
      "no dimensions",
      TOKEN,
      { ...start, spec: { ...spec, dimensions: 0 } },
      [400, "invalid_request"],
    ],
    ["a field too much", TOKEN, { ...start, more: 1 }, [400, "invalid_request"]],
  ])("%s", async (_, token, body, [status, code]) => {
    const response = await admin(BASE, body, token);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  test.each([
    ["no JSON", "{"],
    ["a document without chunks", JSON.stringify({ id: "a" })],
    ["a vector that is no Base64", toLine("%%%")],
    ["a vector of another length", toLine(btoa("abc"))],
  ])("a batch with %s changes nothing", async (_, line) => {
    expect((await admin(BASE, start)).status).toBe(200);
    const response = await admin(`${BASE}/${start.key}/documents`, line);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "invalid_request" });
    expect(await (await admin(BASE, start)).json()).toMatchObject({ documents: 0, chunks: 0 });
  });

  test("a vector of other dimensions is the mismatch it is", async () => {
    const response = await admin(`${BASE}/${start.key}/documents`, toLine(btoa("abcd")));
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: "embedder_mismatch" });
  });
});

function toLine(vector: string): string {
  const [write] = toDocument("a", ["text"]).chunks;
  const { id, title, source, hash, metadata } = toDocument("a", ["text"]);
  const chunks = [{ chunk: write?.chunk, vector }];
  return JSON.stringify({ id, title, source, hash, metadata, chunks });
}
