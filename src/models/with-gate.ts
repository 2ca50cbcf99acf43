/** Lets the calls of a model through its upstream's gate: breaker, slots and rate. */
import type { Gate } from "../async/gate.ts";
import { openLater, relay } from "../async/relay.ts";
import { estimatePrompt, estimateTokens } from "../text/tokens.ts";
import type { ChatModel, ChatRequest, Embedder, Reranker } from "./model.ts";

export function withEmbedderGate(embedder: Embedder, gate: Gate): Embedder {
  return {
    ...embedder,
    embed: (texts, kind, signal) =>
      gate(() => embedder.embed(texts, kind, signal), { signal, tokens: () => sum(texts) }),
  };
}

/** The reranker reads the question once with every text. */
export function withRerankerGate(reranker: Reranker, gate: Gate): Reranker {
  return {
    ...reranker,
    score: (question, texts, signal) =>
      gate(() => reranker.score(question, texts, signal), {
        signal,
        tokens: () => sum(texts) + texts.length * estimateTokens(question),
      }),
  };
}

/** A stream holds its slot until it ends or its consumer leaves; its first delta proves that the upstream works. */
export function withChatGate(model: ChatModel, gate: Gate): ChatModel {
  return {
    ...model,
    stream: (request, signal) =>
      openLater(async () => {
        const started = Promise.withResolvers<() => void>();
        const ended = Promise.withResolvers<void>();
        const held = gate(
          (proof) => {
            started.resolve(proof);
            return ended.promise;
          },
          { signal, tokens: () => estimateRequest(request) },
        );
        held.catch(started.reject);
        const proof = await started.promise;
        return relay(() => model.stream(request, signal), {
          onItem: proof,
          async onOver(over, close) {
            try {
              await close();
            } finally {
              if (over.how === "failed") ended.reject(over.thrown);
              else ended.resolve();
              await Promise.allSettled([held]);
            }
          },
        });
      }),
  };
}

/** Endpoints count what an answer may have, not what it had. */
function estimateRequest({ messages, outputTokensMax }: ChatRequest): number {
  return estimatePrompt(messages) + outputTokensMax;
}

function sum(texts: readonly string[]): number {
  return texts.reduce((total, text) => total + estimateTokens(text), 0);
}
