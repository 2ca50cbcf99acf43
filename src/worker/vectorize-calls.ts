/**
 * Calls to an index of Vectorize through its binding, under the policy of every upstream, and what they fail with in
 * our own words.
 *
 * Shapes: https://developers.cloudflare.com/vectorize/reference/client-api/. The binding takes no signal, so that a
 * call is left to itself when nobody waits for it any more. The page says nothing of errors: the runtime's own client
 * throws `VECTOR_QUERY_ERROR (code = …): …`, or `…_ERROR: Status + 400`. Not run against the real service.
 */
import type * as z from "zod";
import { findRemainingMs, startDeadline, toAbortError } from "../async/deadline.ts";
import { retry } from "../async/retry.ts";
import { untilAborted } from "../async/until-aborted.ts";
import { type CallPolicyDeps, createCallPolicy } from "../call-policy.ts";
import { AppError } from "../errors.ts";
import {
  parseResponse,
  toConnectionError,
  toRefusalError,
  type Upstream,
} from "../models/upstream.ts";
import { REMOTE_ONLY } from "./ai-binding.ts";

export interface IndexVector {
  readonly id: string;
  readonly namespace: string;
  readonly values: Float32Array;
  readonly metadata: { readonly document: string; readonly position: number };
}

export interface IndexQuery {
  readonly topK: number;
  readonly namespace: string;
  readonly returnMetadata: "indexed";
}

export interface VectorizeBinding {
  describe(): Promise<unknown>;
  query(vector: Float32Array, options: IndexQuery): Promise<unknown>;
  upsert(vectors: readonly IndexVector[]): Promise<unknown>;
  deleteByIds(ids: readonly string[]): Promise<unknown>;
}

const UPSTREAM: Upstream = {
  name: "the index VECTORIZE",
  settings: {
    url: "the binding VECTORIZE",
    key: "the binding VECTORIZE",
    model: "VECTORIZE_COLLECTIONS",
  },
};

export interface IndexCall<T> {
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly work: (binding: VectorizeBinding) => Promise<unknown>;
  /** What it must answer. */
  readonly shape: z.ZodType<T>;
}

/** Calls the index until it answers. Throws AppError: upstream_*, the signal's reason. */
export type CallIndex = <T>(call: IndexCall<T>, signal: AbortSignal) => Promise<T>;

/** Creates the way to the index; nothing is called. */
export function createIndexCalls(binding: VectorizeBinding, deps: CallPolicyDeps): CallIndex {
  const { clock } = deps;
  const source = UPSTREAM.name;
  const policy = createCallPolicy({ name: "store vectorize", source }, deps);
  const { breaker, count } = policy;
  const attempt = async <T>(call: IndexCall<T>, signal: AbortSignal): Promise<T> => {
    using deadline = startDeadline({ clock, budgetMs: call.timeoutMs, parent: signal });
    let answer: unknown;
    count("attempts");
    try {
      answer = await untilAborted(call.work(binding), deadline.signal);
    } catch (thrown) {
      if (signal.aborted) throw toAbortError(signal.reason);
      if (!deadline.signal.aborted) throw toIndexError(thrown);
      const detail = `${source} did not answer within ${call.timeoutMs} ms`;
      throw new AppError("upstream_stalled", { detail, cause: thrown });
    }
    return parseResponse(call.shape, answer, "what was asked of it", UPSTREAM);
  };
  return async (call, signal) =>
    retry(() => breaker.guard(() => attempt(call, signal), findRemainingMs(signal)), {
      ...policy.retry,
      signal,
    });
}

/** The index is there and is not as it must be. */
export function toIndexConfigError(what: string): AppError {
  return new AppError("upstream_config", { detail: `${UPSTREAM.name} ${what}` });
}

function toIndexError(thrown: unknown): AppError {
  const message = thrown instanceof Error ? thrown.message : "";
  if (REMOTE_ONLY.test(message)) {
    return toIndexConfigError("cannot run on this machine: it is there only in a deployed Worker");
  }
  const status = /_ERROR: Status \+ (\d{3})$/.exec(message)?.[1];
  if (status !== undefined) return toRefusalError({ status: Number(status) }, UPSTREAM, thrown);
  return toConnectionError(UPSTREAM, thrown);
}
