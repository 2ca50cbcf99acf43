/** The request fields on which OpenAI-compatible endpoints disagree, and how to find out what one of them takes. */
import { APIError } from "openai";
import type { ChatRequest } from "./model.ts";
import { OPENAI_BASE_URL } from "./openai-client.ts";

export interface Dialect {
  /** Older and smaller servers refuse `stream_options`; usage is then unknown. */
  readonly streamOptions: boolean;
  /** OpenAI's own newer models refuse `max_tokens`; most other servers know nothing else. */
  readonly tokensField: "max_tokens" | "max_completion_tokens";
  /** Reasoning models take their own temperature only. */
  readonly temperature: boolean;
}

/** What an endpoint most likely takes. */
export function guessDialect(baseUrl: string): Dialect {
  const isOpenAi = baseUrl.startsWith(OPENAI_BASE_URL);
  return {
    streamOptions: true,
    tokensField: isOpenAi ? "max_completion_tokens" : "max_tokens",
    temperature: true,
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
    ...(dialect.streamOptions ? { stream_options: { include_usage: true } } : {}),
  };
}

/**
 * The next dialect to try after a refusal: the field it names is changed, each at most once against
 * `first`. Undefined when the refusal (HTTP 400 or 422) names none that can still be changed.
 */
export function adaptDialect(
  dialect: Dialect,
  first: Dialect,
  thrown: unknown,
): Dialect | undefined {
  if (!(thrown instanceof APIError) || (thrown.status !== 400 && thrown.status !== 422)) {
    return undefined;
  }
  const words = `${thrown.param ?? ""} ${thrown.message}`;
  if (dialect.streamOptions && /stream_options|include_usage/.test(words)) {
    return { ...dialect, streamOptions: false };
  }
  if (dialect.tokensField === first.tokensField && /max_(completion_)?tokens/.test(words)) {
    const other = dialect.tokensField === "max_tokens" ? "max_completion_tokens" : "max_tokens";
    return { ...dialect, tokensField: other };
  }
  if (dialect.temperature && /temperature/.test(words)) return { ...dialect, temperature: false };
  return undefined;
}
