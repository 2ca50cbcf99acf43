/** What the routes of health say: the collections, the store, a service that drains. */
import { expect, test } from "vitest";
import { AppError } from "../../../src/errors.ts";
import { askWith, listStore, makeApp, makeInfo, makeService } from "../../support/app.ts";

const store = listStore({
  faq: new AppError("collection_unavailable"),
  guide: makeInfo("guide"),
  old: makeInfo("old", "openai:other"),
});

test("says which collections open and whether their embedder is at hand", async () => {
  const app = makeApp(makeService({ store }));
  const response = await app.request("/readyz");
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    status: "ready",
    collections: [
      {
        name: "faq",
        status: "unavailable",
        embedderReady: false,
        code: "collection_unavailable",
      },
      { name: "guide", status: "ready", embedderReady: true },
      { name: "old", status: "ready", embedderReady: false, embedder: "openai:other" },
    ],
  });
  const listed = await (await app.request("/v1/collections")).json();
  expect(listed.collections).toMatchObject([
    { name: "faq", status: "unavailable", code: "collection_unavailable" },
    { name: "guide", status: "ready", chunks: 5 },
    { name: "old", embedderReady: false },
  ]);
});

test("is not ready without a store, but alive", async () => {
  const broken = { ...store, list: () => Promise.reject(new AppError("store_unavailable")) };
  const app = makeApp(makeService({ store: broken }));
  expect((await app.request("/readyz")).status).toBe(503);
  expect((await app.request("/livez")).status).toBe(200);
});

test("is not ready while draining, and new questions are refused", async () => {
  const service = makeService({ store });
  service.gate.drain();
  const app = makeApp(service);
  const ready = await app.request("/readyz");
  expect(ready.status).toBe(503);
  expect(ready.headers.get("Connection")).toBe("close");
  const refused = await app.request("/v1/ask", askWith({ question: "Why?" }));
  expect(refused.status).toBe(503);
  expect(refused.headers.get("Retry-After")).toBe("2");
  expect(await refused.json()).toMatchObject({ code: "draining", retryable: true });
  expect((await app.request("/livez")).status).toBe(200);
});

test("while no question is taken, /v1/explain, whose run is nobody else's, refuses it before it reads it", async () => {
  const service = makeService({ store });
  service.gate.drain();
  expect((await makeApp(service).request("/v1/explain", askWith("{"))).status).toBe(503);
});
