/** ChatModel over an OpenAI-compatible `/chat/completions` endpoint; proves that a stream was complete. */
import { APIError } from "openai";
import type { ChatCompletionCreateParamsStreaming } from "openai/resources/chat/completions";
import { toAbortError } from "../async/deadline.ts";
import { AppError, toAppError } from "../errors.ts";
import { type ChatChunk, parseChatChunk } from "./chat-chunk.ts";
import { refusesTools, toConversation } from "./chat-messages.ts";
import { adaptDialect, guessDialect, toDialectFields } from "./chat-dialect.ts";
import type { ChatDelta, ChatModel, ChatRequest, FinishReason } from "./model.ts";
import { type OpenAiClient, toUpstreamError } from "./openai-client.ts";
import { createToolCallAccumulator } from "./tool-call-accumulator.ts";
import { type Upstream, toBadResponse } from "./upstream.ts";

const ANSWER_CHARS_MAX = 2 * 2 ** 20;

export interface OpenAiChatOptions {
  readonly client: OpenAiClient;
  readonly model: string;
}

/** Creates the model. What the endpoint takes (see `Dialect`) is found out on the first call and remembered. */
export function createOpenAiChat({ client, model }: OpenAiChatOptions): ChatModel {
  const upstream = client.toUpstream(`the chat model "${model}"`, "CHAT_MODEL");
  let dialect = guessDialect(client.baseUrl);

  const open = async (
    request: ChatRequest,
    signal: AbortSignal,
  ): Promise<AsyncIterable<unknown>> => {
    const first = dialect;
    for (let current = first; ;) {
      const fields = toDialectFields(current, request);
      const body: ChatCompletionCreateParamsStreaming = {
        model,
        ...toConversation(request),
        stream: true,
        ...fields,
      };
      try {
        const sent = client.sdk.chat.completions.create(body, { signal });
        const { data: stream, response } = await sent.withResponse();
        dialect = current;
        if (response.headers.get("content-type")?.includes("application/json")) {
          stream.controller.abort();
          throw toBadResponse("did not stream its answer", upstream);
        }
        return stream;
      } catch (thrown) {
        const error = toUpstreamError(thrown, signal, upstream);
        const adapted = adaptDialect(current, first, thrown);
        if (adapted === undefined && (request.tools?.length ?? 0) > 0 && refusesTools(thrown)) {
          throw new AppError("unsupported_option", {
            detail: `${upstream.name} takes no tools`,
            cause: thrown,
          });
        }
        if (error.code !== "upstream_config" || adapted === undefined) throw error;
        current = adapted;
      }
    }
  };

  return {
    id: `openai:${model}`,
    async *stream(request, signal) {
      const stream = await open(request, signal);
      yield* readAnswer(readChunks(stream, signal, upstream), request, upstream);
    },
  };
}

/** The chunks of a stream until it ends in whatever way; an abort, which the SDK takes for an end, throws. */
async function* readChunks(
  stream: AsyncIterable<unknown>,
  signal: AbortSignal,
  upstream: Upstream,
): AsyncGenerator<ChatChunk, void, undefined> {
  try {
    for await (const value of stream) {
      const chunk = parseChatChunk(value);
      if (chunk === undefined) throw toBadResponse("sent a chunk that is none", upstream);
      yield chunk;
    }
  } catch (thrown) {
    const error = toUpstreamError(thrown, signal, upstream);
    const isReset = error.code === "upstream_unavailable" && !(thrown instanceof APIError);
    throw isReset ? toTruncated(upstream, error.cause) : error;
  }
  if (signal.aborted) throw toAbortError(signal.reason);
}

/** Text as it comes, then the last usage, then the finish: only a stream with a finish reason is complete. */
async function* readAnswer(
  chunks: AsyncIterable<ChatChunk>,
  { tools = [] }: ChatRequest,
  upstream: Upstream,
): AsyncGenerator<ChatDelta, void, undefined> {
  let length = 0;
  const accumulator = createToolCallAccumulator();
  let finish: ChatChunk["finish"];
  let usage: ChatChunk["usage"];
  try {
    for await (const chunk of chunks) {
      usage = chunk.usage ?? usage;
      finish = chunk.finish ?? finish;
      // Calls nobody offered are none.
      if (tools.length > 0) length += accumulator.add(chunk.toolCalls);
      length += chunk.text.length;
      if (length > ANSWER_CHARS_MAX) {
        throw toBadResponse(`wrote more than ${ANSWER_CHARS_MAX} characters`, upstream);
      }
      if (chunk.text !== "") yield { type: "text", text: chunk.text };
    }
  } catch (thrown) {
    // A connection that breaks behind the finish reason costs the usage, not the answer.
    if (finish === undefined || toAppError(thrown).code !== "upstream_truncated") throw thrown;
  }
  if (usage !== undefined) yield { type: "usage", ...usage };
  const calls = accumulator.calls();
  // Arguments that were cut at the token limit are not acted on.
  if (finish === "stop" && calls.length > 0) {
    yield { type: "tool-calls", calls };
    yield { type: "finish", reason: "tool-calls" };
    return;
  }
  yield { type: "finish", reason: checkFinish(finish, length, upstream) };
}

/** The finish of a stream that is complete. Throws AppError for every other end. */
function checkFinish(
  finish: ChatChunk["finish"],
  length: number,
  upstream: Upstream,
): FinishReason {
  switch (finish) {
    case undefined:
      throw toTruncated(upstream);
    case "filtered":
      throw new AppError("content_filtered", {
        detail: `${upstream.name} stopped its answer: its content filter`,
      });
    case "failed":
      throw toBadResponse("reported that its answer failed", upstream);
    case "stop":
    case "length":
      if (length === 0) throw toBadResponse(describeEmpty(finish), upstream);
      return finish;
    default:
      return finish satisfies never;
  }
}

function toTruncated(upstream: Upstream, cause?: unknown): AppError {
  return new AppError("upstream_truncated", {
    detail: `${upstream.name} broke off its answer`,
    cause,
  });
}

function describeEmpty(finish: "stop" | "length"): string {
  return finish === "stop"
    ? "ended its answer without a word"
    : "used up its tokens before the first word: raise OUTPUT_TOKENS_MAX";
}
