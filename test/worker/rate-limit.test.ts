/**
 * The platform's limit of requests, against a fake after
 * https://developers.cloudflare.com/workers/runtime-apis/bindings/rate-limit/: `limit({ key })` to `{ success }`.
 */
import OpenAI, { RateLimitError } from "openai";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../src/async/clock.ts";
import { LOCAL_CALLER } from "../../src/domain/caller.ts";
import { createRateLimit, type RateLimitBinding } from "../../src/worker/rate-limit.ts";
import type { Log } from "../../src/telemetry/log.ts";
import { silentLog } from "../../src/telemetry/log.ts";
import { askWith, goodRun, makeService, play, serveTest } from "../support/app.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { bearer, makeAccess, makeKey } from "../support/keys.ts";

/** So many calls a key; its period never ends. */
function createFakeLimit(limit: number) {
  const counts = new Map<string, number>();
  const binding: RateLimitBinding = {
    async limit({ key }) {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return { success: count <= limit };
    },
  };
  return { binding, counts };
}

const limitOf = (binding: RateLimitBinding, log: Log = silentLog, clock = systemClock) =>
  createRateLimit({ binding, periodMs: 60_000, clock, log });
const from = (address: string) => ({ headers: { "CF-Connecting-IP": address } });
const messages = [{ role: "user" as const, content: "What are timeouts?" }];

function serve(limit: number) {
  const fake = createFakeLimit(limit);
  const service = makeService({ answer: play(goodRun), requestLimit: limitOf(fake.binding) });
  return serveTest(service).then((server) => ({ server, ...fake }));
}

describe("one request too many is refused with the time to wait, in the words of its address", () => {
  const initialize = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
  const cases: readonly (readonly [string, RequestInit | undefined, object])[] = [
    ["/v1/collections", undefined, { code: "rate_limited", retryAfterMs: 60_000, retryable: true }],
    ["/v1/ask", askWith({ question: "x" }), { code: "rate_limited", status: 429 }],
    [
      "/v1/chat/completions",
      askWith({ model: "tributary", messages }),
      { error: { code: "rate_limit_exceeded" } },
    ],
    ["/mcp", askWith(initialize), { jsonrpc: "2.0", error: { data: { code: "rate_limited" } } }],
  ];
  test.each(cases)("%s", async (path, init, body) => {
    const { server } = await serve(0);
    await using _ = server;
    const refused = await fetch(`${server.url}${path}`, init);
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "60"]);
    expect(await refused.json()).toMatchObject(body);
  });

  test("/v1/chat", async () => {
    const { server } = await serve(0);
    await using _ = server;
    const body = { messages: [{ id: "1", role: "user", parts: [{ type: "text", text: "x" }] }] };
    const refused = await fetch(`${server.url}/v1/chat`, askWith(body));
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "60"]);
    expect(await refused.text()).toContain("this address sends more requests");
  });

  test("OpenAI's client knows it for what it is", async () => {
    const { server } = await serve(0);
    await using _ = server;
    const client = new OpenAI({ apiKey: "none", baseURL: `${server.url}/v1`, maxRetries: 0 });
    const completion = client.chat.completions.create({ model: "tributary", messages });
    await expect(completion).rejects.toBeInstanceOf(RateLimitError);
  });
});

test("health and the pages are never counted", async () => {
  const { server, counts } = await serve(0);
  await using _ = server;
  for (const path of ["/livez", "/readyz", "/"]) {
    expect((await fetch(`${server.url}${path}`)).status).toBe(200);
  }
  expect(counts.size).toBe(0);
});

test("each key has its own count, and one that is refused anyway has none", async () => {
  const fake = createFakeLimit(1);
  const [one, other] = [await makeKey(), await makeKey()];
  const { access } = makeAccess([one.entry, other.entry]);
  await using server = await serveTest(
    makeService({ access, requestLimit: limitOf(fake.binding) }),
  );
  const get = async (key: string): Promise<number> =>
    (await fetch(`${server.url}/v1/collections`, { headers: bearer(key) })).status;
  expect([await get(one.key), await get(one.key), await get(other.key)]).toEqual([200, 429, 200]);
  expect(await get((await makeKey()).key)).toBe(401);
  expect([...fake.counts.keys()]).toEqual([`key ${one.entry.id}`, `key ${other.entry.id}`]);
});

test("an answer takes the time limit of its question away", async () => {
  const clock = createFakeClock();
  const limit = limitOf(createFakeLimit(1).binding, silentLog, clock);
  await limit(new Request("http://worker.test/v1/collections"), LOCAL_CALLER);
  expect(clock.pending).toBe(0);
});

test("without keys each address has its own count; a network of IPv6 is one", async () => {
  const { server, counts } = await serve(100);
  await using _ = server;
  for (const address of [
    "192.0.2.7",
    "2001:db8:1:2:3:4:5:6",
    "2001:DB8:1:2::9",
    "2001:db8::1",
    "2001::3:4:5:6:7:8",
    "::1",
  ]) {
    await fetch(`${server.url}/v1/collections`, from(address));
  }
  await fetch(`${server.url}/v1/collections`);
  expect([...counts]).toEqual([
    ["address 192.0.2.7", 1],
    ["address 2001:db8:1:2", 2],
    ["address 2001:db8:0:0", 1],
    ["address 2001:0:3:4", 1],
    ["address 0:0:0:0", 1],
    ["address unknown", 1],
  ]);
});

describe("a limit that cannot be asked lets the request pass, and the log says so", () => {
  const request = new Request("http://worker.test/v1/collections");
  const caller = { id: "k", scopes: new Set<never>() };
  const watch = () => {
    const events: string[] = [];
    return { events, log: { ...silentLog, error: (event: string) => void events.push(event) } };
  };
  test.each<readonly [string, RateLimitBinding["limit"]]>([
    ["it fails", () => Promise.reject(new Error("secret"))],
    ["it answers something else", async () => ({ allowed: false })],
  ])("%s", async (_, limit) => {
    const { events, log } = watch();
    await limitOf({ limit }, log)(request, caller);
    expect(events).toEqual(["rate-limit-failed"]);
  });

  test("it does not answer", async () => {
    const { events, log } = watch();
    const clock = createFakeClock();
    const passed = limitOf(
      { limit: () => new Promise(() => undefined) },
      log,
      clock,
    )(request, caller);
    await clock.advance(250);
    await passed;
    expect([events, clock.pending]).toEqual([["rate-limit-failed"], 0]);
  });
});
