/** Every address with every kind of key, and what the service says and keeps silent about. */
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Scope } from "../../../src/domain/caller.ts";
import { findRouteAccess } from "../../../src/http/guards/route-scopes.ts";
import { noTelemetry } from "../../../src/http/telemetry.ts";
import { askWith, makeApp, makeService, recordLog, type TestService } from "../../support/app.ts";
import { bearer, makeAccess, makeKey } from "../../support/keys.ts";

type Made = Awaited<ReturnType<typeof makeKey>>;
let keys: Record<"all" | "ask" | "read" | "write" | "revoked" | "expired", Made>;
let service: TestService;
let app: ReturnType<typeof makeApp>;

beforeAll(async () => {
  keys = {
    all: await makeKey(),
    ask: await makeKey({ scopes: ["ask"] }),
    read: await makeKey({ scopes: ["read"] }),
    write: await makeKey({ scopes: ["write"] }),
    revoked: await makeKey({ revokedAt: "2026-01-02T00:00:00.000Z" }),
    expired: await makeKey({ expiresAt: "2026-01-02T00:00:00.000Z" }),
  };
  const { access } = makeAccess(Object.values(keys).map(({ entry }) => entry));
  service = makeService({ access });
  app = makeApp(service);
});

const ROUTES: readonly (readonly [string, string, readonly Scope[] | "open"])[] = [
  ["POST", "/v1/ask", ["ask"]],
  ["POST", "/v1/search", ["read"]],
  ["POST", "/v1/explain", ["read"]],
  ["POST", "/v1/chat/completions", ["ask"]],
  ["POST", "/v1/chat", ["ask"]],
  ["POST", "/mcp", ["ask", "read"]],
  ["GET", "/v1/models", ["ask"]],
  ["GET", "/v1/models/tributary", ["ask"]],
  ["GET", "/v1/runs/x", ["ask"]],
  ["DELETE", "/v1/runs/x", ["ask"]],
  ["GET", "/v1/runs/x/events", ["ask"]],
  ["GET", "/v1/collections", ["read"]],
  ["GET", "/v1/collections/guide", ["read"]],
  ["PUT", "/v1/collections/guide", ["write"]],
  ["DELETE", "/v1/collections/guide", ["write"]],
  ["GET", "/v1/collections/guide/documents/a.md", ["read"]],
  ["PUT", "/v1/collections/guide/documents/a.md", ["write"]],
  ["DELETE", "/v1/collections/guide/documents/a.md", ["write"]],
  ["GET", "/metrics", ["read"]],
  ["GET", "/", "open"],
  ["GET", "/playground/style.css", "open"],
  ["GET", "/livez", "open"],
  ["GET", "/readyz", "open"],
  ["GET", "/openapi.json", "open"],
  ["GET", "/docs", "open"],
];
const send = (method: string, path: string, headers: Record<string, string> = {}) =>
  app.request(path, {
    method,
    headers: { "Content-Type": "application/json", ...headers },
    ...(method === "POST" ? { body: "{}" } : {}),
  });

describe.each(ROUTES)("%s %s", (method, path, needed) => {
  test("stands in the table", () => expect(findRouteAccess(method, path)).toEqual(needed));

  test("without a key that counts it is as if there were nothing", async () => {
    const wrong = [
      {},
      bearer((await makeKey()).key),
      bearer(keys.all.key.slice(0, -1)),
      bearer(keys.revoked.key),
      bearer(keys.expired.key),
    ];
    for (const headers of wrong) {
      const { status } = await send(method, path, headers);
      expect(status === 401).toBe(needed !== "open");
    }
  });

  test("passes with a right scope only", async () => {
    for (const scope of ["ask", "read", "write"] as const) {
      const { status } = await send(method, path, bearer(keys[scope].key));
      const passes = needed === "open" || needed.includes(scope);
      expect([scope, status === 403, status === 401]).toEqual([scope, !passes, false]);
    }
    const plain = await send(method, path, { "X-Api-Key": keys.all.key });
    expect([401, 403]).not.toContain(plain.status);
  });
});

test("every route of the application stands in the table", () => {
  const missing = app.routes.filter(({ method, path }) => {
    const concrete = path.replace(/\{[^}]*\}/g, "").replace(/:\w+/g, "x");
    return (
      path !== "/*" && findRouteAccess(method === "ALL" ? "GET" : method, concrete) === undefined
    );
  });
  expect(missing.map(({ path }) => path)).toEqual([]);
  expect(findRouteAccess("GET", "/v1/planted")).toBeUndefined();
});

test("an address that is none needs a key, and says so", async () => {
  expect((await send("GET", "/v1/planted")).status).toBe(401);
  expect((await send("GET", "/v1/planted", bearer(keys.write.key))).status).toBe(404);
});

test("every refusal of a key is the same response, whatever the reason", async () => {
  const texts = new Set<string>();
  for (const credential of ["x", keys.all.key.slice(1), keys.revoked.key, keys.expired.key]) {
    const response = await send("GET", "/v1/collections", {
      ...bearer(credential),
      "X-Request-Id": "r",
    });
    expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="tributary"');
    texts.add(JSON.stringify([await response.text(), [...response.headers]]));
  }
  expect(texts.size).toBe(1);
});

test("hostile headers are refused, and never fail", async () => {
  const good = keys.all.key;
  const hostile: Record<string, string>[] = [
    bearer("x".repeat(10_000)),
    bearer(`${good}${"x".repeat(10_000)}`),
    bearer(`${good}, ${good}`),
    bearer(""),
    { Authorization: good },
    { Authorization: `Basic ${good}` },
    { Authorization: `Bearer\u00e9 ${good}` },
    { Authorization: "" },
    { ...bearer(good), "X-Api-Key": "x" },
    { ...bearer("x"), "X-Api-Key": good },
    { "X-Api-Key": `${good}, ${good}` },
    { "X-Api-Key": "\u00ff\u00fe" },
  ];
  for (const headers of hostile) {
    expect([headers, (await send("GET", "/v1/collections", headers)).status]).toEqual([
      headers,
      401,
    ]);
  }
  const both = { ...bearer(good), "X-Api-Key": good };
  expect((await send("GET", "/v1/collections", both)).status).toBe(200);
  const text = fc
    .string({ maxLength: 200 })
    .map((one) => one.replace(/[^\u0020-\u007e\u0080-\u00ff]/g, ""));
  await fc.assert(
    fc.asyncProperty(text, text, async (scheme, rest) => {
      const response = await send("GET", "/v1/collections", { Authorization: `${scheme} ${rest}` });
      expect(response.status).toBe(401);
    }),
  );
});

test("foreign formats hear it in their own words", async () => {
  const openai = await send("POST", "/v1/chat/completions", bearer("x"));
  expect(await openai.json()).toMatchObject({
    error: { type: "authentication_error", code: "invalid_api_key" },
  });
  const mcp = await send("POST", "/mcp", bearer("x"));
  expect(await mcp.json()).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32_001 } });
  const ui = await send("POST", "/v1/chat", bearer("x"));
  expect(ui.headers.get("X-Error-Code")).toBe("unauthenticated");
});

test("no key and no digest is in any log or response", async () => {
  const lines: string[] = [];
  const { access } = makeAccess([keys.all.entry]);
  const log = recordLog();
  const own = makeApp({ ...makeService({ access }), log });
  for (const key of [keys.all.key, keys.revoked.key, "canary-that-is-no-key"]) {
    for (const headers of [bearer(key), { "X-Api-Key": key }]) {
      for (const path of ["/v1/ask", "/v1/chat/completions", "/nowhere", "/mcp"]) {
        const response = await own.request(path, askWith({ question: "x" }, headers));
        lines.push(await response.text(), JSON.stringify([...response.headers]));
      }
    }
  }
  const all = [...lines, ...log.lines].join("\n");
  expect(log.lines.join("\n")).toContain("malformed");
  for (const secret of [keys.all, keys.revoked].flatMap(({ key, entry }) => [key, entry.digest])) {
    expect(all).not.toContain(secret);
  }
  expect(all).not.toContain("canary");
});

describe("without keys, on this machine", () => {
  const local = makeApp(makeService());
  test.each([
    ["another name", { Host: "attacker.example" }, 403],
    ["a name that begins alike", { Host: "localhost.attacker.example" }, 403],
    ["a page elsewhere", { Origin: "https://attacker.example" }, 403],
    ["a page without an origin", { Origin: "null" }, 403],
    ["its own page", { Host: "127.0.0.1:8787", Origin: "http://127.0.0.1:8787" }, 200],
    ["its name", { Host: "localhost:8787" }, 200],
    ["its address in IPv6", { Host: "[::1]:8787" }, 200],
    ["somebody elsewhere, through a proxy", { "X-Forwarded-For": "203.0.113.9" }, 403],
    ["the same through two", { "X-Forwarded-For": "203.0.113.9, 127.0.0.1" }, 403],
    ["the same in nginx's words", { "X-Real-IP": "203.0.113.9" }, 403],
    ["a proxy that is called by another name", { "X-Forwarded-Host": "docs.example" }, 403],
    ["the same in the standard's words", { Forwarded: "proto=https; For=203.0.113.9" }, 403],
    [
      "the same behind one of this machine",
      { Forwarded: 'for=127.0.0.1, for="[2001:db8::1]:80"' },
      403,
    ],
    ["the same for one who is hidden", { Forwarded: "for=_secret;by=127.0.0.1" }, 403],
    ["the same by another name", { Forwarded: 'for=127.0.0.1;host="docs.example"' }, 403],
    [
      "the same behind a quote that they began and the proxy's own ended",
      { Forwarded: 'for="127.0.0.1/, for="[2001:db8::1]:80"' },
      403,
    ],
    [
      "this machine in the standard's words",
      { Forwarded: 'for="[::1]:4711";host=localhost:3000;by=203.0.113.9' },
      200,
    ],
    ["a proxy for this machine", { "X-Forwarded-For": "::1, ::ffff:127.0.0.1" }, 200],
    ["a proxy by this machine's name", { "X-Forwarded-Host": "localhost:3000" }, 200],
  ])("%s", async (_, headers, status) => {
    expect((await local.request("/v1/collections", { headers })).status).toBe(status);
  });
  test("AUTH=off leaves it to whatever stands before the service", async () => {
    const open = makeApp(makeService({ env: { AUTH: "off" } }));
    const headers = { Host: "docs.example" };
    expect((await open.request("/v1/collections", { headers })).status).toBe(200);
  });
});

describe("pages of other origins", () => {
  const origin = "https://app.example";
  const preflight = {
    method: "OPTIONS",
    headers: { Origin: origin, "Access-Control-Request-Method": "POST" },
  };
  test("are told nothing unless they are allowed", async () => {
    const refused = await app.request("/v1/ask", preflight);
    expect(refused.status).toBe(401);
    expect(refused.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });
  test("may call with a key when they are", async () => {
    const { access } = makeAccess([keys.all.entry]);
    const open = makeApp(
      makeService({ access, env: { CORS_ORIGINS: `http://x.example, ${origin}` } }),
    );
    const asked = await open.request("/v1/ask", preflight);
    expect([asked.status, asked.headers.get("Access-Control-Allow-Origin")]).toEqual([204, origin]);
    expect(asked.headers.get("Access-Control-Allow-Headers")).toContain("Authorization");
    const headers = "x-stainless-os,mcp-method, if-match";
    for (const [names, allowed] of [
      [headers, headers],
      ["not a header: list", asked.headers.get("Access-Control-Allow-Headers")],
    ] as const) {
      const own = { ...preflight.headers, "Access-Control-Request-Headers": names };
      const answer = await open.request("/v1/ask", { ...preflight, headers: own });
      expect(answer.headers.get("Access-Control-Allow-Headers")).toBe(allowed);
    }
    for (const [from, allowed] of [
      [origin, origin],
      ["https://other.example", null],
    ] as const) {
      for (const headers of [bearer(keys.all.key), {}]) {
        const response = await open.request("/v1/collections", {
          headers: { ...headers, Origin: from },
        });
        expect(response.headers.get("Access-Control-Allow-Origin")).toBe(allowed);
        expect(response.headers.get("Vary")).toContain("Origin");
      }
    }
  });
});

test("/readyz without a key says whether, and not what; a stale list is told", async () => {
  const { access, source } = makeAccess([keys.all.entry]);
  const own = makeApp(makeService({ access }));
  const first = (await (await own.request("/readyz")).json()) as object;
  expect(first).toEqual({ status: "ready", collections: [] });
  source.isStale = true;
  expect(await (await own.request("/readyz")).json()).toMatchObject({ keys: "stale" });
});

test("figures name every collection: a key that is limited to some gets none", async () => {
  const narrow = await makeKey({ collections: ["guide"] });
  const wide = await makeKey();
  const { access } = makeAccess([narrow.entry, wide.entry]);
  const telemetry = { ...noTelemetry, render: () => "tributary_collection_chunks 1\n" };
  const own = makeApp(makeService({ access, telemetry }));
  const read = async (key: string): Promise<number> =>
    (await own.request("/metrics", { headers: bearer(key) })).status;
  expect([await read(wide.key), await read(narrow.key)]).toEqual([200, 404]);
});
