/** A LanceDB store with the gateway before it, on a socket, and the requests that came. */
import { Hono } from "hono";
import type { Access } from "../../src/access/access.ts";
import { systemClock } from "../../src/async/clock.ts";
import { parseConfig } from "../../src/config.ts";
import { createAccessGuard } from "../../src/http/guards/access-guard.ts";
import { createErrorHandler, createGuard, refuseAddress } from "../../src/http/guards/guards.ts";
import { addLanceRoutes } from "../../src/http/lance/routes.ts";
import type { Env } from "../../src/http/service.ts";
import { createServer, listen } from "../../src/node/server/create-server.ts";
import type { LanceStore } from "../../src/node/lance/lance-store.ts";
import { recordLog } from "./app.ts";

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly requests: Recorded[];
}

/** Serves the store's tables on a free port. */
export async function startGateway(
  store: LanceStore,
  access?: Access,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestGateway> {
  const config = parseConfig({ ...settings, HOST: "127.0.0.1" });
  const log = recordLog();
  const app = new Hono<Env>();
  app.use(createGuard({ gate: { draining: false } as never }));
  app.use(createAccessGuard({ config, log, ...(access === undefined ? {} : { access }) }));
  app.onError(createErrorHandler({ log }));
  app.notFound(refuseAddress);
  addLanceRoutes(app, { config, clock: systemClock, store, tables: store.tables });
  const requests: Recorded[] = [];
  const server = createServer(async (request) => {
    requests.push(await record(request));
    return app.fetch(request);
  }, config);
  const port = await listen(server, config.host, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function record(request: Request): Promise<Recorded> {
  const { pathname, search } = new URL(request.url);
  const text = request.method === "POST" ? await request.clone().text() : "";
  return {
    method: request.method,
    path: `${pathname}${search}`,
    headers: Object.fromEntries(request.headers),
    body: parse(text),
  };
}

/** What is no JSON is kept as it came. */
function parse(text: string): unknown {
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
}
