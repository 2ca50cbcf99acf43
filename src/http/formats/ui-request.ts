/** The body of `POST /v1/chat`, as the AI SDK's chat transport sends it, as a question of ours. */
import * as z from "zod";
import type { AppError } from "../../errors.ts";
import { type ForeignAsk, type ForeignMessage, toForeignAsk } from "../request/foreign-ask.ts";
import { parseInput, refuse } from "../request/issues.ts";

const Message = z.looseObject({
  role: z.enum(["system", "user", "assistant"]),
  parts: z.array(z.looseObject({ type: z.string() })).max(10_000),
});
/** What the transport adds; everything else is ours, as in the body of `POST /v1/ask`. */
export const UiBody = z.looseObject({
  messages: z.array(Message).min(1).max(2_000),
  id: z.string().optional(),
  trigger: z.enum(["submit-message", "regenerate-message"]).optional(),
  messageId: z.string().nullish(),
});

/** Parses the body. Throws AppError invalid_request. */
export function parseUiRequest(body: unknown): ForeignAsk & { readonly chatId?: string } {
  const parsed = parseInput(UiBody, body);
  const { messages, id: chatId, trigger: _trigger, messageId: _messageId, ...own } = parsed;
  for (const name of ["question", "history", "instructions"]) {
    if (name in own) throw refuse(name, "has no place here: it is taken from messages");
  }
  const asked = toForeignAsk(messages.map(toMessage), own);
  return chatId === undefined ? asked : { ...asked, chatId };
}

function toMessage({ role, parts }: z.infer<typeof Message>, index: number): ForeignMessage {
  const path = `messages[${index}].parts`;
  let refusal: AppError | undefined;
  const content = parts
    .flatMap((part, at) => {
      if (part.type === "text") {
        if (typeof part["text"] === "string") return [part["text"]];
        throw refuse(`${path}[${at}].text`, "must be a string");
      }
      if (role === "assistant") {
        // What else an earlier answer of ours was made of comes back with it, and says nothing new.
        const isValue = part.type === "data-output" && (part["data"] ?? null) !== null;
        return isValue ? [JSON.stringify(part["data"])] : [];
      }
      refusal ??= refuse(`${path}[${at}]`, "must be a part of the type text");
      return [];
    })
    .join("\n");
  return { role: role === "system" ? "instructions" : role, content, path, refusal };
}
