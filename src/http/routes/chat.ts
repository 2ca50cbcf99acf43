/** `POST /v1/chat`: a question as the AI SDK's `useChat` puts it, answered as a UI message stream. */
import type { Context } from "hono";
import { parseForeignAsk } from "../request/foreign-ask.ts";
import { parseUiRequest } from "../formats/ui-request.ts";
import { createUiWriter, UI_STREAM_HEADERS, uiErrorResponse } from "../formats/ui-response.ts";
import { readJson } from "../request/read-json.ts";
import { applyPreference, readRunOptions } from "../request/run-options.ts";
import { toRunRequest } from "../request/run-request.ts";
import { respondWithEvents } from "../response/run-response.ts";
import type { Env, Service } from "../service.ts";

export function createChatRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const body = await readJson(c.req.raw, service.config.chatBodyBytesMax);
    const asked = parseUiRequest(body);
    const options = await readRunOptions(c, body);
    const requestId = c.get("requestId");
    const ask = parseForeignAsk(service, c, asked);
    const request = toRunRequest(c, ask, service.answer, options);
    const response = await respondWithEvents(service, request, {
      createWriter: () => createUiWriter(requestId),
      toError: uiErrorResponse,
      headers: UI_STREAM_HEADERS,
    });
    applyPreference(response, { ...options, isAsync: false });
    return response;
  };
}
