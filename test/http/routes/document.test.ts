/** Where a citation leads: the document over HTTP. */
import { describe, expect, test } from "vitest";
import { DocumentText } from "../../../src/http/read-document.ts";
import { createTestStore } from "../../support/collections.ts";
import { makeStoreApp } from "../../support/store-app.ts";

const text = "Retries use jitter so that clients do not come back at the same moment.";
const pager = "The pager rings once.";
const broken = "ops/on\ncall.md";
const documents = { retries: text, "ops/on call & more.md": pager, [broken]: pager };

async function get(path: string, init: RequestInit = {}): Promise<Response> {
  const app = makeStoreApp(await createTestStore({ handbook: documents }));
  return app.request(path, init);
}

describe("a document over HTTP", () => {
  test("comes with its chunks, their places and the version that was read", async () => {
    const response = await get("/v1/collections/handbook/documents/retries");
    expect(response.status).toBe(200);
    const document = DocumentText.parse(await response.json());
    expect(document).toMatchObject({ collection: "handbook", documentId: "retries" });
    expect(document.chunks.map((chunk) => chunk.text).join("")).toContain("Retries use jitter");
    expect(document.next).toBeUndefined();
  });

  test("is not sent again to who has it: whole, part by part, and through a proxy that weakened its ETag", async () => {
    const path = "/v1/collections/handbook/documents/retries";
    const first = await get(path);
    const etag = first.headers.get("ETag") ?? "";
    expect(etag).toMatch(/^"[^"]+"$/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const response = await get(`${path}?from=0`, { headers: { "If-None-Match": tag } });
      expect([response.status, response.headers.get("ETag"), await response.text()]).toEqual([
        304,
        etag,
        "",
      ]);
    }
    const other = await get(path, { headers: { "If-None-Match": '"other"' } });
    expect(other.status).toBe(200);
    // A refusal stays one: what is not there was never had.
    const behind = await get(`${path}?from=7`, { headers: { "If-None-Match": etag } });
    expect(behind.status).toBe(404);
  });

  test("has an address however its name is written", async () => {
    for (const documentId of ["ops/on call & more.md", broken]) {
      for (const path of [encodeURIComponent(documentId), encodeURI(documentId)]) {
        const response = await get(`/v1/collections/handbook/documents/${path}`);
        expect(await response.json()).toMatchObject({ documentId });
      }
    }
  });

  test.each([
    ["handbook/documents/nothing", 404, "not_found"],
    ["nowhere/documents/retries", 404, "collection_not_found"],
    ["handbook/documents/retries?from=7", 404, "not_found"],
    ["handbook/documents/retries?from=-1", 400, "invalid_request"],
    ["handbook/documents/retries?from=", 400, "invalid_request"],
    ["handbook/documents/retries?chunksMax=0", 400, "invalid_request"],
    ["handbook/documents/retries?chunksMax=1e9", 400, "invalid_request"],
    ["handbook/documents/retries?form=1", 400, "invalid_request"],
  ])("%s is refused with %i %s", async (path, status, code) => {
    const response = await get(`/v1/collections/${path}`);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });

  test("takes no other method", async () => {
    const response = await get("/v1/collections/handbook/documents/retries", { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toBe("GET");
  });
});
