/** Who may write into a Worker: whoever has all of its token. */
import { Hono } from "hono";
import { expect, test } from "vitest";
import { toAppError } from "../../src/errors.ts";
import type { Env } from "../../src/http/service.ts";
import { addAdminRoutes } from "../../src/worker/admin.ts";
import { createMemoryStore } from "../../src/stores/memory.ts";
import type { DocumentPage } from "../../src/stores/store.ts";
import type { Pushes } from "../../src/worker/durable/pushes.ts";
import { spec } from "../conformance/store-data.ts";

const TOKEN = "t".repeat(300);
const never = (): never => {
  throw new Error("no push was expected");
};
const pushes: Pushes = { begin: never, documents: never, add: never, publish: never };

function makeApp(token: string | undefined) {
  const app = new Hono<Env>();
  app.onError((thrown, c) => c.text(toAppError(thrown).code));
  addAdminRoutes(app, { token, pushes, store: createMemoryStore() });
  return async (authorization?: string): Promise<string> => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const response = await app.request("/v1/admin/collections/x", { method: "DELETE", headers });
    return response.text();
  };
}

test.each<readonly [string, string | undefined, string]>([
  ["the token", `Bearer ${TOKEN}`, "collection_not_found"],
  ["one that differs in its last sign alone", `Bearer ${TOKEN.slice(1)}u`, "unauthenticated"],
  ["the beginning of it", `Bearer ${TOKEN.slice(0, 256)}`, "unauthenticated"],
  ["more than it", `Bearer ${TOKEN}t`, "unauthenticated"],
  ["another scheme", `Basic ${TOKEN}`, "unauthenticated"],
  ["nothing", undefined, "unauthenticated"],
])("%s", async (_, authorization, code) => {
  expect(await makeApp(TOKEN)(authorization)).toBe(code);
});

test("without a token set nobody may", async () => {
  expect(await makeApp(undefined)("Bearer ")).toBe("misconfigured");
});

test("a push that is wrong is told what it has there", async () => {
  const app = new Hono<Env>();
  app.onError((thrown, c) => c.text(toAppError(thrown).detail ?? ""));
  addAdminRoutes(app, { token: TOKEN, pushes, store: createMemoryStore() });
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ documents: "3", chunks: 3 });
  const path = "/v1/admin/collections/x/pushes/abcdefgh/publish";
  const response = await app.request(path, { method: "POST", headers, body });
  expect(await response.text()).toBe("documents must be a number, is a string");
});

test("what has arrived is listed behind the id that is given, and a push is of its address's collection", async () => {
  const app = new Hono<Env>();
  app.onError((thrown, c) => c.text(toAppError(thrown).detail ?? ""));
  const pages: DocumentPage[] = [];
  const documents: Pushes["documents"] = async (_, page) => {
    pages.push(page);
    return [];
  };
  addAdminRoutes(app, {
    token: TOKEN,
    pushes: { ...pushes, documents },
    store: createMemoryStore(),
  });
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
  const base = "/v1/admin/collections/x/pushes";
  await app.request(`${base}/abcdefgh/documents`, { headers });
  await app.request(`${base}/abcdefgh/documents?after=a%26b`, { headers });
  expect(pages).toEqual([{ limit: 2_000 }, { limit: 2_000, after: "a&b" }]);
  const body = JSON.stringify({ key: "abcdefgh", spec: { ...spec, name: "y" } });
  const response = await app.request(base, { method: "POST", headers, body });
  expect(await response.text()).toBe("the spec is of another collection");
});
