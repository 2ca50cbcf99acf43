import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
// Puts a Response of its own in the place of the platform's, as in the service.
import "../../../src/node/server/create-server.ts";
import { withCompression } from "../../../src/node/server/with-compression.ts";
import { askWith, makeApp, makeService, wantsEvents } from "../../support/app.ts";

const fetch = withCompression(makeApp(makeService()).fetch);
const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(new Request(`http://127.0.0.1${path}`, { headers }));

test("a page is sent with gzip to those who take it, and is the same page", async () => {
  for (const method of ["GET", "HEAD"]) {
    const page = await fetch(new Request("http://127.0.0.1/", { method }));
    expect([page.headers.get("Content-Encoding"), page.headers.get("Vary")]).toEqual([
      null,
      "Accept-Encoding",
    ]);
  }
  const plain = await get("/");
  const packed = await get("/", { "Accept-Encoding": "br, gzip;q=0.5" });
  expect(packed.headers.get("Content-Encoding")).toBe("gzip");
  const bytes = new Uint8Array(await packed.arrayBuffer());
  expect(gunzipSync(bytes).toString()).toBe(await plain.text());
  expect(
    (await get("/", { "Accept-Encoding": "gzip;q=0, br" })).headers.has("Content-Encoding"),
  ).toBe(false);
});

test("the whole first load is below 100 KB", async () => {
  const page = await (await get("/")).text();
  const paths = [...page.matchAll(/(?:href|src)="(\/playground\/[^"]+)"/g)].map(
    ([, path = ""]) => path,
  );
  expect(paths.length).toBeGreaterThan(3);
  let bytes = 0;
  for (const path of ["/", ...paths]) {
    const response = await get(path, { "Accept-Encoding": "gzip" });
    expect(response.status).toBe(200);
    bytes += (await response.arrayBuffer()).byteLength;
  }
  expect(bytes).toBeLessThan(100_000);
});

test("who has the page compressed is not sent it again", async () => {
  const tag = (await get("/", { "Accept-Encoding": "gzip" })).headers.get("ETag") ?? "";
  expect(tag).toMatch(/^W\//);
  const again = await get("/", { "Accept-Encoding": "gzip", "If-None-Match": tag });
  expect([again.status, again.headers.has("Content-Encoding")]).toEqual([304, false]);
});

test("a document keeps the ETag that a client may write with", async () => {
  const documented = withCompression(async () =>
    Response.json({ text: "x" }, { headers: { ETag: '"abc"' } }),
  );
  const url = "http://127.0.0.1/v1/collections/guide/documents/a.md";
  const headers = { "Accept-Encoding": "gzip" };
  const response = await documented(new Request(url, { headers }));
  expect(response.headers.get("ETag")).toBe('"abc"');
});

test.each([
  ["an answer", askWith({ question: "What are timeouts?" })],
  ["a stream", askWith({ question: "What are timeouts?" }, wantsEvents)],
])("%s is never compressed", async (_, init) => {
  const headers = { ...(init.headers as Record<string, string>), "Accept-Encoding": "gzip" };
  const response = await fetch(new Request("http://127.0.0.1/v1/ask", { ...init, headers }));
  expect([response.status, response.headers.has("Content-Encoding")]).toEqual([200, false]);
  await response.text();
});
