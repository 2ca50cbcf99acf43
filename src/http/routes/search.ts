/** `POST /v1/search`: the passages a question finds, without an answer. */
import type { Context } from "hono";
import type * as z from "zod";
import type { SearchResult } from "../openapi/bodies.ts";
import { chooseRepresentation } from "../request/accept.ts";
import { problemResponse } from "../response/problem.ts";
import { readJson } from "../request/read-json.ts";
import type { FinishedRun } from "../response/run-record.ts";
import { toAskContext, toRunRequest } from "../request/run-request.ts";
import { respondWithRecord } from "../response/run-response.ts";
import type { Env, Service } from "../service.ts";

export function createSearchRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    chooseRepresentation(c.req.header("Accept"), ["application/json"]);
    const body = await readJson(c, service.config.bodyBytesMax);
    const ask = service.parseAsk(body, toAskContext(c));
    const request = { ...toRunRequest(c, ask, service.search), isUnlisted: true };
    return respondWithRecord(service, request, {
      toBody: toSearchResult,
      toError: problemResponse,
    });
  };
}

/** What a search has to say of its run. */
export function toSearchResult(record: FinishedRun): z.infer<typeof SearchResult> {
  const { runId, outcome, passages, ledger, degraded, timeline, versions } = record;
  return { runId, outcome, passages, ledger, degraded, timeline, versions };
}
