/** Questions that arrive in another format, as a run of ours: the conversation around the question, and options beside it. */
import type { Context } from "hono";
import type { Ask, Turn } from "../../domain/ask.ts";
import { AppError } from "../../errors.ts";
import { refuse, toDetail } from "./issues.ts";
import { toAskContext } from "./run-request.ts";
import type { Env, Service } from "../service.ts";

export interface ForeignAsk {
  /** As in the body of `POST /v1/ask`, the question among them. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Where the caller wrote the question. */
  readonly questionPath: string;
  /** Before the question, oldest first. */
  readonly history: readonly Turn[];
  readonly instructions: readonly string[];
}

/** One message of a conversation, whatever format it came in. */
export interface ForeignMessage {
  readonly role: "instructions" | "user" | "assistant";
  readonly content: string;
  /** Where its text stood, for errors: `messages[2].content`. */
  readonly path: string;
  /** What refuses it where it is more than the past: a part of it is no text. */
  readonly refusal?: AppError | undefined;
}

/**
 * Divides a conversation: the last message is the question. Pictures and files of earlier messages are left out, since a
 * client that once sent one sends it with every question. Throws AppError invalid_request, or the refusal of a message.
 */
export function toForeignAsk(
  messages: readonly ForeignMessage[],
  options: Readonly<Record<string, unknown>>,
): ForeignAsk {
  const spoken = messages.filter(({ role }) => role !== "instructions");
  const last = spoken.at(-1);
  if (last?.role !== "user") {
    throw refuse("messages", "must end with a message of the user, which is the question");
  }
  for (const message of messages) {
    const isPast = message !== last && message.role !== "instructions";
    if (!isPast && message.refusal !== undefined) throw message.refusal;
  }
  const history = spoken
    .slice(0, -1)
    .flatMap(({ role, content }): Turn[] =>
      role === "instructions" || content.trim() === "" ? [] : [{ role, content }],
    );
  const instructions = messages
    .filter(({ role, content }) => role === "instructions" && content.trim() !== "")
    .map(({ content }) => content);
  const body = { ...options, question: last.content };
  return { body, questionPath: last.path, history, instructions };
}

/** Parses it like the body of `POST /v1/ask`. Throws AppError as the service's parser does. */
export function parseForeignAsk(
  service: Service,
  c: Context<Env>,
  { body, questionPath, history, instructions }: ForeignAsk,
): Ask {
  const joined = instructions.join("\n\n");
  const { instructionsCharsMax } = service.config;
  if (joined.length > instructionsCharsMax) {
    throw refuse("messages", `hold instructions of more than ${instructionsCharsMax} characters`);
  }
  const conversation = {
    history,
    ...(joined === "" ? {} : { instructions: joined }),
  };
  try {
    return service.parseAsk({ ...body, ...conversation }, toAskContext(c));
  } catch (thrown) {
    throw thrown instanceof AppError ? atQuestion(thrown, questionPath) : thrown;
  }
}

/** What is wrong with the question is told where the caller wrote it. */
function atQuestion(error: AppError, questionPath: string): AppError {
  if (!error.issues.some(({ path }) => path === "question")) return error;
  const issues = error.issues.map(({ path, message }) => ({
    path: path === "question" ? questionPath : path,
    message,
  }));
  return new AppError(error.code, { detail: toDetail(issues), issues });
}
