/** Messages as OpenTelemetry's conventions for generative AI write them into a span: JSON of roles and parts. */

interface Called {
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: JSON, or not. */
  readonly arguments: string;
}

interface Asked {
  readonly role: string;
  readonly content: string;
  /** Of the tool call that this answers. */
  readonly callId?: string;
  readonly toolCalls?: readonly Called[];
}

interface Said {
  readonly content: string;
  /** Why it ended; `error` where it did not end well. */
  readonly reason: string;
  readonly toolCalls?: readonly Called[];
}

/** The value of `gen_ai.input.messages`. */
export function toInputMessages(messages: readonly Asked[]): string {
  return JSON.stringify(
    messages.map((message) => ({ role: message.role, parts: toParts(message) })),
  );
}

/** The value of `gen_ai.output.messages`. */
export function toOutputMessages({ content, reason, toolCalls = [] }: Said): string {
  const parts = toParts({ role: "assistant", content, toolCalls });
  const finish_reason = reason === "tool-calls" ? "tool_call" : reason;
  return JSON.stringify([{ role: "assistant", parts, finish_reason }]);
}

function toParts({ content, callId: id, toolCalls = [] }: Asked): readonly object[] {
  if (id !== undefined) return [{ type: "tool_call_response", id, response: content }];
  const calls = toolCalls.map((call) => ({
    type: "tool_call",
    id: call.id,
    name: call.name,
    arguments: toArguments(call.arguments),
  }));
  return content === "" ? calls : [{ type: "text", content }, ...calls];
}

function toArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // what the model wrote is shown as it is
  }
}
