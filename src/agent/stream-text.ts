/** One call of a model whose words are read as they come. */
import type { ChatMessage, ChatModel, ChatRequest } from "../models/model.ts";
import type { Spent } from "./budget.ts";
import { type CallContext, callModel, type Heard } from "./call-model.ts";

export type TextCall = CallContext & Pick<ChatRequest, "outputSchema" | "onFallback">;

export interface Streamed {
  /** The model stopped at its token limit. */
  readonly truncated: boolean;
  /** The model whose words they were. */
  readonly answerer: string;
  /** What the call came to. */
  readonly spent: Spent;
}

/** Hands over the text as it comes until `onText` has enough, and gives what it was. A fallback model's words degrade the run. Throws what the model and `onText` throw. */
export async function streamText(
  chat: ChatModel,
  messages: readonly ChatMessage[],
  { outputSchema, onFallback, ...context }: TextCall,
  onText: (text: string) => Promise<Heard>,
): Promise<Streamed> {
  const { run } = context;
  let truncated = false;
  let fallback: string | undefined;
  const request = {
    messages,
    outputTokensMax: run.config.outputTokensMax,
    onFallback(modelId: string) {
      fallback = modelId;
      onFallback?.(modelId);
    },
    ...(outputSchema === undefined ? {} : { outputSchema }),
  };
  const spent = await callModel(chat, request, context, async (delta) => {
    if (fallback !== undefined) await run.degrade("llm_fallback_model");
    if (delta.type === "text") return onText(delta.text);
    if (delta.type === "finish") truncated = delta.reason === "length";
    return undefined;
  });
  return { truncated, answerer: fallback ?? chat.id, spent };
}
