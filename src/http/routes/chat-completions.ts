/** `POST /v1/chat/completions`: a question as OpenAI's clients put it, answered as they expect it. */
import type { Context } from "hono";
import { parseForeignAsk } from "../request/foreign-ask.ts";
import { parseOpenAiRequest } from "../formats/openai-request.ts";
import {
  type CompletionOptions,
  createOpenAiWriter,
  openAiErrorResponse,
  toCompletion,
} from "../formats/openai-response.ts";
import { readJson } from "../request/read-json.ts";
import { applyPreference, readRunOptions } from "../request/run-options.ts";
import { toRunRequest } from "../request/run-request.ts";
import { respondWithEvents, respondWithRecord } from "../response/run-response.ts";
import type { Env, Service } from "../service.ts";

export function createChatCompletionsRoute(service: Service) {
  return async (c: Context<Env>): Promise<Response> => {
    const body = await readJson(c, service.config.chatBodyBytesMax);
    const asked = parseOpenAiRequest(body);
    const options = await readRunOptions(c, body);
    const requestId = c.get("requestId");
    const ask = parseForeignAsk(service, c, asked);
    const request = toRunRequest(c, ask, service.answer, options);
    const completion: CompletionOptions = {
      model: asked.model,
      createdSeconds: Math.floor(Date.now() / 1000),
      requestId,
      origin: toOrigin(c),
      isUsageWanted: asked.isUsageWanted,
      isOutputWanted: asked.isOutputWanted,
      ignored: asked.ignored,
    };
    const toError = openAiErrorResponse;
    const response = await (asked.isStream
      ? respondWithEvents(service, request, {
          createWriter: (events) => createOpenAiWriter(completion, events),
          toError,
        })
      : respondWithRecord(service, request, {
          toBody: (record) => toCompletion(record, completion),
          toError,
        }));
    applyPreference(response, { ...options, isAsync: false });
    return response;
  };
}

/** Where the client came in. TLS ends at a proxy in front, which says so. */
function toOrigin({ req }: Context<Env>): string {
  const { origin, host } = new URL(req.url);
  return /^https\b/i.test(req.header("X-Forwarded-Proto") ?? "") ? `https://${host}` : origin;
}
