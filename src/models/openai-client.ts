/** The client of an OpenAI-compatible endpoint: the SDK without its retries, its environment and its redirects. */
import OpenAI, { APIConnectionError, APIError } from "openai";
import { toAbortError } from "../async/deadline.ts";
import { AppError } from "../errors.ts";
import { createUpstreamFetch, type EndpointLine } from "./upstream-fetch.ts";
import {
  type EndpointSettings,
  type Upstream,
  toBadResponse,
  toConnectionError,
  toRefusalError,
} from "./upstream.ts";

export const OPENAI_BASE_URL = "https://api.openai.com/v1";

export interface OpenAiClientOptions extends EndpointLine {
  /** Unset: the endpoint asks for none. */
  readonly apiKey?: string | undefined;
  /** Unset: OpenAI itself. */
  readonly baseUrl?: string | undefined;
  /** For errors that say what to change. */
  readonly settings?: EndpointSettings;
}

const SETTINGS = { url: "OPENAI_BASE_URL", key: "OPENAI_API_KEY" };

/** An endpoint; the adapters name their model to get an upstream of their own for errors. */
export interface OpenAiClient {
  /** What sends a request; the SDK's resources, each a class of its own, are not in the Worker's bundle. */
  readonly sdk: Pick<OpenAI, "post">;
  readonly baseUrl: string;
  toUpstream(name: string, modelSetting: string): Upstream;
}

/** Creates the client. Nothing is sent and no environment variable has a say. */
export function createOpenAiClient(options: OpenAiClientOptions): OpenAiClient {
  const { apiKey, baseUrl, settings = SETTINGS } = options;
  const address = baseUrl ?? OPENAI_BASE_URL;
  const toUpstream = (name: string, modelSetting: string): Upstream => ({
    name,
    settings: { ...settings, model: modelSetting },
    apiKey: apiKey ?? null,
  });
  const sdk = new OpenAI({
    baseURL: address,
    // The SDK insists on a key; what is really sent is decided by our fetch.
    apiKey: apiKey ?? "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: "off",
    dangerouslyAllowBrowser: true, // edge runtimes look like browsers to the SDK
    fetch: createUpstreamFetch(
      toUpstream("the model endpoint", "CHAT_MODEL or EMBEDDING_MODEL"),
      options,
    ),
  });
  return { sdk, baseUrl: address, toUpstream };
}

/** Whatever the SDK threw, as an AppError: the signal's own reason when it has aborted, else by status and kind. */
export function toUpstreamError(
  thrown: unknown,
  signal: AbortSignal,
  upstream: Upstream,
): AppError {
  if (signal.aborted) return toAbortError(signal.reason);
  const ours = findAppError(thrown);
  if (ours !== undefined) return ours;
  if (thrown instanceof SyntaxError) {
    return toBadResponse("sent something that is not JSON", upstream, thrown);
  }
  if (thrown instanceof APIError && !(thrown instanceof APIConnectionError)) {
    return toRefusalError(thrown as APIError, upstream, thrown);
  }
  return toConnectionError(upstream, thrown);
}

/** Our fetch throws AppErrors; the SDK wraps them as connection errors. */
function findAppError(thrown: unknown): AppError | undefined {
  for (let current = thrown; current instanceof Error; current = current.cause) {
    if (current instanceof AppError) return current;
  }
  return undefined;
}
