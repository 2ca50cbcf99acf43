/** `POST /v1/chat` and `GET /v1/chat/:id/stream`: questions as the AI SDK's `useChat` puts them, answered as UI message streams. */
import type { Context } from "hono";
import { createLru } from "../../async/lru.ts";
import type { Caller } from "../../domain/caller.ts";
import { AppError } from "../../errors.ts";
import { parseForeignAsk } from "../request/foreign-ask.ts";
import { parseUiRequest } from "../formats/ui-request.ts";
import { createUiWriter, UI_STREAM_HEADERS, uiErrorResponse } from "../formats/ui-response.ts";
import { readJson } from "../request/read-json.ts";
import { applyPreference, readRunOptions } from "../request/run-options.ts";
import { toRunRequest } from "../request/run-request.ts";
import { replayEvents, respondWithEvents, type StreamFormat } from "../response/run-response.ts";
import type { JournalRun } from "../runs/journal-run.ts";
import type { Env, Service } from "../service.ts";

/** Chats of which it is known which run is their latest, and the size of their ids. */
const CHATS_MAX = 10_000;
const CHAT_BYTES_MAX = 4 * 2 ** 20;

type Route = (c: Context<Env>) => Promise<Response>;

/** `resume` goes on with a chat's latest run from its beginning, while that runs; else it answers 204, as the AI SDK wants it. */
export function createChatRoutes(service: Service): {
  readonly ask: Route;
  readonly resume: Route;
} {
  const runOfChat = createLru<string>({ entriesMax: CHATS_MAX, bytesMax: CHAT_BYTES_MAX });
  return {
    async ask(c) {
      const body = await readJson(c, service.config.chatBodyBytesMax);
      const caller = c.get("caller");
      const { chatId, ...asked } = parseUiRequest(body);
      const options = await readRunOptions(c, body);
      const ask = parseForeignAsk(service, c, asked);
      const request = toRunRequest(c, ask, service.answer, options);
      const response = await respondWithEvents(service, request, toFormat(c));
      const runId = response.headers.get("X-Run-Id");
      if (chatId !== undefined && runId !== null) runOfChat.set(toKey(caller, chatId), runId, 0);
      applyPreference(response, { ...options, isAsync: false });
      return response;
    },
    async resume(c) {
      const caller = c.get("caller");
      const runId = runOfChat.get(toKey(caller, c.req.param("id") ?? ""));
      const run = runId === undefined ? undefined : await findRunning(service, runId, caller);
      if (run === undefined) return c.body(null, 204);
      // A reader of nothing would keep the run from ending when the others leave.
      if (c.req.method === "HEAD")
        return c.body(null, 200, { "Content-Type": "text/event-stream" });
      return replayEvents(service, run, { client: c.req.raw.signal, format: toFormat(c) });
    },
  };
}

function toFormat(c: Context<Env>): StreamFormat {
  const requestId = c.get("requestId");
  const createWriter = () => createUiWriter(requestId);
  return { createWriter, toError: uiErrorResponse, headers: UI_STREAM_HEADERS };
}

/** The chat's id is the client's own choice, so it names a chat of this caller alone. */
function toKey({ id }: Caller, chatId: string): string {
  return `${id}\n${chatId}`;
}

/** Undefined for a run that is over, or of collections that the caller may not see any more. */
async function findRunning(
  { journal }: Service,
  id: string,
  caller: Caller,
): Promise<JournalRun | undefined> {
  try {
    const run = await journal.find(id, caller);
    return run.ended ? undefined : run;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    if (thrown.code === "not_found" || thrown.code === "run_expired") return undefined;
    throw thrown;
  }
}
