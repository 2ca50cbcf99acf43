/** ChatModel over an OpenAI-compatible `/chat/completions` endpoint; proves that a stream was complete. */
import type { EventSourceMessage } from "eventsource-parser";
import type { ChatCompletionCreateParamsStreaming } from "openai/resources/chat/completions";
import { type Clock, systemClock } from "../async/clock.ts";
import { toAbortError } from "../async/deadline.ts";
import { withGrace } from "../async/grace.ts";
import { AppError, toAppError } from "../errors.ts";
import { type AnswerOrigin, checkFinish, createAnswerState, toTruncated } from "./answer-state.ts";
import { type ChatChunk, parseChatChunk } from "./chat-chunk.ts";
import { refusesTools, toConversation } from "./chat-messages.ts";
import { adaptDialect, guessDialect, toDialectFields, toRemembered } from "./chat-dialect.ts";
import type { ChatDelta, ChatModel, ChatRequest } from "./model.ts";
import { type OpenAiClient, toUpstreamError } from "./openai-client.ts";
import { createEventReader } from "./read-events.ts";
import { readPackets } from "./read-packets.ts";
import { isRefusal, readRefusalValue } from "./refusal-body.ts";
import { type Upstream, toBadResponse, toRefusalError } from "./upstream.ts";

const DONE = "[DONE]";
const USAGE_WAIT_MS = 250;
/** So many characters no token has on average, whatever the tokenizer. */
const TOKEN_CHARS_MAX = 16;

export interface OpenAiChatOptions {
  readonly client: OpenAiClient;
  readonly model: string;
  /** Name of the setting that names the model, for errors. */
  readonly setting?: string;
  readonly clock?: Clock;
  /** Longest wait for the usage behind the finish reason, from endpoints that do not close the stream. */
  readonly usageWaitMs?: number;
  /** Shortest time between two deltas once the text has begun; 0 gives each as it comes. */
  readonly deltaIntervalMs?: number;
  /** Whether the endpoint is given a JSON Schema as `response_format`; unset: yes, until it refuses. */
  readonly responseFormat?: boolean;
}

/** Creates the model. What the endpoint takes (see `Dialect`) is found out on the first call and remembered. */
export function createOpenAiChat(options: OpenAiChatOptions): ChatModel {
  const { client, model, setting = "CHAT_MODEL" } = options;
  const { clock = systemClock, usageWaitMs = USAGE_WAIT_MS, deltaIntervalMs = 0 } = options;
  const upstream = client.toUpstream(`the chat model "${model}"`, setting);
  const id = `openai:${model}`;
  let dialect = guessDialect(client.baseUrl, options.responseFormat);

  const open = async (
    request: ChatRequest,
    signal: AbortSignal,
  ): Promise<ReadableStream<Uint8Array>> => {
    const first = dialect;
    for (let current = first; ;) {
      const fields = toDialectFields(current, request);
      const body: ChatCompletionCreateParamsStreaming = {
        model,
        ...toConversation(request, id, current),
        stream: true,
        ...fields,
      };
      try {
        // The SDK sends and refuses; reading its stream would cost several times as much as reading the body.
        const response = await client.sdk
          .post("/chat/completions", { body, signal, stream: true })
          .asResponse();
        dialect = toRemembered(current);
        if (
          response.body === null ||
          response.headers.get("content-type")?.includes("application/json") === true
        ) {
          await response.body?.cancel();
          throw toBadResponse("did not stream its answer", upstream);
        }
        return response.body;
      } catch (thrown) {
        const error = toUpstreamError(thrown, signal, upstream);
        if (error.code !== "upstream_config") throw error;
        const adapted = adaptDialect(current, first, thrown, request);
        if (adapted === undefined && (request.tools?.length ?? 0) > 0 && refusesTools(thrown)) {
          throw new AppError("unsupported_option", {
            detail: `${upstream.name} takes no tools`,
            cause: thrown,
          });
        }
        if (adapted === undefined) throw error;
        current = adapted;
      }
    }
  };

  return {
    id,
    stream(request, signal) {
      const send = (own: AbortSignal): Promise<ReadableStream<Uint8Array>> => {
        request.onSent?.();
        return open(request, own);
      };
      const read = (own: AbortSignal): AsyncIterable<readonly ChatChunk[]> =>
        readChunks(() => send(own), own, { upstream, clock, deltaIntervalMs });
      const isLast = (chunks: readonly ChatChunk[]): boolean =>
        chunks.some(({ finish }) => finish !== undefined);
      const chunks = withGrace(read, { isLast, graceMs: usageWaitMs, clock, signal });
      return readAnswer(chunks, request, { modelId: id, upstream });
    },
  };
}

interface ReadOptions {
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly deltaIntervalMs: number;
}

/** The chunks of a stream until it ends in whatever way; those of one packet come together. */
async function* readChunks(
  open: () => Promise<ReadableStream<Uint8Array>>,
  signal: AbortSignal,
  { upstream, clock, deltaIntervalMs }: ReadOptions,
): AsyncGenerator<readonly ChatChunk[], void, undefined> {
  const body = await open();
  let hasBegun = false;
  const intervalMs = (): number => (hasBegun ? deltaIntervalMs : 0);
  const packets = readPackets(body, { clock, intervalMs });
  const events = createEventReader();
  try {
    for (let isOver = false; !isOver;) {
      const { value: packet } = await packets.next();
      isOver = packet === undefined;
      const { chunks, end } = toChunks(
        packet === undefined ? events.end() : events.read(packet),
        upstream,
      );
      hasBegun ||= chunks.some(({ text }) => text !== "");
      if (chunks.length > 0) yield chunks;
      if (end === undefined) continue;
      if (end === DONE) break;
      throw end;
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) throw toBadResponse(thrown.message, upstream);
    const error = toUpstreamError(thrown, signal, upstream);
    throw error.code === "upstream_unavailable" && error !== thrown
      ? toTruncated(upstream, { hasBegun, cause: error.cause })
      : error;
  } finally {
    await packets.return?.();
  }
  if (signal.aborted) throw toAbortError(signal.reason);
}

/** Everything up to the end of the stream or the first fault, which comes after what was good before it. */
function toChunks(
  events: readonly EventSourceMessage[],
  upstream: Upstream,
): { readonly chunks: readonly ChatChunk[]; readonly end: Error | typeof DONE | undefined } {
  const chunks: ChatChunk[] = [];
  for (const event of events) {
    if (event.data.startsWith(DONE)) return { chunks, end: DONE };
    try {
      chunks.push(toChunk(event, upstream));
    } catch (thrown) {
      return { chunks, end: thrown as Error };
    }
  }
  return { chunks, end: undefined };
}

/** Throws AppError for what is no chunk: an error within the stream, or nonsense. */
function toChunk({ event, data }: EventSourceMessage, upstream: Upstream): ChatChunk {
  const value: unknown = JSON.parse(data);
  if (event === "error" || isRefusal(value)) {
    const words = readRefusalValue(value);
    throw toRefusalError(words, upstream, new Error(words.message));
  }
  const chunk = parseChatChunk(value);
  if (chunk === undefined) throw toBadResponse("sent a chunk that is none", upstream);
  return chunk;
}

/** Without its last characters, and without half of one. */
function cutEnd(text: string, chars: number): string {
  return text.slice(0, text.length - chars).replace(/[\uD800-\uDBFF]$/, "");
}

/** Text as it comes, then the last usage, then the finish: only a stream with a finish reason is complete. */
async function* readAnswer(
  chunks: AsyncIterable<readonly ChatChunk[]>,
  request: ChatRequest,
  from: AnswerOrigin,
): AsyncGenerator<ChatDelta, void, undefined> {
  const state = createAnswerState(request, from);
  const charsMax = request.outputTokensMax * TOKEN_CHARS_MAX;
  try {
    for await (const batch of chunks) {
      const taken = state.take(batch);
      if (taken.reasons) yield { type: "reasoning" };
      const beyond = state.textChars - charsMax;
      const text = beyond > 0 ? cutEnd(taken.text, beyond) : taken.text;
      if (text !== "") yield { type: "text", text };
      if (beyond <= 0) continue;
      // It does not keep to the limit that it was given.
      state.finish = "length";
      break;
    }
  } catch (thrown) {
    // Nested deeper than anybody writes down.
    if (thrown instanceof RangeError) {
      throw toBadResponse("nested a call too deeply", from.upstream, thrown);
    }
    // A connection that breaks behind the finish reason costs the usage, not the answer.
    const isHarmless =
      state.finish !== undefined && toAppError(thrown).code === "upstream_truncated";
    if (!isHarmless) throw thrown;
  }
  const rest = state.end();
  if (rest !== "") yield { type: "text", text: rest };
  if (state.usage !== undefined) yield { type: "usage", ...state.usage };
  const turn = state.toolCalls();
  // Arguments that were cut at the token limit are not acted on.
  if (state.finish === "stop" && turn.calls.length > 0) {
    yield { type: "tool-calls", ...turn };
    yield { type: "finish", reason: "tool-calls" };
    return;
  }
  yield { type: "finish", reason: checkFinish(state, request, from.upstream) };
}
