/** One span for each call that is really sent to a model, named as OpenTelemetry's conventions for generative AI want it. */
import { toModel } from "../domain/embedder-name.ts";
import { toAppError } from "../errors.ts";
import { toInputMessages, toOutputMessages } from "../telemetry/gen-ai-messages.ts";
import { inSpan } from "../telemetry/in-span.ts";
import type { Attributes, Tracer } from "../telemetry/tracer.ts";
import type { ChatDelta, ChatModel, ChatRequest, Embedder, Reranker, ToolCall } from "./model.ts";

/** The protocol, whoever serves it. */
const PROVIDER = "openai";
/** Of an id, what names the way to a model. Collectors group and price by the name that the provider knows. */
const WAY = /^(?:openai|rerank|workers-ai):/;

export function withEmbedderTrace(embedder: Embedder, tracer: Tracer): Embedder {
  if (!tracer.isOn) return embedder;
  return {
    ...embedder,
    embed(texts, kind, signal) {
      const attributes = {
        ...toAttributes("embeddings", toModel(embedder.id)),
        "tributary.texts": texts.length,
      };
      return traceCall(tracer, attributes, () => embedder.embed(texts, kind, signal));
    },
  };
}

export function withRerankerTrace(reranker: Reranker, tracer: Tracer): Reranker {
  if (!tracer.isOn) return reranker;
  return {
    ...reranker,
    score(question, texts, signal) {
      const attributes = {
        ...toAttributes("rerank", reranker.id),
        "tributary.texts": texts.length,
      };
      return traceCall(tracer, attributes, () => reranker.score(question, texts, signal));
    },
  };
}

export function withChatTrace(chat: ChatModel, tracer: Tracer): ChatModel {
  if (!tracer.isOn) return chat;
  return {
    ...chat,
    stream: (request, signal) => ({
      [Symbol.asyncIterator]: () => traceStream(chat, tracer, { request, signal }),
    }),
  };
}

interface Call {
  readonly request: ChatRequest;
  readonly signal: AbortSignal;
}

/** Written by hand and not as a generator, because it stands in the way of every token. */
function traceStream(
  chat: ChatModel,
  tracer: Tracer,
  { request, signal }: Call,
): AsyncIterator<ChatDelta, unknown> {
  const attributes = toChatAttributes(chat.id, request, tracer.hasContent);
  const span = tracer.start(toName(attributes), { kind: "client", attributes });
  const deltas = chat.stream(request, signal)[Symbol.asyncIterator]();
  let text = "";
  let toolCalls: readonly ToolCall[] = [];
  let reason = "error";
  let isSent = false;
  /** Known to be complete only by its finish reason. */
  let isFinished = false;
  const end = (error?: string): void => {
    if (tracer.hasContent) {
      const said = { content: text, reason, toolCalls };
      span.set({ "gen_ai.output.messages": toOutputMessages(said) });
    }
    span.end(error);
  };
  const keep = (delta: Exclude<ChatDelta, { type: "text" | "reasoning" }>): void => {
    span.set(toDeltaAttributes(delta));
    if (delta.type === "tool-calls") toolCalls = delta.calls;
    if (delta.type !== "finish") return;
    ({ reason } = delta);
    isFinished = true;
  };
  const look = (next: IteratorResult<ChatDelta, unknown>): IteratorResult<ChatDelta, unknown> => {
    if (next.done === true) end(isFinished ? undefined : "upstream_truncated");
    else if (next.value.type === "text") text += tracer.hasContent ? next.value.text : "";
    else if (next.value.type !== "reasoning") keep(next.value);
    return next;
  };
  const fail = (thrown: unknown): never => {
    end(toAppError(thrown).code);
    throw thrown;
  };
  return {
    next() {
      if (isSent) return deltas.next().then(look, fail);
      isSent = true;
      // The request is sent now, and the endpoint is told of this span.
      return tracer.within(span.context, () => deltas.next()).then(look, fail);
    },
    async return() {
      end(isFinished ? undefined : "cancelled");
      return (await deltas.return?.()) ?? { done: true, value: undefined };
    },
  };
}

function toDeltaAttributes(delta: Exclude<ChatDelta, { type: "text" | "reasoning" }>): Attributes {
  if (delta.type === "finish") return { "gen_ai.response.finish_reasons": [delta.reason] };
  if (delta.type === "tool-calls") {
    return { "tributary.tool_calls": delta.calls.map(({ name }) => name) };
  }
  return {
    "gen_ai.usage.input_tokens": delta.inputTokens,
    "gen_ai.usage.output_tokens": delta.outputTokens,
  };
}

function traceCall<T>(tracer: Tracer, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return inSpan(tracer, toName(attributes), { kind: "client", attributes }, work);
}

function toName({
  "gen_ai.operation.name": operation,
  "gen_ai.request.model": model,
}: Attributes): string {
  return `${String(operation)} ${String(model)}`;
}

function toAttributes(operation: string, id: string): Attributes {
  return {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": PROVIDER,
    "gen_ai.request.model": id.replace(WAY, ""),
  };
}

function toChatAttributes(id: string, request: ChatRequest, hasContent: boolean): Attributes {
  return {
    ...toAttributes("chat", id),
    "gen_ai.request.max_tokens": request.outputTokensMax,
    "gen_ai.request.temperature": request.temperature,
    ...(hasContent ? { "gen_ai.input.messages": toInputMessages(request.messages) } : {}),
  };
}
