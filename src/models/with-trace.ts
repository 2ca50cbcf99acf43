/** One span for each call that is really sent to a model, named as OpenTelemetry's conventions for generative AI want it. */
import { toAppError } from "../errors.ts";
import type { Attributes, Span, Tracer } from "../telemetry/tracer.ts";
import type { ChatModel, ChatRequest, Embedder, Reranker } from "./model.ts";

/** The protocol, whoever serves it. */
const PROVIDER = "openai";

export function withEmbedderTrace(embedder: Embedder, tracer: Tracer): Embedder {
  if (!tracer.isOn) return embedder;
  return {
    ...embedder,
    embed(texts, kind, signal) {
      const attributes = {
        ...toAttributes("embeddings", embedder.id.replace(/^openai:/, "")),
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
    async *stream(request, signal) {
      const span = startCall(tracer, toChatAttributes(chat.id, request, tracer.hasContent));
      const deltas = chat.stream(request, signal)[Symbol.asyncIterator]();
      let text = "";
      let error: string | undefined = "cancelled";
      try {
        for (;;) {
          // Whatever the model does between two deltas it does within the span.
          const next = await tracer.within(span.context, () => deltas.next());
          if (next.done === true) break;
          const delta = next.value;
          if (delta.type === "text" && tracer.hasContent) text += delta.text;
          if (delta.type === "usage") {
            span.set({
              "gen_ai.usage.input_tokens": delta.inputTokens,
              "gen_ai.usage.output_tokens": delta.outputTokens,
            });
          }
          if (delta.type === "finish") {
            span.set({ "gen_ai.response.finish_reasons": [delta.reason] });
            error = undefined;
          }
          yield delta;
        }
      } catch (thrown) {
        error = toAppError(thrown).code;
        throw thrown;
      } finally {
        if (tracer.hasContent) span.set({ "gen_ai.output.messages": text });
        span.end(error);
        await deltas.return?.();
      }
    },
  };
}

async function traceCall<T>(
  tracer: Tracer,
  attributes: Attributes,
  work: () => Promise<T>,
): Promise<T> {
  const span = startCall(tracer, attributes);
  try {
    const result = await tracer.within(span.context, work);
    span.end();
    return result;
  } catch (thrown) {
    span.end(toAppError(thrown).code);
    throw thrown;
  }
}

function startCall(tracer: Tracer, attributes: Attributes): Span {
  const { "gen_ai.operation.name": operation, "gen_ai.request.model": model } = attributes;
  return tracer.start(`${String(operation)} ${String(model)}`, { kind: "client", attributes });
}

function toAttributes(operation: string, model: string): Attributes {
  return {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": PROVIDER,
    "gen_ai.request.model": model,
  };
}

function toChatAttributes(model: string, request: ChatRequest, hasContent: boolean): Attributes {
  return {
    ...toAttributes("chat", model),
    "gen_ai.request.max_tokens": request.outputTokensMax,
    "gen_ai.request.temperature": request.temperature,
    ...(hasContent ? { "gen_ai.input.messages": JSON.stringify(request.messages) } : {}),
  };
}
