/** `POST /v1/search`: the passages a question finds, without an answer. */
import type { Context } from "hono";
import { chooseRepresentation } from "./accept.ts";
import { readJson } from "./read-json.ts";
import { respondWithRecord } from "./run-response.ts";
import type { Env, Service } from "./service.ts";

export function createSearchRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    chooseRepresentation(c.req.header("Accept"), ["application/json"]);
    service.gate.check(c.get("caller").id);
    const body = await readJson(c.req.raw, service.config.bodyBytesMax);
    const request = {
      ask: service.parseAsk(body, {
        caller: c.get("caller"),
        timeoutMs: c.req.header("X-Request-Timeout-Ms"),
      }),
      run: service.search,
      client: c.req.raw.signal,
      requestId: c.get("requestId"),
    };
    return respondWithRecord(service, request, (record) => {
      const { runId, outcome, passages, ledger, degraded, timeline, versions } = record;
      return { runId, outcome, passages, ledger, degraded, timeline, versions };
    });
  };
}
