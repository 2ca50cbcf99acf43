/** The body of `POST /v1/chat/completions` as a question of ours; what cannot be honoured is refused or named. */
import * as z from "zod";
import { MODES } from "../../domain/ask.ts";
import { AppError } from "../../errors.ts";
import { type ForeignAsk, type ForeignMessage, toForeignAsk } from "../request/foreign-ask.ts";
import { parseInput, refuse } from "../request/issues.ts";

/** The model's name: alone it asks every collection directly; `/<mode>` and `/<collection>` may follow, in this order. */
export const MODEL = "tributary";

/**
 * What has no meaning for the whole of a run. It is passed over, and the response names it. Tools are among it because
 * a model may call them and need not: chat programs and agents send theirs with every question.
 */
const IGNORED = [
  "temperature",
  "top_p",
  "presence_penalty",
  "frequency_penalty",
  "seed",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "metadata",
  "store",
  "service_tier",
  "max_tokens",
  "max_completion_tokens",
  "reasoning_effort",
  "verbosity",
  "parallel_tool_calls",
  "logit_bias",
  "prompt_cache_retention",
  "prompt_cache_options",
  "tools",
  "functions",
] as const;

/** Refused unless they have a value that asks for nothing. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  // Only what leaves the choice to the model: the others promise a call.
  tool_choice: ["none", "auto"],
  function_call: ["none", "auto"],
  n: [1],
  logprobs: [false],
  top_logprobs: [0],
  stop: [[], ""],
  modalities: [["text"]],
  audio: [],
  prediction: [],
  web_search_options: [],
  moderation: [],
};

/** Marks for a cache may lie beside the text. */
const Part = z.looseObject({ type: z.literal("text"), text: z.string() });
/** Only in what an assistant said: words in place of the value that was asked for. */
const RefusalPart = z.strictObject({ type: z.literal("refusal"), refusal: z.string() });
const Content = z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]);
const Message = z.looseObject({ role: z.string(), content: z.unknown() });
export const OpenAiBody = z.strictObject({
  model: z.string().min(1).max(200),
  messages: z.array(Message).min(1).max(2_000),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({}).optional() })
    .nullish(),
  /** Our own options, as in the body of `POST /v1/ask`. */
  tributary: z.looseObject({}).optional(),
  ...Object.fromEntries(IGNORED.map((name) => [name, z.unknown().optional()] as const)),
  tools: z.array(z.unknown()).nullish(),
  functions: z.array(z.unknown()).nullish(),
  ...Object.fromEntries(
    Object.keys(REFUSED).map((name) => [name, z.unknown().optional()] as const),
  ),
});

export interface OpenAiRequest extends ForeignAsk {
  readonly model: string;
  readonly isStream: boolean;
  readonly isUsageWanted: boolean;
  /** The answer is a value of a schema. */
  readonly isOutputWanted: boolean;
  readonly ignored: readonly string[];
}

/** Parses the body. Throws AppError: invalid_request, unsupported_option, collection_not_found. */
export function parseOpenAiRequest(body: unknown): OpenAiRequest {
  const parsed = parseInput(OpenAiBody, body);
  const given: Record<string, unknown> = parsed;
  for (const [name, harmless] of Object.entries(REFUSED)) {
    if (isSet(given[name]) && !harmless.some((value) => isSame(value, given[name]))) {
      throw unsupported(name, REASONS[name] ?? "is not supported");
    }
  }
  const { model, messages, stream, stream_options: options, tributary } = parsed;
  const { mode, collections, question: _question, ...own } = tributary ?? {};
  const asked: Record<string, unknown> = {
    ...own,
    ...parseModel(model, { mode, collections }),
    ...parseFormat(parsed.response_format),
  };
  return {
    ...toForeignAsk(messages.map(toMessage), asked),
    model,
    isStream: stream === true,
    isUsageWanted: options?.include_usage === true,
    isOutputWanted: "output" in asked,
    ignored: IGNORED.filter((name) => isSet(given[name]) && !isSame(given[name], [])),
  };
}

const MUST_BE_LEFT =
  "must be auto or none: the service has its own tools, and calls none of the caller's";

const REASONS: Readonly<Record<string, string>> = {
  tool_choice: MUST_BE_LEFT,
  function_call: MUST_BE_LEFT,
  n: "must be 1: there is one answer to a question",
  stop: "is not supported: the answer ends where its evidence does",
};

interface Named {
  readonly mode?: unknown;
  readonly collections?: unknown;
}

/** The name beats what stands in the body's own options, because it is what people see. */
function parseModel(model: string, { mode, collections }: Named): Record<string, unknown> {
  const [name, ...rest] = model.split("/");
  const named = (MODES as readonly string[]).includes(rest[0] ?? "") ? rest.shift() : undefined;
  const [collection, ...more] = rest;
  if (name !== MODEL || more.length > 0 || collection === "") throw modelNotFound(model);
  const chosenMode = named ?? mode;
  const chosen = collection === undefined ? collections : [collection];
  return {
    ...(chosenMode === undefined ? {} : { mode: chosenMode }),
    ...(chosen === undefined ? {} : { collections: chosen }),
  };
}

/** No model has this name. */
export function modelNotFound(model: string): AppError {
  const shown = model.replace(/[^ -~]/g, "?").slice(0, 100);
  return new AppError("not_found", {
    detail: `there is no model "${shown}"; GET /v1/models lists those there are`,
    issues: [{ path: "model", message: "does not exist" }],
  });
}

function parseFormat(
  format: z.infer<typeof OpenAiBody>["response_format"],
): Record<string, unknown> {
  if (format === undefined || format === null || format.type === "text") return {};
  const schema = format.json_schema?.["schema"];
  if (format.type === "json_schema" && typeof schema === "object") return { output: { schema } };
  if (format.type === "json_object") return { output: { schema: { type: "object" } } };
  throw unsupported(
    "response_format",
    "must be of the type text, json_object, or json_schema with its schema",
  );
}

const ROLES: Readonly<Record<string, ForeignMessage["role"]>> = {
  system: "instructions",
  developer: "instructions",
  user: "user",
  assistant: "assistant",
  tool: "assistant",
  function: "assistant",
};

/** What their tools gave another model, earlier in the conversation. As the last message it is no question. */
const TOOL_ROLES: readonly string[] = ["tool", "function"];

function toMessage({ role, content, ...rest }: z.infer<typeof Message>, index: number) {
  const place = `messages[${index}]`;
  const path = `${place}.content`;
  const ours = Object.hasOwn(ROLES, role) ? ROLES[role] : undefined;
  if (ours === undefined) {
    throw unsupported(`${place}.role`, `must be one of ${Object.keys(ROLES).join(", ")}`);
  }
  if (TOOL_ROLES.includes(role)) return { role: ours, content: "", path };
  const isAnswer = ours === "assistant";
  const said = isAnswer && !isSet(content) ? (rest["refusal"] ?? "") : content;
  return { role: ours, path, ...toText(said, path, isAnswer) };
}

function toText(
  content: unknown,
  path: string,
  isAnswer: boolean,
): Pick<ForeignMessage, "content" | "refusal"> {
  const parsed = Content.safeParse(content);
  if (!parsed.success) throw refuse(path, "must be a text, or a list of parts of the type text");
  if (typeof parsed.data === "string") return { content: parsed.data };
  let refusal: AppError | undefined;
  const texts = parsed.data.flatMap((part, index) => {
    const text = Part.safeParse(part);
    if (text.success) return [text.data.text];
    const refused = isAnswer ? RefusalPart.safeParse(part) : undefined;
    if (refused?.success === true) return [refused.data.refusal];
    const error = unsupported(
      `${path}[${index}]`,
      "must be a part of the type text, with its text",
    );
    if (part.type === "text") throw error;
    refusal ??= error;
    return [];
  });
  return { content: texts.join("\n"), refusal };
}

function unsupported(path: string, message: string): AppError {
  return refuse(path, message, "unsupported_option");
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
