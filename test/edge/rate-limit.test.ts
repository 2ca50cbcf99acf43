/** The platform's limit of requests, as the local runtime has it: the binding of the environment `cloudflare`, without what needs an account. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, type TestEdge } from "./test-edge.ts";

const LIMIT = 3;
/** Paths in it are relative to it, so it lies beside the one it is made of. */
const CONFIG = ".wrangler-rate-limit.test.toml";

let edge: TestEdge;
beforeAll(async () => {
  const text = await readFile("wrangler.toml", "utf8");
  const [plain = ""] = text.split(/^\[env\./m, 1);
  const binding = /^\[\[env\.cloudflare\.(ratelimits\]\][^[]*)/m.exec(text)?.[1];
  if (binding === undefined) throw new Error("the environment has no limit of requests");
  const own = binding.replace(/limit = \d+/, `limit = ${LIMIT}`);
  await writeFile(CONFIG, `${plain}\n[[${own}`);
  edge = await startEdge({ RATE_LIMIT_PERIOD_MS: "60000" }, CONFIG);
});
afterAll(async () => {
  await edge.close();
  await rm(CONFIG);
});

test("requests beyond the limit of their address are refused, others and health are not", async () => {
  const get = async (path: string, address: string): Promise<Response> =>
    edge.fetch(path, { headers: { "CF-Connecting-IP": address } });
  // A period of the runtime may end within the first of them, and then as many pass once more.
  let refused: Response | undefined;
  let passed = 0;
  for (; passed <= 2 * LIMIT && refused === undefined; passed += 1) {
    const response = await get("/v1/models", "192.0.2.1");
    if (response.status !== 200) refused = response;
  }
  expect([refused?.status, refused?.headers.get("Retry-After")]).toEqual([429, "60"]);
  expect(await refused?.json()).toMatchObject({ error: { code: "rate_limit_exceeded" } });
  expect(passed).toBeGreaterThan(LIMIT);
  expect((await get("/v1/models", "192.0.2.2")).status).toBe(200);
  expect((await get("/livez", "192.0.2.1")).status).toBe(200);
});
