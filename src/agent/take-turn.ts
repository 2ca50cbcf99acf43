/** One call of a model whose words nobody reads as they come: its text and tool calls, when it is over. */
import { AppError } from "../errors.ts";
import type { ChatModel, ChatRequest, Echo, ToolCall } from "../models/model.ts";
import type { Run } from "../run.ts";
import type { Budget } from "./budget.ts";
import { callModel } from "./call-model.ts";

export interface Turn {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** Goes back to the model with its calls. */
  readonly echo?: Echo | undefined;
}

export interface TurnOptions {
  readonly run: Run;
  readonly budget: Budget;
}

/** More than any model has to say here; one that repeats itself for ever is left. */
const TEXT_CHARS_MAX = 200_000;

/**
 * The whole turn. Throws what the model throws, and AppError upstream_bad_response for a text without end, or one that
 * is cut before it says what it wants.
 */
export async function takeTurn(
  chat: ChatModel,
  request: Omit<ChatRequest, "temperature" | "onFallback">,
  { run, budget }: TurnOptions,
): Promise<Turn> {
  let text = "";
  let calls: readonly ToolCall[] = [];
  let echo: Echo | undefined;
  const onFallback = (): void => void run.degrade("llm_fallback_model");
  await callModel(chat, { ...request, onFallback }, { run, budget }, (delta) => {
    if (delta.type === "text") text += delta.text;
    if (delta.type === "tool-calls") ({ calls, echo } = delta);
    if (delta.type === "finish" && delta.reason === "length" && calls.length === 0) {
      throw new AppError("upstream_bad_response", {
        detail: `${chat.id} used up its tokens before it had said what it wants`,
      });
    }
    if (text.length > TEXT_CHARS_MAX) {
      throw new AppError("upstream_bad_response", { detail: `${chat.id} finds no end` });
    }
  });
  return { text, calls, echo };
}
