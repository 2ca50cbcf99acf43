/** A conversation with its tools as the Chat Completions protocol writes it. */
import { APIError } from "openai";
import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import { type Dialect, readRefusal } from "./chat-dialect.ts";
import type { ChatMessage, ChatRequest } from "./model.ts";
import { breakTurnMarks } from "./turn-marks.ts";

/** The messages and, where the request offers any, the tools. What this model's server said beside its calls goes back to it where it takes that. */
export function toConversation(
  { messages, tools = [] }: ChatRequest,
  modelId: string,
  { echo, systemRole }: Pick<Dialect, "echo" | "systemRole">,
): Pick<ChatCompletionCreateParamsStreaming, "messages" | "tools"> {
  const told = systemRole ? messages : messages.map(toUser);
  return {
    messages: mergeAlike(told).map((one) => toMessage(one, echo ? modelId : undefined)),
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            type: "function" as const,
            function: { name, description, parameters: { ...parameters } },
          })),
        }),
  };
}

function toUser(message: ChatMessage): ChatMessage {
  return message.role === "system" ? { ...message, role: "user" } : message;
}

/** Templates of Mistral and Gemma refuse two messages of a user, or of the model, one behind the other. */
function mergeAlike(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const merged: ChatMessage[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    if (last?.role === message.role && isPlain(last) && isPlain(message)) {
      merged[merged.length - 1] = { ...last, content: `${last.content}\n\n${message.content}` };
    } else merged.push(message);
  }
  return merged;
}

function isPlain(message: ChatMessage): boolean {
  return message.role !== "tool" && !("toolCalls" in message);
}

function toMessage(message: ChatMessage, echoOf: string | undefined): ChatCompletionMessageParam {
  if (message.role === "tool") {
    return { role: "tool", tool_call_id: message.callId, content: breakTurnMarks(message.content) };
  }
  const { role } = message;
  const content = breakTurnMarks(message.content);
  if (role !== "assistant" || message.toolCalls === undefined) return { role, content };
  const echo = message.echo?.modelId === echoOf ? message.echo : undefined;
  return {
    ...echo?.fields,
    role,
    content,
    tool_calls: message.toolCalls.map(({ id, name, arguments: text }, index) => ({
      ...echo?.ofCalls[index],
      id,
      type: "function" as const,
      function: { name, arguments: breakTurnMarks(text) },
    })),
  };
}

/** Whether a refusal names the tools, as servers and models without them do; OpenRouter finds no endpoint for them (404). */
export function refusesTools(thrown: unknown): boolean {
  if (thrown instanceof APIError && thrown.status === 404) {
    return /support tool use/i.test(thrown.message);
  }
  return /\btools?\b|tool_choice|function.calling/i.test(readRefusal(thrown) ?? "");
}
