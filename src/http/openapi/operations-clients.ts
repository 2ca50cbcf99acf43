/** The formats of other clients: OpenAI's, the AI SDK's, the Model Context Protocol. */
import * as z from "zod";
import { OpenAiBody } from "../formats/openai-request.ts";
import { UiBody } from "../formats/ui-request.ts";
import { RUN_ERRORS, STORE_ERRORS } from "./errors.ts";
import {
  Completion,
  CompletionEvent,
  Model,
  ModelList,
  RpcReply,
  RpcRequest,
  UiChunk,
} from "./foreign-bodies.ts";
import { RUN_HEADERS, STREAM_HEADERS } from "./headers.ts";
import { describe } from "./operation.ts";

/** A rejected message is told in JSON-RPC, whatever the status. */
const REFUSED = { description: "The message was refused.", json: RpcReply };

export const clientOperations = {
  createChatCompletion: describe({
    method: "post",
    path: "/v1/chat/completions",
    tag: "Clients",
    summary: "Ask as OpenAI's clients do",
    description:
      "The model's name chooses mode and collection: `tributary`, `tributary/agent`, `tributary/handbook`. Citations are `annotations`; everything else is in the field `tributary`.",
    headers: ["X-Request-Timeout-Ms", "Idempotency-Key", "Prefer"],
    body: OpenAiBody,
    replies: {
      200: {
        description: "A completion; with `stream` its chunks, then `[DONE]`.",
        json: Completion,
        events: CompletionEvent,
        headers: STREAM_HEADERS,
      },
    },
    errors: [...RUN_ERRORS, "not_found"],
    errorForm: "openai",
    errorHeaders: RUN_HEADERS,
  }),
  listModels: describe({
    method: "get",
    path: "/v1/models",
    tag: "Clients",
    summary: "List the names that a completion takes as its model",
    replies: { 200: { description: "The names.", json: ModelList } },
    errors: STORE_ERRORS,
    errorForm: "openai",
  }),
  getModel: describe({
    method: "get",
    path: "/v1/models/:id",
    tag: "Clients",
    summary: "Look at one of these names",
    params: { id: z.string().describe("The name; it may hold a slash.") },
    replies: { 200: { description: "The name.", json: Model } },
    errors: [...STORE_ERRORS, "not_found"],
    errorForm: "openai",
  }),
  chat: describe({
    method: "post",
    path: "/v1/chat",
    tag: "Clients",
    summary: "Ask as the AI SDK does",
    description:
      "The UI message stream, version 1, for `useChat`. What the transport does not set itself is an option of a question.",
    headers: ["X-Request-Timeout-Ms", "Idempotency-Key", "Prefer"],
    body: UiBody,
    replies: {
      200: {
        description: "The message's chunks, then `[DONE]`.",
        events: UiChunk,
        headers: [...STREAM_HEADERS, "x-vercel-ai-ui-message-stream"],
      },
    },
    errors: RUN_ERRORS,
    errorForm: "text",
    errorHeaders: RUN_HEADERS,
  }),
  resumeChat: describe({
    method: "get",
    path: "/v1/chat/:id/stream",
    tag: "Clients",
    summary: "Go on with a chat's answer, as the AI SDK does",
    description:
      "The stream of the chat's latest run from its beginning, while it runs: for `useChat` with `resume`. A run that was asked for with `Prefer: keep-run` goes on when its page is left.",
    params: { id: z.string().describe("The chat's id, as `POST /v1/chat` was sent it.") },
    replies: {
      200: {
        description: "The message's chunks, then `[DONE]`.",
        events: UiChunk,
        headers: ["X-Run-Id", "X-Accel-Buffering", "x-vercel-ai-ui-message-stream"],
      },
      204: { description: "No answer to this chat is being written." },
    },
    errors: [],
    errorForm: "text",
  }),
  mcp: describe({
    method: "post",
    path: "/mcp",
    tag: "Clients",
    summary: "Speak the Model Context Protocol",
    description:
      "Streamable HTTP without sessions; other methods answer 405. Tools: `ask`, `search`, `read_document`.",
    headers: ["Mcp-Protocol-Version"],
    body: RpcRequest,
    replies: {
      200: {
        description: "The reply, after messages about progress.",
        json: RpcReply,
        events: RpcReply,
        headers: ["X-Accel-Buffering"],
      },
      202: { description: "A notification was taken." },
      400: REFUSED,
      403: REFUSED,
      404: REFUSED,
      406: REFUSED,
      413: REFUSED,
      415: REFUSED,
      500: REFUSED,
    },
    errors: [],
    errorForm: "rpc",
  }),
};
