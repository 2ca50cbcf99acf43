/** Questions that arrive in another format, as a run of ours: the conversation around the question, and options beside it. */
import type { Context } from "hono";
import type { Ask, Turn } from "../domain/ask.ts";
import { AppError, type Issue } from "../errors.ts";
import type { AskContext } from "./schemas.ts";
import type { Env, Service } from "./service.ts";

export interface ForeignAsk {
  /** As in the body of `POST /v1/ask`, the question among them. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Before the question, oldest first. */
  readonly history: readonly Turn[];
  readonly instructions: readonly string[];
}

/** One message of a conversation, whatever format it came in. */
export interface ForeignMessage {
  readonly role: "instructions" | "user" | "assistant";
  readonly content: string;
  /** Where it stood, for errors: `messages[2]`. */
  readonly path: string;
}

/** Divides a conversation: the last message is the question. Throws AppError invalid_request. */
export function toForeignAsk(
  messages: readonly ForeignMessage[],
  options: Readonly<Record<string, unknown>>,
): ForeignAsk {
  const spoken = messages.filter(({ role }) => role !== "instructions");
  const last = spoken.at(-1);
  if (last?.role !== "user") {
    throw refuse("messages", "must end with a message of the user, which is the question");
  }
  const history = spoken
    .slice(0, -1)
    .flatMap(({ role, content }): Turn[] =>
      role === "instructions" || content.trim() === "" ? [] : [{ role, content }],
    );
  const instructions = messages
    .filter(({ role, content }) => role === "instructions" && content.trim() !== "")
    .map(({ content }) => content);
  return { body: { ...options, question: last.content }, history, instructions };
}

/** Parses it like the body of `POST /v1/ask`. Throws AppError as the service's parser does. */
export function parseForeignAsk(
  service: Service,
  c: Context<Env>,
  { body, history, instructions }: ForeignAsk,
): Ask {
  const context = {
    caller: c.get("caller"),
    timeoutMs: c.req.header("X-Request-Timeout-Ms"),
  };
  return withConversation(
    service,
    { body, context },
    {
      ...(history.length === 0 ? {} : { history: history.slice(-service.config.historyTurnsMax) }),
      ...(instructions.length === 0 ? {} : { instructions: instructions.join("\n\n") }),
    },
  );
}

type Conversation = Partial<Pick<Ask, "history" | "instructions">>;

/** The parser's own reading of the conversation; where it does not know these fields, they are added to what it made. */
function withConversation(
  { config, parseAsk }: Service,
  { body, context }: { readonly body: object; readonly context: AskContext },
  conversation: Conversation,
): Ask {
  const tooLong = (conversation.instructions?.length ?? 0) - config.instructionsCharsMax;
  if (tooLong > 0) {
    throw refuse(
      "messages",
      `hold instructions of more than ${config.instructionsCharsMax} characters`,
    );
  }
  try {
    return parseAsk({ ...body, ...conversation }, context);
  } catch (thrown) {
    if (!(thrown instanceof AppError) || !isUnknown(thrown.issues)) throw thrown;
    return { ...parseAsk(body, context), ...conversation };
  }
}

function isUnknown(issues: readonly Issue[]): boolean {
  const fields = ["history", "instructions"];
  const unknown = ({ path, message }: Issue): boolean =>
    fields.includes(path) && message === "is not a known field";
  return issues.length > 0 && issues.every(unknown);
}

/** A fault of a foreign body: where, and what about it. */
export function refuse(path: string, message: string): AppError {
  return new AppError("invalid_request", {
    detail: `${path} ${message}`,
    issues: [{ path, message }],
  });
}
