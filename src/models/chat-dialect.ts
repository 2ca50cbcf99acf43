/** The request fields on which OpenAI-compatible endpoints disagree, and how to find out what one of them takes. */
import { APIError } from "openai";
import type { ChatRequest } from "./model.ts";
import { OPENAI_BASE_URL } from "./openai-client.ts";
import { isOfRequest } from "./upstream.ts";

export interface Dialect {
  /** Older and smaller servers refuse `stream_options`; usage is then unknown. */
  readonly streamOptions: boolean;
  /** OpenAI's own newer models refuse `max_tokens`; most other servers know nothing else. */
  readonly tokensField: "max_tokens" | "max_completion_tokens";
  /** Reasoning models take their own temperature only. */
  readonly temperature: boolean;
  /** Some servers want back what they said beside their tool calls, and others refuse it. */
  readonly echo: boolean;
  /** Templates of Gemma 2 and of the first Mistral, o1-mini and models of Bedrock know no system: its words go to the user's. */
  readonly systemRole: boolean;
  /** Many servers know no `response_format` with a schema, or not this schema; it is in the prompt as well. */
  readonly responseFormat: "sent" | "left out" | "left out once";
}

/** What an endpoint most likely takes. */
export function guessDialect(baseUrl: string, responseFormat = true): Dialect {
  const isOpenAi = baseUrl.startsWith(OPENAI_BASE_URL);
  return {
    streamOptions: true,
    tokensField: isOpenAi ? "max_completion_tokens" : "max_tokens",
    temperature: true,
    echo: true,
    systemRole: true,
    responseFormat: responseFormat ? "sent" : "left out",
  };
}

/** The part of the request body that the dialect decides. */
export function toDialectFields(
  dialect: Dialect,
  request: ChatRequest,
): Readonly<Record<string, unknown>> {
  return {
    [dialect.tokensField]: request.outputTokensMax,
    ...(dialect.temperature ? { temperature: request.temperature } : {}),
    ...(dialect.responseFormat === "sent" && request.outputSchema !== undefined
      ? { response_format: toResponseFormat(request.outputSchema) }
      : {}),
    ...(dialect.streamOptions ? { stream_options: { include_usage: true } } : {}),
  };
}

/** Refusals of the field, and of what is in it. */
const FORMAT = /response.?format|schema|grammar|structured|samplers|failed_generation/i;
const ONE_SCHEMA = /invalid.{0,20}schema|grammar|samplers|failed_generation/i;

const SYSTEM_ROLE =
  /system (role|messages?|prompt)s? (is |are )?not|support.{0,5}system|developer instruction|roles must alternate/i;

/**
 * The next dialect to try after a refusal: the field it names is changed, each at most once against
 * `first`. Undefined when the refusal (see isOfRequest) names none that can still be changed.
 */
export function adaptDialect(
  dialect: Dialect,
  first: Dialect,
  thrown: unknown,
  { outputSchema }: Pick<ChatRequest, "outputSchema"> = {},
): Dialect | undefined {
  const words = readRefusal(thrown);
  if (words === undefined) return undefined;
  const isFormat = outputSchema !== undefined && FORMAT.test(words);
  if (isFormat && dialect.responseFormat === "sent") {
    return { ...dialect, responseFormat: ONE_SCHEMA.test(words) ? "left out once" : "left out" };
  }
  return adaptFields(dialect, first, words);
}

/** text-embeddings-inference is given too many texts. */
const TOO_LARGE = 413;

/** What a refusal says against the request; undefined where it is none. */
export function readRefusal(thrown: unknown): string | undefined {
  if (!(thrown instanceof APIError)) return undefined;
  const { status, param, message } = thrown as APIError;
  if (status !== TOO_LARGE && !isOfRequest(status, message)) return undefined;
  return `${param ?? ""} ${message}`;
}

function adaptFields(dialect: Dialect, first: Dialect, words: string): Dialect | undefined {
  if (dialect.streamOptions && /stream_options|include_usage/.test(words)) {
    return { ...dialect, streamOptions: false };
  }
  if (dialect.tokensField === first.tokensField && /max_(completion_)?tokens/.test(words)) {
    const other = dialect.tokensField === "max_tokens" ? "max_completion_tokens" : "max_tokens";
    return { ...dialect, tokensField: other };
  }
  if (dialect.temperature && /temperature/.test(words)) return { ...dialect, temperature: false };
  if (dialect.echo && /reasoning_(content|details)|extra_content|thinking_blocks/.test(words)) {
    return { ...dialect, echo: false };
  }
  if (dialect.systemRole && SYSTEM_ROLE.test(words)) return { ...dialect, systemRole: false };
  return undefined;
}

/** Not `strict`: that takes few schemas, and what comes back is checked here in any case. */
function toResponseFormat(schema: Readonly<Record<string, unknown>>) {
  return { type: "json_schema", json_schema: { name: "answer", schema, strict: false } };
}

/** What to remember of an endpoint that took this: a refusal of one schema says nothing of the next. */
export function toRemembered(used: Dialect): Dialect {
  return used.responseFormat === "left out once" ? { ...used, responseFormat: "sent" } : used;
}
