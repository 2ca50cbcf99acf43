/** `POST /v1/ask`: a question, answered as an event stream, as one JSON record, or with the address of its run. */
import type { Context } from "hono";
import { chooseRepresentation } from "../request/accept.ts";
import { readJson } from "../request/read-json.ts";
import { applyPreference, readRunOptions } from "../request/run-options.ts";
import { toAskContext, toRunRequest } from "../request/run-request.ts";
import { respondWithEvents, respondWithRecord } from "../response/run-response.ts";
import { respondWithAddress } from "./runs.ts";
import type { Env, Service } from "../service.ts";

export function createAskRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const accept = c.req.header("Accept");
    const type = chooseRepresentation(accept, ["application/json", "text/event-stream"]);
    const body = await readJson(c, service.config.bodyBytesMax);
    const options = await readRunOptions(c, body);
    const ask = service.parseAsk(body, toAskContext(c));
    const request = toRunRequest(c, ask, service.answer, options);
    const response = await (options.isAsync
      ? respondWithAddress((await service.journal.start(request)).run)
      : type === "text/event-stream"
        ? respondWithEvents(service, request)
        : respondWithRecord(service, request));
    applyPreference(response, options);
    return response;
  };
}
