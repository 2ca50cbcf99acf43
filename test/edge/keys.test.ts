/** Keys in the Worker: the same guard, over the secret API_KEYS. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { toKeyList } from "../../src/access/key-list.ts";
import { bearer, makeKey } from "../support/keys.ts";
import { startEdge, type TestEdge, TOKEN } from "./test-edge.ts";

let edge: TestEdge;
let good: string;
let asker: string;

beforeAll(async () => {
  const [all, one] = await Promise.all([makeKey(), makeKey({ scopes: ["ask"] })]);
  good = all.key;
  asker = one.key;
  edge = await startEdge({ AUTH: "keys", API_KEYS: toKeyList([all.entry, one.entry]) });
});
afterAll(() => edge.close());

test("addresses need a key with their scope, the page and /livez need none", async () => {
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await edge.fetch(path, { headers })).status;
  expect(await status("/livez")).toBe(200);
  expect(await status("/")).toBe(200);
  expect(await status("/v1/collections")).toBe(401);
  expect(await status("/v1/collections", bearer((await makeKey()).key))).toBe(401);
  expect(await status("/v1/collections", bearer(asker))).toBe(403);
  expect(await status("/v1/collections", bearer(good))).toBe(200);
  expect(await status("/v1/models", { "X-Api-Key": asker })).toBe(200);
});

test("writing into the Worker keeps its own token, which is no key", async () => {
  const drop = (token: string): Promise<Response> =>
    edge.fetch("/v1/admin/collections/nothing", { method: "DELETE", headers: bearer(token) });
  expect((await drop(good)).status).toBe(401);
  expect((await drop(TOKEN)).status).toBe(404);
  expect((await edge.fetch("/v1/collections", { headers: bearer(TOKEN) })).status).toBe(401);
});
