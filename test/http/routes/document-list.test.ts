/** The documents of a collection over HTTP: every one once, page by page, while others come and go. */
import { describe, expect, test } from "vitest";
import { DocumentList } from "../../../src/http/list-documents.ts";
import type { WriteStore } from "../../../src/stores/store.ts";
import { createTestStore } from "../../support/collections.ts";
import { makeStoreApp } from "../../support/store-app.ts";

const IDS = ["faq.md", "ops/a&b.md", "ops/c d.md", "ops/é.md", "ops.md", "😀.md"];
const texts = Object.fromEntries(IDS.map((id, index) => [id, `Text number ${index}.`]));

async function makeReader(store: WriteStore) {
  const app = makeStoreApp(store);
  return async (query: Record<string, string> = {}): Promise<DocumentList> => {
    const search = new URLSearchParams(query).toString();
    const response = await app.request(`/v1/collections/handbook/documents?${search}`);
    expect(response.status).toBe(200);
    return DocumentList.parse(await response.json());
  };
}

const signal = new AbortController().signal;
const idsOf = ({ documents }: DocumentList): string[] =>
  documents.map(({ documentId }) => documentId);

describe("the documents of a collection", () => {
  test("come in the order of their ids, with what is known of each", async () => {
    const read = await makeReader(await createTestStore({ handbook: texts }));
    const list = await read();
    expect(idsOf(list)).toEqual([
      "faq.md",
      "ops.md",
      "ops/a&b.md",
      "ops/c d.md",
      "ops/é.md",
      "😀.md",
    ]);
    expect(list).toMatchObject({ collection: "handbook", version: 2 });
    expect(list.next).toBeUndefined();
    expect(list.documents[0]).toEqual({
      documentId: "faq.md",
      title: "faq.md",
      source: "faq.md",
      chunks: 1,
      etag: '"Text number 0"',
    });
  });

  test("are on one page each, however small the pages are", async () => {
    const read = await makeReader(await createTestStore({ handbook: texts }));
    for (const limit of ["1", "2", "3", "6", "500"]) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page = await read({ limit, ...(after === undefined ? {} : { after }) });
        expect(page.documents.length).toBeGreaterThan(0);
        seen.push(...idsOf(page));
        after = page.next;
      } while (after !== undefined);
      expect(seen.toSorted()).toEqual(IDS.toSorted());
    }
  });

  test("go on behind a document that was deleted meanwhile, and tell by the version that something changed", async () => {
    const store = await createTestStore({ handbook: texts });
    const read = await makeReader(store);
    const first = await read({ limit: "2" });
    expect(first.next).toBe("ops.md");
    const writer = await store.openWriter("handbook", signal);
    await writer.commit({ put: [], remove: ["ops.md", "faq.md"] }, signal);
    await writer.close();
    const second = await read({ limit: "2", after: "ops.md" });
    expect(idsOf(second)).toEqual(["ops/a&b.md", "ops/c d.md"]);
    expect(second.version).toBeGreaterThan(first.version);
  });

  test("of a folder alone: those whose id begins with the prefix", async () => {
    const read = await makeReader(await createTestStore({ handbook: texts }));
    expect(idsOf(await read({ prefix: "ops/" }))).toEqual(["ops/a&b.md", "ops/c d.md", "ops/é.md"]);
    const first = await read({ prefix: "ops/", limit: "2" });
    expect(first.next).toBe("ops/c d.md");
    const second = await read({ prefix: "ops/", limit: "2", after: "ops/c d.md" });
    expect(idsOf(second)).toEqual(["ops/é.md"]);
    expect(second.next).toBeUndefined();
    // The last of the folder ends a page, and another document follows in the collection.
    expect((await read({ prefix: "ops/", limit: "3" })).next).toBeUndefined();
    expect(idsOf(await read({ prefix: "ops.md" }))).toEqual(["ops.md"]);
    expect(idsOf(await read({ prefix: "nothing" }))).toEqual([]);
  });

  test("of which each can be read at its own address, with the ETag that the list names", async () => {
    const app = makeStoreApp(await createTestStore({ handbook: texts }));
    const listed = await app.request("/v1/collections/handbook/documents");
    for (const { documentId, etag } of DocumentList.parse(await listed.json()).documents) {
      const address = `/v1/collections/handbook/documents/${encodeURIComponent(documentId)}`;
      const response = await app.request(address);
      expect([response.status, response.headers.get("ETag")]).toEqual([200, etag]);
    }
  });

  test.each([
    ["handbook/documents?limit=0", 400, "invalid_request"],
    ["handbook/documents?limit=501", 400, "invalid_request"],
    ["handbook/documents?limit=1e2", 400, "invalid_request"],
    ["handbook/documents?page=2", 400, "invalid_request"],
    ["handbook/documents?prefix=ops/&after=faq.md", 400, "invalid_request"],
    ["nowhere/documents", 404, "collection_not_found"],
    ["handbook/documents/", 404, "not_found"],
  ])("%s is refused with %i %s", async (path, status, code) => {
    const app = makeStoreApp(await createTestStore({ handbook: texts }));
    const response = await app.request(`/v1/collections/${path}`);
    expect([response.status, await response.json()]).toMatchObject([status, { code }]);
  });

  test("are listed by GET alone, as JSON alone", async () => {
    const app = makeStoreApp(await createTestStore({ handbook: texts }));
    const posted = await app.request("/v1/collections/handbook/documents", { method: "POST" });
    expect([posted.status, posted.headers.get("Allow")]).toEqual([405, "GET"]);
    const page = await app.request("/v1/collections/handbook/documents", {
      headers: { Accept: "text/html" },
    });
    expect(page.status).toBe(406);
  });
});
