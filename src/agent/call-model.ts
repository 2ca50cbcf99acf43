/** One call of a model to its last word. What it came to is counted here, for every call that a run makes. */
import type { Usage } from "../domain/event.ts";
import type { ChatDelta, ChatModel, ChatRequest, ToolCall } from "../models/model.ts";
import type { Run } from "../run.ts";
import type { Budget, Spent } from "./budget.ts";
import { estimateUsage } from "./estimate-usage.ts";

export interface CallContext {
  readonly run: Run;
  /** Ends the call; unset: the run's own. */
  readonly signal?: AbortSignal | undefined;
  /** Of the whole run; its tokens are booked when the call came to its end. */
  readonly budget?: Budget | undefined;
}

/** The model may go on, but nobody needs what it will say. */
export type Heard = "enough" | void;

/**
 * Hands over each delta as it comes, and gives the tokens that the call came to. Emits its usage however it ends,
 * unless nothing was sent: where the breaker is open, or no slot comes free. A call that has said `enough` is left,
 * and its usage is estimated. Throws what the model throws, and what `onDelta` throws.
 */
export async function callModel(
  chat: ChatModel,
  request: Omit<ChatRequest, "temperature">,
  { run, signal = run.signal, budget }: CallContext,
  onDelta: (delta: ChatDelta) => Promise<Heard> | Heard,
): Promise<Spent> {
  let text = "";
  let calls: readonly ToolCall[] = [];
  let usage: Usage | undefined;
  let isOver = false;
  let isSent = false;
  const onSent = (): void => void (isSent = true);
  const count = (): Usage =>
    usage ?? estimateUsage({ messages: request.messages, text, calls, isOver });
  try {
    for await (const delta of chat.stream({ ...request, temperature: 0, onSent }, signal)) {
      isSent = true;
      if (delta.type === "text") text += delta.text;
      else if (delta.type === "tool-calls") ({ calls } = delta);
      else if (delta.type === "usage") {
        const { inputTokens, outputTokens } = delta;
        usage = { inputTokens, outputTokens, requests: 1 };
      }
      if ((await onDelta(delta)) === "enough") break;
    }
    isOver = true;
    const spent = count();
    budget?.addTokens(spent);
    return spent;
  } finally {
    if (isSent) await run.emit({ type: "usage", ...count() });
  }
}
