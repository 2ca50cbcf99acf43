/** `POST /v1/explain`: a search, and how far one document came in it. */
import type { Context } from "hono";
import type * as z from "zod";
import type { Explanation } from "../../domain/explanation.ts";
import { AppError } from "../../errors.ts";
import type { ExplainResult } from "../openapi/bodies.ts";
import { chooseRepresentation } from "../request/accept.ts";
import { parseExplainBody } from "../request/explain-body.ts";
import { problemResponse } from "../response/problem.ts";
import { readJson } from "../request/read-json.ts";
import type { FinishedRun } from "../response/run-record.ts";
import { toAskContext, toRunRequest } from "../request/run-request.ts";
import { respondWithRecord } from "../response/run-response.ts";
import { toSearchResult } from "./search.ts";
import type { Env, Service } from "../service.ts";

export function createExplainRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    chooseRepresentation(c.req.header("Accept"), ["application/json"]);
    service.gate.check(c.get("caller").id);
    const body = await readJson(c, service.config.bodyBytesMax);
    const { target, question } = parseExplainBody(body);
    let explained: Explanation | undefined;
    const ask = service.parseAsk(question, toAskContext(c));
    const run = service.explain({ target, onExplained: (found) => (explained = found) });
    const request = { ...toRunRequest(c, ask, run), isUnlisted: true, isAlone: true };
    return respondWithRecord(service, request, {
      toBody: (record) => toExplainResult(record, explained),
      toError: problemResponse,
    });
  };
}

/** What is told of the run, without its passages, and of the document. */
function toExplainResult(
  record: FinishedRun,
  explanation: Explanation | undefined,
): z.infer<typeof ExplainResult> {
  if (explanation === undefined) throw new AppError("internal");
  const { passages: _passages, ...run } = toSearchResult(record);
  return { ...run, ...explanation };
}
