/** From a request and its faults to the reply. */
import { type AnswerContext, findFault, toSpan } from "./answer-context.ts";
import { replyChat } from "./chat.ts";
import type { Exchange } from "./exchange.ts";
import { replyJson } from "./json-reply.ts";
import { replyEmbeddings, replyRerank } from "./lists.ts";
import { toMs } from "./play-stream.ts";
import { toRefusal } from "./refusals.ts";
import { body, type Reply } from "./reply.ts";
import type { Settings } from "./settings.ts";

/** The reply, after the latency it has. Throws ZodError for a request that is not what its address takes. */
export function toReply(exchange: Exchange, rest: Omit<AnswerContext, "faults">): Reply {
  const { faults } = exchange;
  const context = { ...rest, faults };
  const reply = choose(exchange, context);
  const { wheel, random, settings } = context;
  const waitMs = toMs(
    toSpan(findFault(faults, "latency"), toLatencyMs(exchange.on, settings)),
    random,
  );
  if (waitMs === 0) return reply;
  return (response, request) => {
    const cancel = wheel.after(waitMs, () => void reply(response, request));
    response.once("close", cancel);
  };
}

function choose(exchange: Exchange, context: AnswerContext): Reply {
  const { on, body: request, faults } = exchange;
  for (const fault of faults) {
    const refusal = toRefusal(fault);
    if (refusal !== undefined) return refusal;
  }
  switch (on) {
    case "chat":
      return replyChat(request, context);
    case "embeddings":
      return replyEmbeddings(request, context);
    case "rerank":
      return replyRerank(request, context);
    case "models":
      return replyModels(exchange.path, context);
    default:
      return on satisfies never;
  }
}

function replyModels(path: string, context: AnswerContext): Reply {
  if (!/\/models\/?$/.test(path)) {
    const message = `there is nothing at ${path}; there are /v1/chat/completions, /v1/embeddings, /v1/models, /v1/rerank, /v2/rerank`;
    return body({ error: { message, type: "invalid_request_error" } }, { status: 404 });
  }
  const data = context.settings.models.map((id) => ({
    id,
    object: "model",
    created: 1,
    owned_by: "chaos",
  }));
  return replyJson({ object: "list", data }, context);
}

function toLatencyMs(on: Exchange["on"], { chat, embeddings, rerank }: Settings): number {
  if (on === "chat") return chat.firstMs;
  if (on === "embeddings") return embeddings.latencyMs;
  return on === "rerank" ? rerank.latencyMs : 0;
}
