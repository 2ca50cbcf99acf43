/**
 * Calls to Workers AI through its binding, and what they fail with in our own words.
 *
 * The shapes are those of https://developers.cloudflare.com/workers-ai/configuration/bindings/ (`run`), the
 * codes those of https://developers.cloudflare.com/workers-ai/platform/errors/. A failed call throws an error
 * whose message begins with the internal code: `3040: …`. Not run against the real service.
 */
import { toAbortError } from "../async/deadline.ts";
import { untilAborted } from "../async/until-aborted.ts";
import { AppError } from "../errors.ts";
import {
  type Refusal,
  type Upstream,
  toBadResponse,
  toConnectionError,
  toRefusalError,
} from "../models/upstream.ts";

export interface AiBinding {
  run(
    model: string,
    inputs: Readonly<Record<string, unknown>>,
    options: { readonly signal: AbortSignal },
  ): Promise<unknown>;
}

/** HTTP statuses of the documented codes: the binding tells the code alone. */
const STATUSES: Readonly<Record<string, number>> = {
  3003: 400,
  3006: 413,
  3007: 408,
  3008: 408,
  3023: 403,
  3036: 429,
  3039: 400,
  3040: 429,
  3041: 403,
  3042: 404,
  5004: 400,
  5005: 405,
  5007: 400,
  5016: 403,
  5018: 403,
  5019: 405,
};
/** The day's free allocation is used up: no wait helps. */
const NO_CREDIT = "3036";
/** Of a local runtime: this binding has no local form. */
export const REMOTE_ONLY = /needs to be run remotely/;

/** A model behind the binding. `setting` names it. */
export function toAiUpstream(name: string, setting: string): Upstream {
  return { name, settings: { url: "the binding AI", key: "the binding AI", model: setting } };
}

/**
 * What the model answered, unchecked. Ends when the signal aborts, whatever the binding does then.
 * Throws AppError: upstream_*, context_too_long, the signal's reason.
 */
export async function runModel(
  ai: AiBinding,
  call: { readonly model: string; readonly inputs: Readonly<Record<string, unknown>> },
  upstream: Upstream,
  signal: AbortSignal,
): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await untilAborted(ai.run(call.model, call.inputs, { signal }), signal);
  } catch (thrown) {
    throw signal.aborted ? toAbortError(signal.reason) : toAiError(thrown, upstream);
  }
  if (!(answer instanceof ReadableStream)) return answer;
  // The binding hands on what is not JSON as it comes.
  await answer.cancel();
  throw toBadResponse("sent something that is not JSON", upstream);
}

function toAiError(thrown: unknown, upstream: Upstream): AppError {
  const message = thrown instanceof Error ? thrown.message : "";
  if (REMOTE_ONLY.test(message)) {
    const detail = `${upstream.name} cannot run on this machine: ${upstream.settings.url} is there only in a deployed Worker`;
    return new AppError("upstream_config", { detail, cause: thrown });
  }
  const code = /^(\d{4}): /.exec(message)?.[1];
  if (code === undefined) return toConnectionError(upstream, thrown);
  const words: Refusal = code === NO_CREDIT ? { code: "insufficient_quota" } : {};
  const status = STATUSES[code] ?? (code.startsWith("5") ? 400 : 500);
  return toRefusalError({ status, ...words }, upstream, thrown);
}
