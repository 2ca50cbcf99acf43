/** How long a request at /v1/table is worked on, over a store and tables that never answer. */
import { Hono } from "hono";
import { expect, test } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { createAccessGuard } from "../../../src/http/guards/access-guard.ts";
import { createErrorHandler, createGuard } from "../../../src/http/guards/guards.ts";
import { addLanceRoutes } from "../../../src/http/lance/routes.ts";
import type { LanceTables } from "../../../src/http/lance/tables.ts";
import type { Env } from "../../../src/http/service.ts";
import type { ReadStore } from "../../../src/stores/store.ts";
import { listStore, makeInfo, recordLog } from "../../support/app.ts";
import { createFakeClock, settle } from "../../support/fake-clock.ts";

const hang = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
const silent: ReadStore = {
  kind: "memory",
  list: (signal) => hang(signal),
  open: (_name, signal) => hang(signal),
};

/** Asks; `query` is told for how long, and ends by itself then. */
async function send(path: string, options: { store?: ReadStore; waitMs?: string } = {}) {
  const { store = listStore({ guide: makeInfo("guide") }), waitMs } = options;
  const clock = createFakeClock();
  const config = parseConfig({ LANCE_GATEWAY_TIMEOUT_MS: "2000" });
  const log = recordLog();
  const told: number[] = [];
  const tables: LanceTables = {
    describe: (_table, signal) => hang(signal),
    count: (_table, _filter, signal) => hang(signal),
    query: (_table, { timeoutMs }, signal) => {
      told.push(timeoutMs);
      return hang(signal);
    },
    versions: (_table, signal) => hang(signal),
  };
  const app = new Hono<Env>();
  app.use(createGuard({ gate: { draining: false } as never }));
  app.use(createAccessGuard({ config, log }));
  app.onError(createErrorHandler({ log }));
  addLanceRoutes(app, { config, clock, store, tables });
  const isList = path === "";
  const headers = {
    "Content-Type": "application/json",
    ...(waitMs === undefined ? {} : { "x-request-timeout-ms": waitMs }),
  };
  const body = path.endsWith("query/") ? '{"vector":[],"k":1}' : "{}";
  const init = isList ? { headers } : { method: "POST", headers, body };
  let status: number | undefined;
  const answering = Promise.resolve(app.request(`http://127.0.0.1/v1/table/${path}`, init)).then(
    (response) => (status = response.status),
  );
  await settle();
  return { clock, told, answering, status: () => status };
}

const OF_TABLES = ["guide/describe/", "guide/count_rows/", "guide/query/", "guide/version/list/"];

test.each([
  ...OF_TABLES.map((path) => [path, "tables", {}] as const),
  ...["", ...OF_TABLES].map((path) => [path, "store", { store: silent }] as const),
])(
  "/v1/table/%s with a silent %s is worked on for the setting's time",
  async (...[path, , options]) => {
    const { clock, answering, status } = await send(path, options);
    await clock.advance(1_999);
    expect(status()).toBeUndefined();
    await clock.advance(1);
    expect(await answering).toBe(504);
  },
);

test.each([
  ["500", 500],
  ["9000", 2_000],
])("a client that waits %s ms is worked for during %i", async (waitMs, workedMs) => {
  const { clock, told, answering, status } = await send("guide/query/", { waitMs });
  expect(told).toEqual([workedMs]);
  await clock.advance(workedMs - 1);
  expect(status()).toBeUndefined();
  await clock.advance(1);
  expect(await answering).toBe(504);
});
