/** `POST /v1/ask`: a question, answered as an event stream or as one JSON record. */
import type { Context } from "hono";
import { chooseRepresentation } from "./accept.ts";
import { readJson } from "./read-json.ts";
import { respondWithEvents, respondWithRecord } from "./run-response.ts";
import type { Env, Service } from "./service.ts";

export function createAskRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const accept = c.req.header("Accept");
    const type = chooseRepresentation(accept, ["application/json", "text/event-stream"]);
    service.gate.check(c.get("caller").id);
    const body = await readJson(c.req.raw, service.config.bodyBytesMax);
    const request = {
      ask: service.parseAsk(body, {
        caller: c.get("caller"),
        timeoutMs: c.req.header("X-Request-Timeout-Ms"),
      }),
      run: service.answer,
      client: c.req.raw.signal,
      requestId: c.get("requestId"),
    };
    return type === "text/event-stream"
      ? respondWithEvents(service, request)
      : respondWithRecord(service, request);
  };
}
